#include "runtime/linux/lsm.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"
#include "runtime/linux/mount_target.h"

namespace gocker {
namespace {

int open_inside(const Fd& directory, const char* path, int flags, uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | resolve;
  return sys::openat2(directory.get(), path, how);
}

// "thread-self" is a symlink of the kernel's making; below it none is followed.
Fd open_own_directory(const Fd& procfs) {
  const int fd = open_inside(procfs, "thread-self", O_PATH | O_DIRECTORY, 0);
  return Fd(check(fd, "open", "thread-self"));
}

// The file of one module where the kernel has it (Linux 5.1), else the one that all share.
Fd open_exec_attribute(const Fd& own, const char* modules_own) {
  Fd file(open_inside(own, modules_own, O_RDWR, RESOLVE_NO_SYMLINKS));
  if (file || errno != ENOENT) return file;
  return Fd(open_inside(own, "attr/exec", O_RDWR, RESOLVE_NO_SYMLINKS));
}

struct ExecLabel {
  std::string label;  // what the kernel says that the next execve changes to
  int code = 0;       // errno where it refused
};

ExecLabel write_exec_label(const Fd& procfs, const char* modules_own, const std::string& value) {
  const Fd own = open_own_directory(procfs);
  if (!is_procfs(own)) throw Error("its file is not the kernel's", EINVAL);
  const Fd file = open_exec_attribute(own, modules_own);
  if (!file || ::write(file.get(), value.data(), value.size()) < 0) return {{}, errno};
  check(::lseek(file.get(), 0, SEEK_SET), "seek", modules_own);
  std::string label = read_all(file, modules_own);
  label.resize(label.find_last_not_of(std::string_view("\n\0", 2)) + 1);
  return {label, 0};
}

// "docker-default (enforce)" -> "docker-default"
std::string_view without_mode(std::string_view label) {
  const size_t mode = label.rfind(" (");
  return mode == std::string_view::npos ? label : label.substr(0, mode);
}

// Names with a policy namespace and stacks of profiles are shown in another form than they are set.
bool is_plain_profile(std::string_view profile) {
  return !profile.starts_with(':') && profile.find("//&") == std::string_view::npos;
}

}  // namespace

void set_apparmor_profile(const Fd& procfs, const std::string& profile) {
  const Doing doing("set AppArmor profile", profile);
  const auto [label, code] = write_exec_label(procfs, "attr/apparmor/exec", "exec " + profile);
  if (code != 0 && !apparmor_enabled()) throw Error("AppArmor is not enabled on this host", code);
  if (code == ENOENT) throw Error("no such profile is loaded", code);
  if (code != 0) throw Error(errno_text(code), code);
  const bool taken = is_plain_profile(profile) ? without_mode(label) == profile : !label.empty();
  if (!taken) throw Error("the kernel did not take it (it says \"" + label + "\")");
}

void set_selinux_label(const Fd& procfs, const std::string& label) {
  const Doing doing("set SELinux label", label);
  const auto [taken, code] = write_exec_label(procfs, "attr/selinux/exec", label);
  if (code != 0 && !selinux_enabled()) throw Error("SELinux is not enabled on this host", code);
  if (code != 0) throw Error(errno_text(code), code);
  if (taken != label) throw Error("the kernel did not take it (it says \"" + taken + "\")");
}

bool apparmor_enabled() {
  const Fd file = open_if_exists("/sys/module/apparmor/parameters/enabled", O_RDONLY);
  return file && trim(read_all(file, "enabled")) == "Y";
}

bool selinux_enabled() {
  struct statfs filesystem {};
  return ::statfs("/sys/fs/selinux", &filesystem) == 0 && filesystem.f_type == SELINUX_MAGIC;
}

}  // namespace gocker
