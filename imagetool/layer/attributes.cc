#include "imagetool/layer/attributes.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr mode_t kPermissions = 07777;
constexpr size_t kMaxAttributes = 64 << 10;  // the kernel's XATTR_LIST_MAX and XATTR_SIZE_MAX

std::string list_names(const std::string& path) {
  const ssize_t size = ::listxattr(path.c_str(), nullptr, 0);
  if (size == 0 || (size < 0 && errno == EOPNOTSUPP)) return {};
  check(size, "list extended attributes");
  std::string names(kMaxAttributes, '\0');
  const ssize_t got =
      check(::listxattr(path.c_str(), names.data(), names.size()), "list extended attributes");
  names.resize(static_cast<size_t>(got));
  return names;
}

std::string value_of(const std::string& path, const char* name) {
  std::string value(kMaxAttributes, '\0');
  const ssize_t got = check(::getxattr(path.c_str(), name, value.data(), value.size()),
                            "read extended attribute", name);
  value.resize(static_cast<size_t>(got));
  return value;
}

}  // namespace

bool belongs_to_overlay(std::string_view attribute) {
  return attribute.starts_with("trusted.overlay.") || attribute.starts_with("user.overlay.");
}

Attributes read_attributes(const Fd& fd, const struct stat& status) {
  Attributes found{status.st_uid, status.st_gid, status.st_mode & kPermissions, status.st_mtim, {}};
  const std::string path = descriptor_path(fd);
  const std::string names = list_names(path);
  for (size_t start = 0; start < names.size(); start = names.find('\0', start) + 1) {
    const char* name = names.c_str() + start;
    if (!belongs_to_overlay(name)) found.extended.push_back({name, value_of(path, name)});
  }
  return found;
}

// chown(2) comes first, as it clears set-id bits and capabilities; the time comes last.
void set_attributes(const Fd& fd, const Attributes& attributes, Present present) {
  const bool for_root = attributes.uid == 0 && attributes.gid == 0;
  if (!for_root || !present.owned_by_root) {
    check(::fchown(fd.get(), attributes.uid, attributes.gid), "chown");
  }
  if (attributes.mode != present.mode) check(::fchmod(fd.get(), attributes.mode), "chmod");
  for (const ExtendedAttribute& extended : attributes.extended) {
    check(::fsetxattr(fd.get(), extended.name.c_str(), extended.value.data(), extended.value.size(),
                      0),
          "set extended attribute", extended.name);
  }
  const timespec times[2] = {attributes.mtime, attributes.mtime};
  check(::futimens(fd.get(), times), "set the time");
}

void set_attributes_at(const Fd& dir, const char* name, Node kind, const Attributes& attributes) {
  check(::fchownat(dir.get(), name, attributes.uid, attributes.gid, AT_SYMLINK_NOFOLLOW), "chown");
  if (kind == Node::special) check(::fchmodat(dir.get(), name, attributes.mode, 0), "chmod");
  for (const ExtendedAttribute& extended : attributes.extended) {
    const std::string path = descriptor_path(dir) + "/" + name;
    check(::lsetxattr(path.c_str(), extended.name.c_str(), extended.value.data(),
                      extended.value.size(), 0),
          "set extended attribute", extended.name);
  }
  const timespec times[2] = {attributes.mtime, attributes.mtime};
  check(::utimensat(dir.get(), name, times, AT_SYMLINK_NOFOLLOW), "set the time");
}

}  // namespace gocker
