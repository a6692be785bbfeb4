// The gate at which a created container waits for `start`: two FIFOs in the state directory, so
// that init needs nothing but read(2) and write(2), whatever namespaces it stands in and whatever
// its own seccomp filter denies.
//
//   go      start writes a byte, init reads it
//   result  init writes how it went on; end of file = the program runs (close-on-exec)
//
// Created = `go` stands and has a reader. The kernel lets go of the two ends at exec a moment
// apart, so it is the unlink of both by `start` that counts; a missing reader (ENXIO) tells where
// `start` was killed before that.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// Init's side. Both ends are open for reading and writing and close-on-exec; the launcher makes
// the gate before the clone and closes its own copy after it.
class StartGate {
 public:
  static StartGate make(const Fd& state_directory);

  void wait() const;  // until `start` comes
  // What becomes of it: first that the program is about to be executed, then, where that failed,
  // the error.
  void report_exec() const;
  void report_failure(int code, std::string_view text) const noexcept;

  std::vector<int> descriptors() const { return {go_.get(), result_.get()}; }

 private:
  Fd go_;
  Fd result_;
};

// The other side, used under the container's lock.
bool is_waiting_at_gate(const Fd& state_directory);
// Lets the container run and returns when its program is executed. Throws init's own error.
void open_gate(const Fd& state_directory);

}  // namespace gocker
