#include "imagetool/network/network_namespace.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";

// While it lives, this thread is in another network namespace.
class Visit {
 public:
  Visit() : home_(open_file(kOwnNamespace, O_RDONLY)) {}
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  ~Visit() {
    // To go on in the wrong namespace would change the wrong network.
    if (::setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
  }

 private:
  Fd home_;
};

// rtnetlink(7): a message that asks for a new link of the kind "dummy".
class DummyRequest {
 public:
  explicit DummyRequest(const std::string& name) {
    header_.nlmsg_type = RTM_NEWLINK;
    header_.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    const ifinfomsg info{};
    append(&info, sizeof info);
    attribute(IFLA_IFNAME, name.c_str(), name.size() + 1);
    const rtattr nested{static_cast<unsigned short>(RTA_LENGTH(RTA_LENGTH(kKind.size()))),
                        IFLA_LINKINFO};
    append(&nested, sizeof nested);
    attribute(IFLA_INFO_KIND, kKind.data(), kKind.size());
  }

  std::string bytes() {
    header_.nlmsg_len = static_cast<__u32>(sizeof header_ + payload_.size());
    return std::string(reinterpret_cast<const char*>(&header_), sizeof header_) + payload_;
  }

 private:
  static constexpr std::string_view kKind = "dummy";

  void append(const void* data, size_t size) {
    payload_.append(static_cast<const char*>(data), size);
    payload_.resize(NLMSG_ALIGN(payload_.size()));
  }
  void attribute(unsigned short type, const char* data, size_t size) {
    const rtattr head{static_cast<unsigned short>(RTA_LENGTH(size)), type};
    append(&head, sizeof head);
    append(data, size);
  }

  nlmsghdr header_{};
  std::string payload_;
};

// The kernel's answer: 0 or an errno.
int ask_kernel(const std::string& message) {
  const Fd socket(
      check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket", "netlink"));
  check(::send(socket.get(), message.data(), message.size(), 0), "send", "netlink");
  alignas(nlmsghdr) std::array<char, 4096> answer;
  const ssize_t got = check(::recv(socket.get(), answer.data(), answer.size(), 0), "recv");
  nlmsgerr error{};
  if (static_cast<size_t>(got) < sizeof(nlmsghdr) + sizeof error) return EPROTO;
  std::memcpy(&error, answer.data() + sizeof(nlmsghdr), sizeof error);
  return -error.error;
}

}  // namespace

void make_network_namespace(const std::string& path) {
  const Doing doing("make the network namespace", path);
  open_file(path, O_RDONLY | O_CREAT | O_EXCL, 0600);
  try {
    const Visit visit;
    check(::unshare(CLONE_NEWNET), "unshare");
    check(::mount(kOwnNamespace, path.c_str(), nullptr, MS_BIND, nullptr), "mount");
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
}

bool is_network_namespace(const std::string& path) {
  struct statfs status {};
  return ::statfs(path.c_str(), &status) == 0 && status.f_type == NSFS_MAGIC;
}

void remove_network_namespace(const std::string& path) {
  const Doing doing("remove the network namespace", path);
  while (is_network_namespace(path)) check(::umount2(path.c_str(), MNT_DETACH), "umount2");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("unlink");
}

void make_dummy_interface(const std::string& path, const std::string& name) {
  const Doing doing("make a stand-in interface", name);
  const Visit visit;
  check(::setns(open_file(path, O_RDONLY).get(), CLONE_NEWNET), "setns", path);
  if (::if_nametoindex(name.c_str()) != 0) return;
  const int code = ask_kernel(DummyRequest(name).bytes());
  if (code != 0 && code != EEXIST) throw Error(errno_text(code), code);
}

}  // namespace gocker
