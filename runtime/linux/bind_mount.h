// Bind mounts: detached copies of what the host has, with the options that they are asked for.
#pragma once

#include <string>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/linux/mount_options.h"

namespace gocker {

bool is_bind(const oci::Mount& mount, const MountOptions& options);

// A detached copy of the source, without its options. Relative sources start at `bundle`; symlinks
// of the host are followed.
Fd open_bind_source(const oci::Mount& mount, const MountOptions& options,
                    const std::string& bundle);

// Attributes and propagation, private where none is asked for. What a more privileged user
// namespace has locked on the mount (ro, nosuid, nodev, noexec) stays.
void apply_bind_options(const Fd& mount, const MountOptions& options);

// Both at once: by a single call where the kernel has it (6.15).
Fd make_bind(const oci::Mount& mount, const MountOptions& options, const std::string& bundle);

// The same for what is mounted already (remount): what isn't named stays as it is.
void change_mount_options(const Fd& mount, const MountOptions& options);

}  // namespace gocker
