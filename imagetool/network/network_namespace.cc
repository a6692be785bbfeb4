#include "imagetool/network/network_namespace.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

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

}  // namespace gocker
