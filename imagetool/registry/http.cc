#include "imagetool/registry/http.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "imagetool/interrupt.h"
#include "imagetool/reference.h"
#include "imagetool/registry/curl.h"
#include "imagetool/registry/url.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr long kConnectSeconds = 30;
constexpr long kStallSeconds = 30;  // this long below kStallRate is a stall
constexpr long kStallRate = 64;     // bytes a second
constexpr long kBufferSize = 256 << 10;
constexpr int kMaxRedirects = 10;
constexpr std::chrono::milliseconds kFetchTick{200};  // how soon an interrupt is seen
constexpr size_t kMaxRefusal = 64 << 10;

bool may_help_to_retry(CURLcode code) {
  constexpr std::array kTransient = {CURLE_RECV_ERROR,        CURLE_SEND_ERROR, CURLE_GOT_NOTHING,
                                     CURLE_PARTIAL_FILE,      CURLE_HTTP2,      CURLE_HTTP2_STREAM,
                                     CURLE_OPERATION_TIMEDOUT};
  return std::find(kTransient.begin(), kTransient.end(), code) != kTransient.end();
}

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

void require(CURLMcode code) {
  if (code != CURLM_OK) throw Error(std::string("libcurl: ") + curl().multi_strerror(code));
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

// The transfer that libcurl makes for one hop of an exchange.
struct HttpExchange::Handle {
  explicit Handle(HttpExchange& owner);
  ~Handle();

  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl().easy_setopt(easy, option, value) != CURLE_OK) {
      throw Error("libcurl: it refuses an option");
    }
  }
  void set_request(const HttpRequest& request);
  void set_trust(const HttpRequest& request);
  void add_header(const std::string& line);
  void leave();

  static size_t on_header(char* data, size_t size, size_t count, void* exchange);
  static size_t on_body(char* data, size_t size, size_t count, void* exchange);

  CURL* easy = nullptr;
  CURLM* multi = nullptr;  // where it takes part
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

HttpExchange::Handle::Handle(HttpExchange& owner) : easy(curl().easy_init()) {
  if (easy == nullptr) throw Error("libcurl: no memory");
  set(CURLOPT_PRIVATE, &owner);
  set(CURLOPT_ERRORBUFFER, error.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_USERAGENT, "gocker/" GOCKER_VERSION);
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_LOW_SPEED_LIMIT, kStallRate);
  set(CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  set(CURLOPT_BUFFERSIZE, kBufferSize);
  set(CURLOPT_HEADERFUNCTION, &Handle::on_header);
  set(CURLOPT_HEADERDATA, &owner);
  set(CURLOPT_WRITEFUNCTION, &Handle::on_body);
  set(CURLOPT_WRITEDATA, &owner);
  set_request(owner.request_);
}

HttpExchange::Handle::~Handle() {
  leave();
  curl().easy_cleanup(easy);
  curl().slist_free_all(headers);
}

void HttpExchange::Handle::leave() {
  if (multi != nullptr) curl().multi_remove_handle(multi, easy);
  multi = nullptr;
}

void HttpExchange::Handle::add_header(const std::string& line) {
  curl_slist* const longer = curl().slist_append(headers, line.c_str());
  if (longer == nullptr) throw Error("libcurl: no memory");
  headers = longer;
}

void HttpExchange::Handle::set_request(const HttpRequest& request) {
  set(CURLOPT_URL, request.url.c_str());
  for (const std::string& line : request.headers) add_header(line);
  if (!request.authorization.empty()) add_header("Authorization: " + request.authorization);
  if (request.offset != 0) add_header("Range: bytes=" + std::to_string(request.offset) + "-");
  if (headers != nullptr) set(CURLOPT_HTTPHEADER, headers);
  set_trust(request);
}

void HttpExchange::Handle::set_trust(const HttpRequest& request) {
  // A proxy is of no use on the way to this machine.
  if (is_loopback(host_of(request.url))) set(CURLOPT_NOPROXY, "*");
  if (request.trust == Trust::unverified) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  const char* authorities = std::getenv("SSL_CERT_FILE");
  if (authorities != nullptr && *authorities != '\0') set(CURLOPT_CAINFO, authorities);
}

size_t HttpExchange::Handle::on_header(char* data, size_t size, size_t count, void* exchange) {
  HttpResponse& response = static_cast<HttpExchange*>(exchange)->response_;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) response.headers.clear();  // after a "100 Continue", say
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    response.headers.emplace_back(to_lower(trim(line.substr(0, colon))),
                                  std::string(trim(line.substr(colon + 1))));
  }
  return line.size();
}

