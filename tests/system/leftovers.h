// What must be gone with a container: processes, mounts, cgroups, state directories, descriptors.
//
// The test program is the subreaper of all that it starts and has a mount namespace of its own
// (main.cc), so whatever a runtime leaves behind ends up here and nothing else does.
#pragma once

#include <string>
#include <vector>

namespace gocker::test {

class Leftovers {
 public:
  // Remembers how things are before the test.
  Leftovers();

  // What is there now and was not then, one line each: "process 123 /inside sleep". Processes that
  // are about to end get the time to do so, and zombies are reaped. `ids` are the containers'
  // names, `root` the runtime's state directory.
  std::vector<std::string> find(const std::vector<std::string>& ids, const std::string& root) const;
  // Ends, unmounts and removes all that is left, so that the next test starts clean.
  void clear(const std::vector<std::string>& ids) const;

 private:
  std::vector<std::string> mounts_;
  size_t descriptors_;
};

}  // namespace gocker::test
