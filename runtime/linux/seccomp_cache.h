// Compiled filters that are kept: libseccomp takes ten milliseconds for the engines' default
// profile, and most containers have the same.
#pragma once

#include "runtime/linux/seccomp.h"

namespace gocker {

// As compile_seccomp(). Taken from, or put into, a folder of `directory`, which must belong to this
// user alone: who can write to it can filter as he likes. A file there is used only where it has
// the profile whole, as well as the versions of this program and of libseccomp. A cache that can't
// be read or written is as good as none.
SeccompProgram find_or_compile_seccomp(const Fd& directory, const oci::Seccomp& seccomp);

}  // namespace gocker
