#include "runtime/base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/syscalls.h"

namespace gocker {

namespace {

// Bounded, as the number of open files is.
constexpr size_t kBatch = 128;
constinit std::array<int, kBatch> batch{};
constinit size_t batch_size = 0;
constinit bool batches = false;

void close_batch() {
  const auto end = batch.begin() + batch_size;
  std::sort(batch.begin(), end);
  for (auto first = batch.begin(); first != end;) {
    auto last = first;
    while (last + 1 != end && *(last + 1) == *last + 1) ++last;
    ::close_range(static_cast<unsigned>(*first), static_cast<unsigned>(*last), 0);
    first = last + 1;
  }
  batch_size = 0;
}

void close_later(int fd) {
  batch[batch_size++] = fd;
  if (batch_size == kBatch) close_batch();
}

}  // namespace

CloseInBatches::CloseInBatches() {
  batches = true;
}

CloseInBatches::~CloseInBatches() {
  batches = false;
  close_batch();
}

void Fd::reset(int fd) {
  if (fd_ >= 0) {
    const int saved = errno;
    batches ? close_later(fd_) : static_cast<void>(::close(fd_));
    errno = saved;
  }
  fd_ = fd;
}

Fd Fd::duplicate() const {
  return Fd(check(::fcntl(fd_, F_DUPFD_CLOEXEC, 3), "duplicate file descriptor"));
}

void open_standard_streams() {
  std::array<pollfd, 3> streams = {pollfd{0, 0, 0}, pollfd{1, 0, 0}, pollfd{2, 0, 0}};
  check(::poll(streams.data(), streams.size(), 0), "poll");
  for (const pollfd& stream : streams) {
    if ((stream.revents & POLLNVAL) == 0) continue;
    // From the lowest on, so that open(2) takes this very number; what is executed gets it, too.
    check(::open("/dev/null", O_RDWR), "open", "/dev/null");  // NOLINT(android-cloexec-open)
  }
}

void clear_cloexec(int fd) {
  check(::fcntl(fd, F_SETFD, 0), "fcntl");
}

void close_all_from(int lowest, std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  for (const int fd : kept) {
    if (fd < lowest) continue;
    if (fd > lowest) {
      check(::close_range(static_cast<unsigned>(lowest), static_cast<unsigned>(fd - 1), 0),
            "close_range");
    }
    lowest = fd + 1;
  }
  check(::close_range(static_cast<unsigned>(lowest), ~0U, 0), "close_range");
}

}  // namespace gocker
