// A person's terminal or pipes on one side, a container's attach socket on the other.
//
// conmon's protocol: SOCK_SEQPACKET; what is sent goes to the program's stdin; what is received
// begins with a byte that tells the stream (2 stdout, 3 stderr). A terminal's new size goes as "1
// ROWS COLUMNS" into the FIFO `ctl`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/containers/record.h"
#include "runtime/base/fd.h"
#include "runtime/base/foreground_signals.h"

namespace gocker {

inline constexpr std::string_view kDefaultDetachKeys = "ctrl-p,ctrl-q";

// "ctrl-p,ctrl-q" -> the characters; each is a letter or ctrl- with a letter or one of @[\]^_.
// Empty text: none. Throws "'...' are no detach keys: ...".
std::string parse_detach_keys(std::string_view text);

// Finds a sequence of keys in what is typed.
class DetachKeys {
 public:
  explicit DetachKeys(std::string keys) : keys_(std::move(keys)) {}
  // What of `typed` is to go on to the container: without keys that may begin the sequence, which
  // come later where it does not go on. `was_typed` says whether it is complete.
  std::string filter(std::string_view typed);
  bool was_typed() const { return !keys_.empty() && matched_ == keys_.size(); }

 private:
  std::string keys_;
  size_t matched_ = 0;
};

struct AttachOptions {
  bool input = false;  // stdin goes to the program
  bool forward_signals = true;
  std::string detach_keys;  // as parse_detach_keys() gives them
};

class AttachedClient {
 public:
  // Connects; the container is created.
  AttachedClient(const Places& places, const ContainerRecord& record);
  enum class Outcome { ended, detached };
  // Copies until the container has ended, the keys were typed, or the terminal in front of the
  // container's own went away (the container runs on). Puts a terminal into raw mode
  // meanwhile where the container has one, too.
  Outcome serve(const AttachOptions& options);

 private:
  bool forward_input(DetachKeys& keys);
  bool copy_output();
  void handle_signals(const ForegroundSignals& signals, const AttachOptions& options);
  void resize() const;
  void send(std::string_view bytes);

  const Places& places_;
  const ContainerRecord& record_;
  const bool on_terminal_;  // one in front of the container's own
  Fd socket_;
  bool has_lost_terminal_ = false;
};

}  // namespace gocker
