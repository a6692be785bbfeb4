// Labels of security modules (config.md, apparmorProfile and selinuxLabel).
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace gocker {

// Sets what the next execve changes to, through a private procfs, and reads it back
// (CVE-2019-16884). An error where the module is not enabled on this host.
void set_apparmor_profile(const Fd& procfs, const std::string& profile);
void set_selinux_label(const Fd& procfs, const std::string& label);

bool apparmor_enabled();
bool selinux_enabled();

}  // namespace gocker
