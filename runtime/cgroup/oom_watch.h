// Tells when the kernel ran out of memory in a control group.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/cgroup/cgroup_paths.h"

namespace gocker {

// By an eventfd on memory.oom_control (v1), or by what memory.events counts (v2).
class OomWatch {
 public:
  // Watches nothing where there is no memory controller.
  explicit OomWatch(const CgroupPaths& paths);

  const Fd& fd() const { return event_; }  // readable when it is time to ask; -1: never
  // Whether it happened since the last time.
  bool happened();

 private:
  uint64_t count_v2() const;

  std::string directory_;
  bool on_v1_ = false;
  Fd event_;
  uint64_t seen_ = 0;
};

}  // namespace gocker
