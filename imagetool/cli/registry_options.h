// Options of all commands that speak to registries.
#pragma once

#include <string>

#include "imagetool/pull/progress.h"
#include "imagetool/registry/certificates.h"
#include "imagetool/registry/credentials.h"
#include "imagetool/registry/registries_conf.h"
#include "runtime/command_line/options.h"

namespace gocker::cli {

inline constexpr Option kInsecure{"insecure", 0, "",
                                  "take any TLS certificate, or plain HTTP where there is no TLS"};
inline constexpr Option kTlsVerify{
    "tls-verify", 0, "true|false",
    "false: as --insecure; true: TLS even to this machine, with a good certificate"};
inline constexpr Option kCertDir{"cert-dir", 0, "DIR",
                                 "*.crt, *.cert and *.key for the registry, in place of certs.d"};
inline constexpr Option kAuthFile{"authfile", 0, "FILE",
                                  "credentials as docker, podman and skopeo keep them"};
inline constexpr Option kCreds{"creds", 0, "USER:PASSWORD", "credentials for the image's registry"};
inline constexpr Option kProgress{"progress", 0, "KIND",
                                  "auto (default), tty, plain, json or none"};
inline constexpr Option kQuiet{"quiet", 'q', "", "as --progress none"};

// These throw UsageError.
Transport transport_of(const Arguments& arguments);
Progress::Style progress_style(const Arguments& arguments);

CredentialSource credential_source(const Arguments& arguments);
// `host` is the registry of the command's image.
CertificateDirectories certificates_of(const Arguments& arguments, const std::string& host);

}  // namespace gocker::cli
