// One hop of an exchange, as libcurl carries it out. Part of http.cc.
#pragma once

#include <array>

#include "imagetool/registry/curl.h"
#include "imagetool/registry/http.h"
#include "imagetool/registry/http_failure.h"
#include "runtime/base/error.h"

namespace gocker {

// The transfer that libcurl makes for one hop of an exchange.
struct HttpExchange::Handle {
  Handle(HttpExchange& owner, const HostCertificates& certificates);
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();

  template <class Value>
  void set(CURLoption option, Value value) {
    if (curl().easy_setopt(easy, option, value) != CURLE_OK) {
      throw Error("libcurl: it refuses an option");
    }
  }
  void set_request(const HttpRequest& request);
  void set_method(HttpExchange& owner);
  void set_trust(const HttpRequest& request);
  void set_certificates(const HostCertificates& certificates);
  void add_header(const std::string& line);
  void leave();
  TransferEnd end(CURLcode code);

  static size_t on_header(char* data, size_t size, size_t count, void* exchange);
  static size_t on_body(char* data, size_t size, size_t count, void* exchange);
  static size_t on_read(char* buffer, size_t size, size_t count, void* exchange);
  static int on_seek(void* exchange, curl_off_t offset, int origin);

  CURL* easy = nullptr;
  CURLM* multi = nullptr;  // where it takes part
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

}  // namespace gocker
