#include "runtime/linux/user.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr size_t kMaxPasswdSize = 1 << 20;

bool has_effective(unsigned capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  check(::syscall(SYS_capget, &header, sets.data()), "capget");
  return (sets[capability / 32].effective >> (capability % 32) & 1) != 0;
}

// EPERM in spite of CAP_SETGID can only come from /proc/PID/setgroups, which says "deny" where an
// unprivileged user made the user namespace. Asked this way it needs no /proc.
bool namespace_denies_setgroups() {
  return has_effective(CAP_SETGID);
}

void set_groups(const std::vector<uint32_t>& groups) {
  if (::setgroups(groups.size(), groups.data()) == 0) return;
  if (errno != EPERM || !namespace_denies_setgroups()) throw_errno("setgroups");
  if (groups.empty()) return;
  throw Error("additional groups are asked for, but the user namespace denies setgroups", EPERM);
}

void set_ids(uint32_t uid, uint32_t gid, Tracing by) {
  constexpr uint32_t kNoChange = ~uint32_t{0};  // to setresuid(2), which would leave root as it is
  if (uid == kNoChange || gid == kNoChange) throw Error("4294967295 is no id", EINVAL);
  const std::string gid_text = std::to_string(gid);
  check(::setresgid(gid, gid, gid), "setresgid", gid_text);
  const std::string uid_text = std::to_string(uid);
  check(::setresuid(uid, uid, uid), "setresuid", uid_text);
  // A change of user makes the process as dumpable as fs.suid_dumpable says, which may be anything.
  allow_tracing(by);
}

// The first `kMaxPasswdSize` bytes at most; nothing where it is no regular file. Opened without
// blocking: a FIFO would hang.
std::string read_passwd() {
  open_how how{};  // "/" is the container's root by now, and so what its links start from
  how.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  const Fd file(sys::openat2(AT_FDCWD, "/etc/passwd", how));
  if (!file || !S_ISREG(stat_fd(file, "/etc/passwd").st_mode)) return {};
  std::string content;
  std::array<char, 4096> buffer;
  while (content.size() < kMaxPasswdSize) {
    const ssize_t got = check(::read(file.get(), buffer.data(), buffer.size()), "read");
    if (got == 0) break;
    content.append(buffer.data(), static_cast<size_t>(got));
  }
  return content;
}

// The home directory in "name:password:uid:gid:comment:home:shell", if it is this user's line.
std::optional<std::string_view> home_in_line(std::string_view line, uint32_t uid) {
  constexpr size_t kUid = 2;
  constexpr size_t kHome = 5;
  const std::vector<std::string_view> fields = split(line, ':');
  if (fields.size() <= kHome || parse_u32(fields[kUid]) != uid) return std::nullopt;
  return fields[kHome];
}

}  // namespace

void allow_tracing(Tracing by) {
  check(::prctl(PR_SET_DUMPABLE, by == Tracing::owner ? 1 : 0), "prctl");
}

void become_namespace_root(Tracing by) {
  const Doing doing("become root of the user namespace");
  set_groups({});
  set_ids(0, 0, by);
}

void set_user(const oci::User& user, Tracing by) {
  const Doing doing("set user");
  set_groups(user.additional_gids);
  set_ids(user.uid, user.gid, by);
}

std::string home_directory(uint32_t uid) {
  std::string passwd;
  try {
    passwd = read_passwd();
  } catch (const Error&) {
    return "/";  // unreadable for this user, a loop of links: as good as absent
  }
  std::string_view rest(passwd);
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const auto home = home_in_line(rest.substr(0, end), uid);
    if (home) return home->starts_with('/') ? std::string(*home) : "/";
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return "/";
}

}  // namespace gocker
