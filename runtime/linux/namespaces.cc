#include "runtime/linux/namespaces.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

using oci::NamespaceType;

struct NamespaceKind {
  NamespaceType type;
  uint64_t flag;
  const char* own_file;  // below /proc/thread-self/ns
};

constexpr std::array<NamespaceKind, 8> kKinds{{
    {NamespaceType::pid, CLONE_NEWPID, "pid_for_children"},
    {NamespaceType::network, CLONE_NEWNET, "net"},
    {NamespaceType::mount, CLONE_NEWNS, "mnt"},
    {NamespaceType::ipc, CLONE_NEWIPC, "ipc"},
    {NamespaceType::uts, CLONE_NEWUTS, "uts"},
    {NamespaceType::user, CLONE_NEWUSER, "user"},
    {NamespaceType::cgroup, CLONE_NEWCGROUP, "cgroup"},
    {NamespaceType::time, CLONE_NEWTIME, "time_for_children"},
}};

const NamespaceKind& kind_of(NamespaceType type) {
  for (const NamespaceKind& kind : kKinds) {
    if (kind.type == type) return kind;
  }
  throw Error("unknown namespace type");
}

// "join network namespace"
std::string join_text(NamespaceType type) {
  return "join " + std::string(oci::name_of(type)) + " namespace";
}

std::string describe(uint64_t flag) {
  for (const NamespaceKind& kind : kKinds) {
    if (kind.flag == flag) return "is a " + std::string(oci::name_of(kind.type)) + " namespace";
  }
  return "is a namespace of another type";
}

}  // namespace

uint64_t clone_flag(NamespaceType type) {
  return kind_of(type).flag;
}

std::vector<NamespaceType> kernel_namespaces() {
  std::vector<NamespaceType> types;
  for (const NamespaceKind& kind : kKinds) {
    const std::string file = std::string("/proc/thread-self/ns/") + kind.own_file;
    if (open_if_exists(file, O_PATH | O_NOFOLLOW)) types.push_back(kind.type);
  }
  return types;
}

Fd open_own_namespace(NamespaceType type) {
  return open_file(std::string("/proc/thread-self/ns/") + kind_of(type).own_file, O_RDONLY);
}

Fd open_namespace(const oci::Namespace& wanted) {
  const std::string action = join_text(wanted.type);
  const Doing doing(action.c_str(), wanted.path);
  // Without blocking: somebody may have put a FIFO there.
  Fd fd(::open(wanted.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) throw_errno("open");
  const int type = ::ioctl(fd.get(), NS_GET_NSTYPE);
  if (type < 0) throw Error("is no namespace", EINVAL);
  // CLONE_NEWTIME is 0x80: no type has the sign bit, so widening is plain.
  const auto flag = static_cast<uint64_t>(static_cast<unsigned>(type));
  if (flag != clone_flag(wanted.type)) throw Error(describe(flag), EINVAL);
  return fd;
}

void join_namespace(const Fd& fd, NamespaceType type) {
  if (::setns(fd.get(), static_cast<int>(clone_flag(type))) == 0) return;
  const int code = errno;
  throw Error(join_text(type) + ": setns: " + errno_text(code), code);
}

void write_time_offsets(const std::map<std::string, oci::TimeOffset>& offsets) {
  if (offsets.empty()) return;
  std::string lines;
  for (const auto& [clock, offset] : offsets) {
    lines +=
        clock + " " + std::to_string(offset.secs) + " " + std::to_string(offset.nanosecs) + "\n";
  }
  const Doing doing("set the offsets of the time namespace");
  write_file("/proc/self/timens_offsets", lines);
}

void bring_up_loopback() {
  const Doing doing("bring up the loopback interface");
  const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  // A fresh "lo" has no flag that this would clear, so its flags need not be read first.
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "ioctl SIOCSIFFLAGS");
}

}  // namespace gocker
