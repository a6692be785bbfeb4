#include "imagetool/registry/http.h"

#include <algorithm>

#include "imagetool/interrupt.h"
#include "imagetool/registry/curl.h"
#include "imagetool/registry/http_failure.h"
#include "imagetool/registry/http_handle.h"
#include "imagetool/registry/url.h"
#include "runtime/base/log.h"

namespace gocker {
namespace {

constexpr int kMaxRedirects = 10;
constexpr std::chrono::milliseconds kFetchTick{200};  // how soon an interrupt is seen

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Of anything but GET and HEAD: browsers make a GET of it (RFC 9110, 15.4).
bool changes_method(long status) {
  return status == 301 || status == 302 || status == 303;
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

HttpClient::HttpClient(CertificateDirectories certificates)
    : certificates_(std::move(certificates)), multi_(curl().multi_init()) {
  if (multi_ == nullptr) throw Error("libcurl: no memory");
}

HttpClient::~HttpClient() {
  curl().multi_cleanup(multi_);
}

void HttpClient::start(HttpExchange& exchange) {
  exchange.response_ = {};
  exchange.response_.url = exchange.request_.url;
  exchange.sent_ = 0;
  exchange.handle_ = std::make_unique<HttpExchange::Handle>(
      exchange, certificates_.find(host_of(exchange.request_.url)));
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
    const TransferEnd end = exchange.handle_->end(code);
    exchange.failure_ = explain_failure(end);
    exchange.transient_ = is_transient(end);
  }
  log(LogLevel::debug, exchange.request_.method + " " + exchange.request_.url + ": " +
                           (exchange.failure_.empty() ? std::to_string(exchange.response_.status)
                                                      : exchange.failure_));
  exchange.handle_.reset();
  exchange.finished_ = true;
  finished_.push_back(&exchange);
}

bool HttpClient::follow_redirect(HttpExchange& exchange) {
  const long status = exchange.response_.status;
  const bool reads = exchange.request_.method == "GET" || exchange.request_.method == "HEAD";
  if (!is_redirect(status) || (!reads && changes_method(status))) return false;
  const char* target = nullptr;
  curl().easy_getinfo(exchange.handle_->easy, CURLINFO_REDIRECT_URL, &target);
  if (target == nullptr) return false;
  const std::string url(target);
  const std::string from = origin_of(exchange.request_.url);
  const std::string to = origin_of(url);
  if (to.empty()) {
    exchange.failure_ = "redirected to '" + url + "', which is no web address";
  } else if (from != to && exchange.request_.redirects == Redirects::within_origin) {
    exchange.failure_ = "redirected to " + host_of(url) + ", which is not to have what is sent";
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
