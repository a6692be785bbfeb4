// A tmpfs on the host for as long as a test runs: the source of bind mounts.
#pragma once

#include <string>

namespace gocker::test {

enum class Sharing { shared, separate };

class HostTmpfs {
 public:
  // Makes the directory `point`. `flags` are MS_* of mount(2).
  HostTmpfs(std::string point, unsigned long flags, Sharing sharing = Sharing::separate);
  HostTmpfs(const HostTmpfs&) = delete;
  HostTmpfs& operator=(const HostTmpfs&) = delete;
  ~HostTmpfs();
  const std::string& point() const { return point_; }

 private:
  std::string point_;
};

}  // namespace gocker::test
