#include "imagetool/containers/locked_file.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

// False where the lock is another's.
bool take_lock(const Fd& file, int flags, const std::string& path) {
  while (::flock(file.get(), flags) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw_errno("flock", path);
  }
  return true;
}

bool is_still_at(const Fd& file, const std::string& path) {
  const Fd now = open_if_exists(path, O_PATH);
  if (!now) return false;
  const struct stat one = stat_fd(file, path);
  const struct stat other = stat_fd(now, path);
  return one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

}  // namespace

Fd lock_file(const std::string& path, int flags) {
  for (;;) {
    Fd file = open_file(path, O_RDWR | O_CREAT, 0600);
    if (!take_lock(file, flags, path)) return {};
    if (is_still_at(file, path)) return file;
  }
}

Fd lock_existing_file(const std::string& path, int flags) {
  for (;;) {
    Fd file = open_if_exists(path, O_RDWR);
    if (!file || !take_lock(file, flags, path)) return {};
    if (is_still_at(file, path)) return file;
  }
}

}  // namespace gocker
