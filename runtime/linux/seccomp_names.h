// The names of seccomp in config.json as libseccomp's and the kernel's numbers, and which of them
// this build on this kernel can use (config-linux.md, "Seccomp"; features-linux.md, "Seccomp").
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "oci-spec/features.h"
#include "oci-spec/runtime_spec.h"

namespace gocker {

using SeccompFilter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

// libseccomp's number for an action, with the errno in it where there is one.
uint32_t seccomp_action(oci::SeccompAction action, std::optional<uint32_t> errno_ret);
scmp_compare seccomp_comparison(oci::SeccompOperator op);
// "SCMP_ARCH_X86_64" -> libseccomp's token; an error where the library is older than it.
uint32_t seccomp_architecture(const std::string& name);
uint32_t seccomp_flag(const std::string& name);  // SECCOMP_FILTER_FLAG_*

oci::SeccompFeatures seccomp_features();
std::string seccomp_library_version();  // "2.5.4"

}  // namespace gocker
