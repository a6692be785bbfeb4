// An owned file descriptor.
#pragma once

#include <utility>
#include <vector>

namespace gocker {

// Move-only; closes on destruction and keeps errno while it does. -1 means "none".
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

  // A second descriptor of the same open file, close-on-exec.
  Fd duplicate() const;

 private:
  int fd_ = -1;
};

// While it lives, what Fd lets go of is closed in batches, neighbours by one close_range(2): for a
// stretch of work that opens much and where nobody waits for the end of what is closed: no pipes,
// no locks, no other processes. One at a time, in a program with one thread. At its end the last
// batch is closed, or left for the next one and for close_all_from().
class CloseInBatches {
 public:
  enum class AtEnd { close, leave };
  explicit CloseInBatches(AtEnd at_end = AtEnd::close);
  CloseInBatches(const CloseInBatches&) = delete;
  CloseInBatches& operator=(const CloseInBatches&) = delete;
  ~CloseInBatches();

 private:
  AtEnd at_end_;
};

// From here on, what Fd lets go of stays open until the process ends, which is soon.
void leave_descriptors_to_exit();
bool descriptors_are_left_to_exit();

// Opens /dev/null for each of stdin, stdout and stderr that the caller of the program has closed:
// the next file to be opened would take its place. One system call where none is.
void open_standard_streams();

// The descriptor stays open over execve(2).
void clear_cloexec(int fd);

// Closes every descriptor from `lowest` on but those of `kept`.
void close_all_from(int lowest, std::vector<int> kept = {});

}  // namespace gocker
