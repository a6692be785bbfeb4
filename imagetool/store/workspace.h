// A running command's own directory below the store's tmp/. It holds the directory's flock, so
// that other commands can tell it from one whose owner was killed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

class Workspace {
 public:
  // Takes the store's shared lock for a moment. `store` must outlive it.
  explicit Workspace(const Store& store);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  // Removes the directory with all that is in it.
  ~Workspace();

  const Fd& directory() const { return directory_; }
  std::string path() const { return store_.root() + "/tmp/" + name_; }

  // Keeps the blob and the layer of this name (the hexadecimal digits) from gc while it lives. The
  // caller holds the store's lock, shared at least, until it has seen that they are there.
  void pin(const std::string& hex);

 private:
  const Store& store_;
  std::string name_;
  Fd directory_;
  Fd pins_;
};

// Removes the workspaces that nobody holds. Takes the exclusive lock for a moment, where there is
// anything to see at all.
void remove_leftovers(const Store& store);

// What all living workspaces have pinned. The caller holds the exclusive lock.
std::vector<std::string> pinned_names(const Store& store);

}  // namespace gocker
