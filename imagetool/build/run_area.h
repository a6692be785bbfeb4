// Where the containers of RUN have their state: RUN_ROOT/build/ID, locked by flock(2) while the
// build lives. What a killed build leaves there, its container included, the next command clears.
#pragma once

#include <string>

#include "runtime/base/fd.h"

namespace gocker {

class RunArea {
 public:
  // `runtime`: the path of the OCI runtime that the container is given to.
  RunArea(const std::string& run_root, std::string runtime);
  RunArea(const RunArea&) = delete;
  RunArea& operator=(const RunArea&) = delete;
  // Removes the container, if there is one, and the directory.
  ~RunArea();

  const std::string& id() const { return id_; }  // of the container
  const std::string& runtime() const { return runtime_; }
  std::string state_root() const { return path_ + "/state"; }  // the runtime's --root

  // Ends the container, whatever it does; fine where there is none.
  void kill_container() const;

 private:
  std::string runtime_;
  std::string parent_;
  std::string id_;
  std::string path_;
  Fd lock_;
};

// Clears what killed builds have left. Costs one system call where there is nothing.
void remove_abandoned_runs(const std::string& run_root, const std::string& runtime);

}  // namespace gocker
