// What a file has besides its name and content: owner, permissions, time, extended attributes.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

struct ExtendedAttribute {
  std::string name;
  std::string value;
};

struct Attributes {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0755;  // permission, set-id and sticky bits
  timespec mtime{};    // the time of last access becomes the same
  std::vector<ExtendedAttribute> extended;
};

// trusted.overlay.* and user.overlay.* rule how overlay joins layers. They belong to whoever makes
// the layers: those that an image brings, and those of a file that is copied, are left behind.
bool belongs_to_overlay(std::string_view attribute);

// Of the object that `fd` (O_PATH suffices) refers to; a symlink's own.
Attributes read_attributes(const Fd& fd, const struct stat& status);

// Sets all of `attributes` on an open file or directory whose content is complete. `present` says
// what it has already, as a file that was just made by root does, and saves those calls.
struct Present {
  bool owned_by_root = false;
  mode_t mode = ~mode_t{0};
};
void set_attributes(const Fd& fd, const Attributes& attributes, Present present = {});
// The same for an object that cannot be opened: a symlink (which has no mode), device or FIFO.
enum class Node { symlink, special };
void set_attributes_at(const Fd& dir, const char* name, Node kind, const Attributes& attributes);

}  // namespace gocker
