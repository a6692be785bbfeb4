#include "imagetool/cli/registry_options.h"

#include "runtime/base/error.h"

namespace gocker::cli {

Transport transport_of(const Arguments& arguments) {
  const bool insecure = arguments.has("insecure");
  if (!arguments.has("tls-verify")) return insecure ? Transport::insecure : Transport::usual;
  const std::string verify = arguments.value("tls-verify");
  if (verify != "true" && verify != "false") {
    throw UsageError("--tls-verify: '" + verify + "' is neither true nor false");
  }
  if (insecure && verify == "true") {
    throw UsageError("--insecure and --tls-verify=true exclude each other");
  }
  return verify == "true" ? Transport::tls : Transport::insecure;
}

Progress::Style progress_style(const Arguments& arguments) try {
  return Progress::parse(arguments.has("quiet") ? "none" : arguments.value("progress", "auto"));
} catch (const Error& error) {
  throw UsageError(std::string("--progress: ") + error.what());
}

CredentialSource credential_source(const Arguments& arguments) {
  return {arguments.value("creds"), arguments.value("authfile")};
}

CertificateDirectories certificates_of(const Arguments& arguments, const std::string& host) {
  CertificateDirectories certificates;
  if (arguments.has("cert-dir")) certificates.set(host, arguments.value("cert-dir"));
  return certificates;
}

}  // namespace gocker::cli
