#include "imagetool/registry/http_handle.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "imagetool/reference.h"
#include "imagetool/registry/url.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr long kConnectSeconds = 30;
constexpr long kStallSeconds = 30;  // this long below kStallRate is a stall
constexpr long kStallRate = 64;     // bytes a second
// With a body: a registry may think about what it has got before it answers.
constexpr long kUploadStallSeconds = 300;
constexpr long kBufferSize = 256 << 10;
constexpr long kUploadBufferSize = 512 << 10;
constexpr uint64_t kLongBody = 1 << 20;
constexpr size_t kMaxRefusal = 64 << 10;

}  // namespace

HttpExchange::Handle::Handle(HttpExchange& owner, const HostCertificates& certificates)
    : easy(curl().easy_init()) {
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
  set_method(owner);
  set_certificates(certificates);
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
  // A long body waits until the server has agreed to take it.
  if (request.body && request.body->size < kLongBody) add_header("Expect:");
  if (headers != nullptr) set(CURLOPT_HTTPHEADER, headers);
  set_trust(request);
}

void HttpExchange::Handle::set_method(HttpExchange& owner) {
  const HttpRequest& request = owner.request_;
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (!request.body) return;
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body->size));
  set(CURLOPT_READFUNCTION, &Handle::on_read);
  set(CURLOPT_READDATA, &owner);
  set(CURLOPT_SEEKFUNCTION, &Handle::on_seek);
  set(CURLOPT_SEEKDATA, &owner);
  set(CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferSize);
  set(CURLOPT_LOW_SPEED_TIME, kUploadStallSeconds);
}

void HttpExchange::Handle::set_trust(const HttpRequest& request) {
  // A proxy is of no use on the way to this machine.
  if (is_loopback(host_of(request.url))) set(CURLOPT_NOPROXY, "*");
  if (request.trust == Trust::unverified) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

// The host's own authorities count beside those of the system, which libcurl finds one by one in
// the system's directory.
void HttpExchange::Handle::set_certificates(const HostCertificates& certificates) {
  const char* file = std::getenv("SSL_CERT_FILE");
  const bool named = file != nullptr && *file != '\0';
  if (named && certificates.authorities.empty()) set(CURLOPT_CAINFO, file);
  if (!certificates.authorities.empty()) {
    std::string all = certificates.authorities + (named ? read_file(file) : "");
    curl_blob blob{all.data(), all.size(), CURL_BLOB_COPY};
    set(CURLOPT_CAINFO_BLOB, &blob);
  }
  if (certificates.client_certificate.empty()) return;
  set(CURLOPT_SSLCERT, certificates.client_certificate.c_str());
  set(CURLOPT_SSLKEY, certificates.client_key.c_str());
}

TransferEnd HttpExchange::Handle::end(CURLcode code) {
  TransferEnd end;
  end.code = code;
  end.text = error[0] != '\0' ? error.data() : curl().easy_strerror(code);
  curl().easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &end.verify_result);
  const char* url = nullptr;
  curl().easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
  if (url != nullptr) end.url = url;
  return end;
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

size_t HttpExchange::Handle::on_read(char* buffer, size_t size, size_t count, void* exchange) {
  HttpExchange& owner = *static_cast<HttpExchange*>(exchange);
  const HttpBody& body = *owner.request_.body;
  if (owner.sent_ >= body.size) return 0;
  try {
    const size_t room =
        static_cast<size_t>(std::min<uint64_t>(size * count, body.size - owner.sent_));
    const size_t got = body.read(owner.sent_, buffer, room);
    owner.sent_ += got;
    return got;
  } catch (...) {
    owner.sink_failure_ = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

int HttpExchange::Handle::on_seek(void* exchange, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
  static_cast<HttpExchange*>(exchange)->sent_ = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

}  // namespace gocker
