// The journal of what is being done to containers, and the lock of each.
//
// A command that changes a container first leaves RUN/transitions/ID and holds flock(2) on it. The
// file is removed when the change is done; where the command is killed, the file stays and its lock
// is free. Whoever finds such a file finishes or undoes the change (recovery.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/containers/places.h"
#include "runtime/base/fd.h"

namespace gocker {

// A change that has paused a running container: who finds it cut off lets that go on.
inline constexpr std::string_view kPausedForCommit = "commit, paused";

class Transition {
 public:
  // Waits for others that change the container. `what` is for people: "create", "start".
  Transition(const Places& places, const std::string& id, std::string_view what);
  // Nothing where somebody else changes it just now.
  static std::optional<Transition> try_begin(const Places& places, const std::string& id,
                                             std::string_view what);
  Transition(Transition&& other) noexcept = default;
  Transition& operator=(Transition&&) = delete;
  ~Transition();

  const std::string& id() const { return id_; }
  // Whether an earlier change of this container was cut off: its file was there already.
  bool was_cut_off() const { return !cut_off_.empty(); }
  // What that was: the text that it left.
  const std::string& cut_off() const { return cut_off_; }
  // Says what is done from now on, for whoever finds it cut off.
  void describe(std::string_view what) const;
  // Done: the file is removed, the lock given back.
  void finish();
  // Another process that has inherited the lock will finish it.
  void hand_over() { file_.reset(); }

 private:
  Transition() = default;
  bool begin(const Places& places, const std::string& id, std::string_view what, int lock_flags);

  std::string path_;
  std::string id_;
  Fd file_;
  std::string cut_off_;
};

// The ids of containers with a file in the journal: being changed, or cut off.
std::vector<std::string> open_transitions(const Places& places);

}  // namespace gocker
