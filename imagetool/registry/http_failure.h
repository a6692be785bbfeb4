// Why an HTTP request has no answer, or not a whole one.
#pragma once

#include <curl/curl.h>

#include <string>

namespace gocker {

struct TransferEnd {
  CURLcode code = CURLE_OK;
  std::string text;        // libcurl's own
  long verify_result = 0;  // OpenSSL's X509_V_ERR_..., where a certificate was to blame
  std::string url;
};

// libcurl's words, and what a person can do about it.
std::string explain_failure(const TransferEnd& end);
// Whether trying again may help: a connection that was cut or stalled, as opposed to one that never
// came about.
bool is_transient(const TransferEnd& end);

}  // namespace gocker
