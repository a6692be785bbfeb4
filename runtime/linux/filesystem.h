// New instances of filesystems by the kernel's mount API, with the words that the filesystem itself
// has for what it refuses.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// {"size", "64m"}; a flag such as "sync" has no value.
using FilesystemParameters = std::vector<std::pair<std::string, std::string>>;

// A detached mount of a new instance, with MOUNT_ATTR_* `attributes`. `source` is what the mount
// table shows, for filesystems on a device its path on the host; it may be empty. Throws
// "tmpfs: Bad value for 'size'" or "unknown filesystem type x".
Fd new_filesystem(const std::string& type, const std::string& source,
                  const FilesystemParameters& parameters, uint64_t attributes);

// The same and put onto `place` ("/proc/self/fd/N" or an entry of that directory), by one call in
// place of ten. False where that is no way for these parameters, or it fails: new_filesystem()
// knows the filesystem's own words for what is wrong.
bool mount_at_once(const std::string& type, const std::string& source,
                   const FilesystemParameters& parameters, uint64_t attributes,
                   const std::string& place);

// Changes the parameters of the filesystem that is mounted at `mount` (remount).
void reconfigure_filesystem(const Fd& mount, const FilesystemParameters& parameters);

}  // namespace gocker