size_t HttpExchange::Handle::on_body(char* data, size_t size, size_t count, void* exchange) {
  HttpExchange& owner = *static_cast<HttpExchange*>(exchange);
  HttpResponse& response = owner.response_;
  const std::string_view bytes(data, size * count);
  curl().easy_getinfo(owner.handle_->easy, CURLINFO_RESPONSE_CODE, &response.status);
  if (!response.success()) {
    response.body.append(bytes.substr(0, kMaxRefusal - response.body.size()));
    return bytes.size();
  }
  try {
    owner.sink_(response, bytes);
    return bytes.size();
  } catch (...) {  // libcurl is C: nothing may fly through it
    owner.sink_failure_ = std::current_exception();
    return 0;
  }
}

HttpExchange::HttpExchange(HttpRequest request, Sink sink)
    : request_(std::move(request)), sink_(std::move(sink)) {}

HttpExchange::~HttpExchange() {
  if (client_ != nullptr) std::erase(client_->finished_, this);
}

const HttpResponse& HttpExchange::response() const {
  if (sink_failure_) std::rethrow_exception(sink_failure_);
  if (!failure_.empty()) throw HttpFailure(failure_, transient_);
  return response_;
}

HttpClient::HttpClient() : multi_(curl().multi_init()) {
  if (multi_ == nullptr) throw Error("libcurl: no memory");
}

HttpClient::~HttpClient() {
  curl().multi_cleanup(multi_);
}

void HttpClient::start(HttpExchange& exchange) {
  exchange.response_ = {};
  exchange.response_.url = exchange.request_.url;
  exchange.handle_ = std::make_unique<HttpExchange::Handle>(exchange);
  require(curl().multi_add_handle(multi_, exchange.handle_->easy));
  exchange.handle_->multi = multi_;
  exchange.client_ = this;
}

HttpExchange* HttpClient::wait(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (finished_.empty()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return nullptr;
    work(left);
  }
  HttpExchange* const exchange = finished_.front();
  finished_.pop_front();
  return exchange;
}

void HttpClient::work(std::chrono::milliseconds timeout) {
  check_interrupt();
  int running = 0;
  require(curl().multi_perform(multi_, &running));
  int left = 0;
  bool ended = false;
  while (const CURLMsg* message = curl().multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    void* owner = nullptr;
    curl().easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    finish(*static_cast<HttpExchange*>(owner), code);
    ended = true;
  }
  if (!ended) {
    const auto milliseconds = std::min<int64_t>(timeout.count(), 1000);
    require(curl().multi_poll(multi_, nullptr, 0, static_cast<int>(milliseconds), nullptr));
  }
}

void HttpClient::finish(HttpExchange& exchange, int result) {
  const auto code = static_cast<CURLcode>(result);
  CURL* const easy = exchange.handle_->easy;
  curl().easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &exchange.response_.status);
  if (code == CURLE_OK && follow_redirect(exchange)) return;
  if (code != CURLE_OK) {
    const char* text = exchange.handle_->error.data();
    exchange.failure_ = *text != '\0' ? text : curl().easy_strerror(code);
    exchange.transient_ = may_help_to_retry(code);
  }
  log(LogLevel::debug, "GET " + exchange.request_.url + ": " +
                           (exchange.failure_.empty() ? std::to_string(exchange.response_.status)
                                                      : exchange.failure_));
  exchange.handle_.reset();
  exchange.finished_ = true;
  finished_.push_back(&exchange);
}

bool HttpClient::follow_redirect(HttpExchange& exchange) {
  if (!is_redirect(exchange.response_.status)) return false;
  const char* target = nullptr;
  curl().easy_getinfo(exchange.handle_->easy, CURLINFO_REDIRECT_URL, &target);
  if (target == nullptr) return false;
  const std::string url(target);
  const std::string from = origin_of(exchange.request_.url);
  const std::string to = origin_of(url);
  if (to.empty()) {
    exchange.failure_ = "redirected to '" + url + "', which is no web address";
  } else if (++exchange.redirects_ > kMaxRedirects) {
    exchange.failure_ = "redirected too often";
  } else if (from.starts_with("https:") && !to.starts_with("https:")) {
    exchange.failure_ = "redirected from https to plain http (" + host_of(url) + ")";
  }
  if (!exchange.failure_.empty()) return false;
  if (from != to) exchange.request_.authorization.clear();
  exchange.request_.url = url;
  start(exchange);
  return true;
}

HttpResponse HttpClient::fetch(HttpRequest request, size_t limit) {
  std::string body;
  HttpExchange exchange(std::move(request), [&](const HttpResponse&, std::string_view bytes) {
    if (bytes.size() > limit - body.size()) {
      throw Error("the answer is longer than " + std::to_string(limit) + " bytes");
    }
    body += bytes;
  });
  start(exchange);
  while (!exchange.finished_) work(kFetchTick);
  std::erase(finished_, &exchange);
  HttpResponse response = exchange.response();
  if (response.success()) response.body = std::move(body);
  return response;
}

}  // namespace gocker
