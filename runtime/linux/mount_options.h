// fstab-style mount options as the kernel's mount API takes them. Pure: no system call.
// (config.md, "Linux mount options")
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gocker {

struct MountOptions {
  // MOUNT_ATTR_* of mount_setattr(2); the later of two contrary options wins.
  uint64_t set_attributes = 0;
  uint64_t clear_attributes = 0;
  uint64_t set_recursively = 0;  // rro, rnosuid, ...
  uint64_t clear_recursively = 0;
  bool bind = false;
  bool recursive = false;  // rbind
  bool remount = false;
  bool tmpcopyup = false;
  bool copy_symlink = false;          // a source that is a symlink is copied instead of bound
  bool source_nofollow = false;       // a symlink itself is bound
  bool destination_nofollow = false;  // and mounted upon
  bool idmap = false;
  bool recursive_idmap = false;
  // MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE; 0 leaves the default.
  uint64_t propagation = 0;
  bool recursive_propagation = false;
  // For the superblock: {"size", "64m"}, {"sync", ""}; what a bind mount ignores.
  std::vector<std::pair<std::string, std::string>> parameters;
};

MountOptions parse_mount_options(const std::vector<std::string>& options);

// MS_* and "recursive" for linux.rootfsPropagation ("rslave"); MS_SLAVE | MS_REC for "".
uint64_t parse_rootfs_propagation(std::string_view text);

// Every option name that is understood, for `features`.
std::vector<std::string> known_mount_options();

}  // namespace gocker
