// The calls of the OCI runtime that concern one container or all.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/bundle/resource_limits.h"
#include "imagetool/containers/places.h"

namespace gocker {

struct RuntimeState {
  std::string status;  // created, running, paused, stopped (and creating)
  pid_t pid = 0;       // 0 where there is no process

  bool is_alive() const { return status == "running" || status == "paused"; }
};

class OciRuntime {
 public:
  explicit OciRuntime(const Places& places) : places_(places) {}

  // Nothing where the runtime knows of no such container.
  std::optional<RuntimeState> state(const std::string& id) const;
  std::map<std::string, RuntimeState> list() const;

  void start(const std::string& id) const;
  void kill(const std::string& id, const std::string& signal) const;
  void pause(const std::string& id) const;
  void resume(const std::string& id) const;
  void update(const std::string& id, const Limits& limits) const;
  // What it uses, as the runtime's `events --stats` tells: JSON.
  std::string statistics(const std::string& id) const;
  // Kills what runs; fine where there is no such container.
  void remove(const std::string& id) const;
  // The processes, as ps(1) lists them with `options`.
  std::string processes(const std::string& id, const std::vector<std::string>& options) const;

  // Its command line up to the command: for those who execute it themselves.
  std::vector<std::string> command_line() const;

 private:
  // Its output; throws what it said on stderr where it fails.
  std::string call(std::vector<std::string> words) const;

  const Places& places_;
};

// The environment of programs that are called: nothing of the caller's but the way to programs, and
// to the user's systemd.
std::vector<std::string> program_environment();

}  // namespace gocker
