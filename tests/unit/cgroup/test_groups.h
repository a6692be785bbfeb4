// Real control groups for tests: all below a group of a fresh name, which is removed at the end
// with whatever is in it. Needs root and a cgroup filesystem, else the test is skipped.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/base/process.h"
#include "runtime/cgroup/cgroup.h"

namespace gocker {

// Milliseconds: longer than anything takes that works, also on a busy machine.
inline constexpr int kPatience = 60'000;

class TestGroups : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // "/gocker-test-PID-N": the group above all of this test.
  const std::string& top() const { return top_; }
  // Groups at top()/name, planned for this host.
  CgroupPaths plan(const std::string& name) const;
  // The host's directory of a group; empty where no hierarchy has the controller.
  std::string directory(const std::string& controller, const std::string& name) const;

  // A process that is in all groups of `cgroup`: it does `work`, then sleeps. It is inside already
  // when this returns.
  static Child start_inside(
      const Cgroup& cgroup, const std::function<void()>& work = [] {});
  // What `work` returns in such a process.
  static int run_inside(const Cgroup& cgroup, const std::function<int()>& work);

  // Runs `work` in a process of its own, in a private mount namespace where cgroup2 alone is
  // mounted at /sys/fs/cgroup. Its failed expectations count; what it throws does, too.
  void on_unified_host(const std::function<void(const CgroupHost& host)>& work);

 private:
  std::string top_;
};

// Thaws what the freezer of v1 holds in a group and below, at the end of its scope. Declared after
// a process, it lets that be reaped whatever went wrong: SIGKILL does not reach a frozen one.
class ThawAtEnd {
 public:
  explicit ThawAtEnd(std::string freezer_directory) : directory_(std::move(freezer_directory)) {}
  ThawAtEnd(const ThawAtEnd&) = delete;
  ThawAtEnd& operator=(const ThawAtEnd&) = delete;
  ~ThawAtEnd();

 private:
  std::string directory_;
};

std::string content_of(const std::string& path);  // trimmed
bool exists(const std::string& path);
// What the error that `work` throws says; empty where it throws none.
std::string error_of(const std::function<void()>& work);

}  // namespace gocker
