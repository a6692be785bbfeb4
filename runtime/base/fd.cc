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
enum class Closing { at_once, in_batches, never };
constinit Closing closing = Closing::at_once;

void close_batch() {
  const auto end = batch.begin() + batch_size;
  std::sort(batch.begin(), end);
  for (auto first = batch.begin(); first != end;) {
    auto last = first;
    while (last + 1 != end && *(last + 1) == *last + 1) ++last;
    if (::close_range(static_cast<unsigned>(*first), static_cast<unsigned>(*last), 0) != 0) {
      std::for_each(first, last + 1, ::close);  // a lock or a socket's end must not outlive this
    }
    first = last + 1;
  }
  batch_size = 0;
}

void close_later(int fd) {
  batch[batch_size++] = fd;
  if (batch_size == kBatch) close_batch();
}

void let_go(int fd) {
  if (closing == Closing::at_once) ::close(fd);
  if (closing == Closing::in_batches) close_later(fd);
}

}  // namespace

CloseInBatches::CloseInBatches(AtEnd at_end) : at_end_(at_end) {
  closing = Closing::in_batches;
}

CloseInBatches::~CloseInBatches() {
  closing = Closing::at_once;
  if (at_end_ == AtEnd::close) close_batch();
}

void leave_descriptors_to_exit() {
  closing = Closing::never;
}

bool descriptors_are_left_to_exit() {
  return closing == Closing::never;
}

void Fd::reset(int fd) {
  if (fd_ >= 0) {
    const int saved = errno;
    let_go(fd_);
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
  const auto waiting = std::remove_if(batch.begin(), batch.begin() + batch_size,
                                      [=](int fd) { return fd >= lowest; });
  batch_size = static_cast<size_t>(waiting - batch.begin());
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
