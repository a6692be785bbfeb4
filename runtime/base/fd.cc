#include "runtime/base/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/syscalls.h"

namespace gocker {

void Fd::reset(int fd) {
  if (fd_ >= 0) {
    const int saved = errno;
    ::close(fd_);
    errno = saved;
  }
  fd_ = fd;
}

Fd Fd::duplicate() const {
  return Fd(check(::fcntl(fd_, F_DUPFD_CLOEXEC, 3), "duplicate file descriptor"));
}

void set_cloexec_from(int lowest) {
  check(::close_range(static_cast<unsigned>(lowest), ~0U, CLOSE_RANGE_CLOEXEC), "close_range");
}

}  // namespace gocker
