#include "runtime/cgroup/group_directory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// A group's cgroup.procs may list every process of the host.
constexpr size_t kReadLimit = 64 << 20;

Fd open_below(int from, const char* path, uint64_t resolve, int flags = O_PATH | O_DIRECTORY) {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return Fd(sys::openat2(from, path, how));
}

bool is_cgroup_filesystem(const Fd& fd) {
  struct statfs status {};
  check(::fstatfs(fd.get(), &status), "fstatfs");
  return status.f_type == CGROUP_SUPER_MAGIC || status.f_type == CGROUP2_SUPER_MAGIC;
}

[[noreturn]] void throw_failure(int code, const char* action, std::string_view object) {
  throw Error(std::string(action).append(" ").append(object) + ": " + control_file_reason(code),
              code == ENOENT ? 0 : code);
}

}  // namespace

bool is_gone(int code) {
  return code == ENOENT || code == ENODEV;
}

std::string control_file_reason(int code) {
  return code == ENOENT ? "it is not there" : errno_text(code);
}

std::string_view flat_value(std::string_view content, std::string_view name) {
  for (const std::string_view line : split(content, '\n')) {
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ' ') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

GroupDirectory GroupDirectory::open(const std::string& directory, Filesystem filesystem) {
  auto group = open_if_exists(directory, filesystem);
  if (!group) throw_failure(ENOENT, "open control group", directory);
  return std::move(*group);
}

std::optional<GroupDirectory> GroupDirectory::open_if_exists(const std::string& directory,
                                                             Filesystem filesystem) {
  // Not O_PATH: bpf(2) takes none.
  Fd fd = open_below(AT_FDCWD, directory.c_str(), 0, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    if (is_gone(errno)) return std::nullopt;
    throw_failure(errno, "open control group", directory);
  }
  if (filesystem == Filesystem::to_be_checked && !is_cgroup_filesystem(fd)) {
    throw Error("open control group " + directory + ": not on a cgroup filesystem");
  }
  return GroupDirectory(std::move(fd), directory);
}

Fd open_control_file(const std::string& path, int flags, Filesystem filesystem) {
  Fd fd = open_below(AT_FDCWD, path.c_str(), 0, flags);
  if (!fd) throw_failure(errno, "open control file", path);
  if (filesystem == Filesystem::to_be_checked && !is_cgroup_filesystem(fd)) {
    throw Error("open control file " + path + ": not on a cgroup filesystem");
  }
  return fd;
}

std::optional<GroupDirectory> GroupDirectory::parent() const {
  Fd fd = open_below(fd_.get(), "..", RESOLVE_NO_XDEV);
  if (!fd) {
    if (errno == EXDEV) return std::nullopt;
    throw_failure(errno, "open the control group above", path_);
  }
  return GroupDirectory(std::move(fd), path_.substr(0, path_.rfind('/')));
}

std::vector<GroupDirectory> groups_above(const GroupDirectory& group) {
  std::vector<GroupDirectory> groups;
  for (auto above = group.parent(); above; above = groups.back().parent()) {
    groups.push_back(std::move(*above));
  }
  std::reverse(groups.begin(), groups.end());
  return groups;
}

bool GroupDirectory::has(const std::string& file) const {
  return ::faccessat(fd_.get(), file.c_str(), F_OK, 0) == 0;
}

std::string GroupDirectory::read(const std::string& file) const {
  auto content = read_if_exists(file);
  if (!content) throw_failure(ENOENT, "read control file", path_ + "/" + file);
  return std::move(*content);
}

Fd GroupDirectory::open_to_read(const std::string& file) const {
  Fd fd(::openat(fd_.get(), file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd && !is_gone(errno)) {
    throw_failure(errno, "read control file", path_ + "/" + file);
  }
  return fd;
}

std::optional<std::string> GroupDirectory::read_if_exists(const std::string& file) const {
  const Fd fd = open_to_read(file);
  if (!fd) return std::nullopt;
  try {
    return read_all(fd, path_ + "/" + file, kReadLimit);
  } catch (const Error& error) {
    if (is_gone(error.code())) return std::nullopt;  // removed since it was opened
    throw;
  }
}

std::string GroupDirectory::read_record(const std::string& file) const {
  const Fd fd = open_to_read(file);
  if (!fd) return {};
  std::array<char, 4096> page;
  const ssize_t got = ::read(fd.get(), page.data(), page.size());
  if (got < 0 && is_gone(errno)) return {};
  if (got < 0) throw_failure(errno, "read control file", path_ + "/" + file);
  std::string content(page.data(), static_cast<size_t>(got));
  if (content.size() == page.size()) content += read_all(fd, path_ + "/" + file, kReadLimit);
  return content;
}

int GroupDirectory::try_write(const std::string& file, std::string_view value) const {
  const Fd fd(::openat(fd_.get(), file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return errno;
  const ssize_t written = ::write(fd.get(), value.data(), value.size());
  if (written < 0) return errno;
  return static_cast<size_t>(written) == value.size() ? 0 : EIO;
}

void GroupDirectory::write(const std::string& file, std::string_view value) const {
  if (const int code = try_write(file, value)) throw_write_failure(code, *this, file, value);
}

Fd GroupDirectory::open_file(const std::string& file, int flags) const {
  Fd fd(::openat(fd_.get(), file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) throw_failure(errno, "open control file", path_ + "/" + file);
  return fd;
}

void throw_write_failure(int code, const GroupDirectory& group, const std::string& file,
                         std::string_view value, std::string_view prefix, std::string_view hint) {
  std::string text(prefix);
  if (code == ENOENT) {
    text.append("control file ").append(group.path() + "/" + file).append(" is not there");
  } else {
    text.append("write ").append(json_quote(value)).append(" to ");
    text.append(group.path() + "/" + file).append(": ").append(errno_text(code));
  }
  throw Error(text.append(hint), code == ENOENT ? 0 : code);
}

}  // namespace gocker
