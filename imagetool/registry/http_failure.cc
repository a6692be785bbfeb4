#include "imagetool/registry/http_failure.h"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>

#include "imagetool/registry/url.h"

namespace gocker {
namespace {

// The other side ends the handshake, or (TLS 1.3) what comes right after it.
bool is_tls_alert(const TransferEnd& end) {
  return end.text.find(" alert ") != std::string::npos;
}

std::string directory_for(const TransferEnd& end) {
  return "/etc/containers/certs.d/" + host_of(end.url);
}

std::string certificate_remedy(const TransferEnd& end) {
  switch (end.verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the registry's certificate, or one above it, is too old: renew it there";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate begins later: is this machine's clock right?";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its authority is not known here: put that into " + directory_for(end) +
             "/ca.crt, or use --insecure";
    default:
      return "the certificate is for another name than the one in the reference";
  }
}

std::string remedy(const TransferEnd& end) {
  if (end.code == CURLE_PEER_FAILED_VERIFICATION) return certificate_remedy(end);
  if (end.code == CURLE_SSL_CERTPROBLEM) {
    return "see the .cert and .key for it in certs.d; they must belong together";
  }
  if (is_tls_alert(end)) {
    return "the registry does not take our certificate, or wants one: " + directory_for(end) +
           "/client.cert and client.key";
  }
  if (end.text.find("wrong version number") != std::string::npos) {
    return "it may speak plain HTTP alone: --insecure";
  }
  return {};
}

}  // namespace

std::string explain_failure(const TransferEnd& end) {
  const std::string what_to_do = remedy(end);
  return what_to_do.empty() ? end.text : end.text + " (" + what_to_do + ")";
}

bool is_transient(const TransferEnd& end) {
  constexpr std::array kTransient = {CURLE_RECV_ERROR,        CURLE_SEND_ERROR, CURLE_GOT_NOTHING,
                                     CURLE_PARTIAL_FILE,      CURLE_HTTP2,      CURLE_HTTP2_STREAM,
                                     CURLE_OPERATION_TIMEDOUT};
  return std::find(kTransient.begin(), kTransient.end(), end.code) != kTransient.end() &&
         !is_tls_alert(end);
}

}  // namespace gocker
