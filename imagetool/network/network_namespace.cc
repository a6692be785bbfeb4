#include "imagetool/network/network_namespace.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/user_rights.h"

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

void bind_namespace(const std::string& source, const std::string& path) {
  check(::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), "mount");
}

void make_and_bind(const std::string& path) {
  const Visit visit;
  check(::unshare(CLONE_NEWNET), "unshare");
  bind_namespace(kOwnNamespace, path);
}

// Root of a user namespace could not come back to the host's network from such a visit.
void make_in_child_and_bind(const std::string& path) {
  const pid_t caller = ::getpid();
  const std::optional<Child> child = clone_child(CLONE_NEWNET, Fd());
  if (!child) {
    end_with_parent(caller);
    while (true) ::pause();
  }
  bind_namespace("/proc/" + std::to_string(child->pid()) + "/ns/net", path);
}

}  // namespace

void make_network_namespace(const std::string& path) {
  const Doing doing("make the network namespace", path);
  open_file(path, O_RDONLY | O_CREAT | O_EXCL, 0600);
  try {
    is_host_root() ? make_and_bind(path) : make_in_child_and_bind(path);
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

}  // namespace gocker
