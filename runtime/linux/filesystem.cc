#include "runtime/linux/filesystem.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr size_t kMostValueBytes = 255;  // of fsconfig(2)

// Why a container with a user namespace may not mount what others mount.
struct PermissionHint {
  std::string_view type;
  std::string_view text;
};

constexpr std::array<PermissionHint, 4> kPermissionHints{{
    {"sysfs", "a user namespace needs a network namespace of its own for it"},
    {"proc",
     "a user namespace needs a pid namespace of its own for it, and a host's /proc that nothing "
     "covers"},
    {"cgroup2", "a user namespace needs a cgroup namespace of its own for it"},
    {"mqueue", "a user namespace needs an ipc namespace of its own for it"},
}};

// MOUNT_ATTR_* and their counterparts of mount(2). Not read-only: there it means the superblock,
// too.
constexpr std::array<std::pair<uint64_t, unsigned long>, 5> kSameInBoth{{
    {MOUNT_ATTR_NOSUID, MS_NOSUID},
    {MOUNT_ATTR_NODEV, MS_NODEV},
    {MOUNT_ATTR_NOEXEC, MS_NOEXEC},
    {MOUNT_ATTR_NOATIME, MS_NOATIME},
    {MOUNT_ATTR_STRICTATIME, MS_STRICTATIME},
}};

std::string permission_hint(std::string_view type, int code) {
  if (code != EPERM) return {};
  for (const PermissionHint& hint : kPermissionHints) {
    if (hint.type == type) return std::string(" (").append(hint.text).append(")");
  }
  return {};
}

// A configuration context of fsopen(2) or fspick(2).
class Context {
 public:
  Context(Fd fd, std::string_view type) : fd_(std::move(fd)), type_(type) {}

  const Fd& fd() const { return fd_; }

  void set(const std::string& name, const std::string& value) const {
    if (value.size() > kMostValueBytes) {
      throw Error(name + ": the value has " + std::to_string(value.size()) +
                      " bytes, the kernel takes at most 255",
                  ENAMETOOLONG);
    }
    const bool flag = value.empty();
    const int result = ::fsconfig(fd_.get(), flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING,
                                  name.c_str(), flag ? nullptr : value.c_str(), 0);
    if (result == 0) return;
    const bool id = errno == EINVAL && (name == "uid" || name == "gid") && parse_u32(value);
    fail(flag ? name : name + "=" + value, id ? " (the user namespace must map it)" : "");
  }

  void command(unsigned what, std::string_view text) const {
    if (::fsconfig(fd_.get(), what, nullptr, nullptr, 0) != 0) fail(text);
  }

  // The filesystem's own words, or `step` and the text of errno where it has none.
  [[noreturn]] void fail(std::string_view step, std::string_view hint = {}) const {
    const int code = errno;
    std::string text = messages();
    if (text.empty()) text = std::string(step) + ": " + errno_text(code);
    throw Error(text + permission_hint(type_, code) + std::string(hint), code);
  }

 private:
  // One read(2) a message: "e tmpfs: Bad value for 'size'\n"; "w" and "i" are warnings and
  // information.
  std::string messages() const {
    std::string all;
    std::array<char, 1024> buffer;
    while (true) {
      const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
      if (got <= 0) return all;
      const std::string_view line = trim({buffer.data(), static_cast<size_t>(got)});
      if (line.size() < 3 || line[0] == 'i') continue;
      if (!all.empty()) all += "; ";
      all += line.substr(2);
    }
  }

  Fd fd_;
  std::string_view type_;
};

Context open_context(const std::string& type) {
  Fd fd(::fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (fd) return {std::move(fd), type};
  const int code = errno;
  if (code == ENODEV) throw Error("unknown filesystem type " + json_quote(type), code);
  throw Error("fsopen: " + errno_text(code) + permission_hint(type, code), code);
}

}  // namespace

Fd new_filesystem(const std::string& type, const std::string& source,
                  const FilesystemParameters& parameters, uint64_t attributes) {
  const Context context = open_context(type);
  if (!source.empty()) context.set("source", source);
  for (const auto& [name, value] : parameters) context.set(name, value);
  context.command(FSCONFIG_CMD_CREATE, "create");
  Fd mount(::fsmount(context.fd().get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
  if (!mount) context.fail("fsmount");
  return mount;
}

bool mount_at_once(const std::string& type, const std::string& source,
                   const FilesystemParameters& parameters, uint64_t attributes,
                   const std::string& place) {
  unsigned long flags = 0;
  for (const auto& [attribute, flag] : kSameInBoth) {
    if ((attributes & attribute) != 0) flags |= flag;
    attributes &= ~attribute;
  }
  if (attributes != 0) return false;
  std::string data;
  for (const auto& [name, value] : parameters) {
    if (value.find(',') != std::string::npos) return false;
    if (!data.empty()) data += ',';
    data += name;
    if (!value.empty()) data.append("=").append(value);
  }
  return ::mount(source.c_str(), place.c_str(), type.c_str(), flags, data.c_str()) == 0;
}

void reconfigure_filesystem(const Fd& mount, const FilesystemParameters& parameters) {
  const Context context(
      Fd(check(::fspick(mount.get(), "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH), "fspick")), "");
  for (const auto& [name, value] : parameters) context.set(name, value);
  context.command(FSCONFIG_CMD_RECONFIGURE, "reconfigure");
}

}  // namespace gocker
