// Who attends to a running container: conmon, or the gocker-image of a foreground run.
// RUN/keepers/ID names that process by its pid and start time. At the container's end its exit code
// is added and the file removed; who waits for the end has the file open and is woken.
//
// (A lock that conmon inherits would not do: it closes all its descriptors some time before it
// writes down the exit code.)
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "imagetool/containers/places.h"
#include "runtime/base/fd.h"

namespace gocker {

// In place of an earlier one. The caller holds the container's transition.
void set_keeper(const Places& places, const std::string& id, pid_t process);

// Whether the keeper lives.
bool has_keeper(const Places& places, const std::string& id);

// The ids of containers with a file, attended to or not.
std::vector<std::string> kept_containers(const Places& places);

// `exit_code` is nothing where it is unknown. Fine where there is no keeper.
void announce_end(const Places& places, const std::string& id, std::optional<int> exit_code);

// A container's end, for who waits for it.
class EndWatch {
 public:
  // To be made before the container can have ended.
  EndWatch(const Places& places, const std::string& id);
  // False where nobody attended to the container.
  explicit operator bool() const { return static_cast<bool>(file_); }

  struct End {
    bool was_announced = false;    // else the keeper died before
    std::optional<int> exit_code;  // nothing: unknown
  };
  End wait() const;

 private:
  Fd file_;
  Fd changes_;
  Fd keeper_;
};

}  // namespace gocker
