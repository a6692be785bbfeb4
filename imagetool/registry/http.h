// HTTP as registries need it, over libcurl: several requests at once over kept connections,
// redirects that take no credentials along.
#pragma once

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imagetool/registry/certificates.h"
#include "imagetool/registry/http_body.h"
#include "runtime/base/error.h"

namespace gocker {

enum class Trust { verified, unverified };  // whether a TLS certificate must be good
// Where a request that is redirected may go: one whose body is a secret stays at its origin.
enum class Redirects { anywhere, within_origin };

struct HttpRequest {
  std::string url;
  std::string method = "GET";
  std::vector<std::string> headers;  // "Accept: text/plain"
  std::string authorization;         // the header's value; sent to the origin of `url` only
  std::optional<HttpBody> body;      // sent along; POST, PUT and PATCH need one, if an empty one
  uint64_t offset = 0;               // asks for the rest from this byte on, where it is not 0
  Trust trust = Trust::verified;
  Redirects redirects = Redirects::anywhere;
};

struct HttpResponse {
  long status = 0;
  std::string url;                                           // where it came from, after redirects
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;  // of an answer that is no success: its first 64 KiB

  // The first header of that name, empty where there is none.
  std::string_view header(std::string_view name) const;
  bool success() const { return status >= 200 && status < 300; }
};

// No answer, or not a whole one. `transient` where trying again may help: a connection that was cut
// or stalled, as opposed to one that never came about.
class HttpFailure : public Error {
 public:
  HttpFailure(std::string_view reason, bool transient) : Error(reason), transient_(transient) {}
  bool transient() const { return transient_; }

 private:
  bool transient_;
};

class HttpClient;

// One request on its way. It leaves the client when it is destroyed, and must not outlive it.
class HttpExchange {
 public:
  // Gets the body of a successful answer, piece by piece; what it throws ends the transfer and
  // comes out of response(). The answer's head is complete by then.
  using Sink = std::function<void(const HttpResponse& head, std::string_view bytes)>;

  HttpExchange(HttpRequest request, Sink sink);
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;
  ~HttpExchange();

  // After its end: the answer, whatever its status. Throws HttpFailure, or what the sink or the
  // body threw.
  const HttpResponse& response() const;

 private:
  friend class HttpClient;
  struct Handle;  // of libcurl

  HttpRequest request_;
  Sink sink_;
  HttpResponse response_;
  std::unique_ptr<Handle> handle_;
  int redirects_ = 0;
  bool finished_ = false;
  HttpClient* client_ = nullptr;     // where it was started
  uint64_t sent_ = 0;                // of the body
  std::exception_ptr sink_failure_;  // what the sink or the body threw
  std::string failure_;              // why there is no answer, empty where there is one
  bool transient_ = false;
};

class HttpClient {
 public:
  // Loads libcurl.
  explicit HttpClient(CertificateDirectories certificates = CertificateDirectories());
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // What is known of a host's certificates: "HOST[:PORT]".
  const HostCertificates& certificates(const std::string& host) const {
    return certificates_.find(host);
  }

  void start(HttpExchange& exchange);
  // Works on all that was started until one has ended, or until the time is over: nullptr.
  HttpExchange* wait(std::chrono::milliseconds timeout);

  // One request from start to end, while the others go on. A success's body is returned in `body`;
  // longer than `limit` bytes is an error.
  HttpResponse fetch(HttpRequest request, size_t limit);

 private:
  friend class HttpExchange;
  void work(std::chrono::milliseconds timeout);
  void finish(HttpExchange& exchange, int code);
  bool follow_redirect(HttpExchange& exchange);

  CertificateDirectories certificates_;
  void* multi_;  // CURLM
  std::deque<HttpExchange*> finished_;
};

}  // namespace gocker
