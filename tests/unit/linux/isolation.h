// Bodies of tests that mount, change namespaces or drop privileges run in a child process in
// namespaces of their own, so that nothing of it outlives the test or reaches the host.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gocker {

// Runs `body` in a child with CLONE_NEWNS and `more_flags` unshared and all mounts private. Its
// failed expectations and its exceptions fail the calling test.
void in_mount_namespace(const std::function<void()>& body, uint64_t more_flags = 0);

// Runs `body` in a child that shares nothing but its memory's content.
void in_child(const std::function<void()>& body);

// The what() of the Error that `body` throws; fails the test and returns "" where it throws none.
std::string error_of(const std::function<void()>& body);

// One line of a /proc/PID/mountinfo.
struct MountEntry {
  std::string mount_point;
  std::string options;      // "ro,nosuid"
  std::string propagation;  // "shared:1 master:2"
  std::string type;
  std::string source;
  std::string super_options;

  bool has_option(const std::string& name) const;
};
std::vector<MountEntry> mount_table(const std::string& file = "/proc/self/mountinfo");
// The topmost mount at `path`; fails the test where nothing is mounted there.
MountEntry mount_at(const std::string& path);

void make_file(const std::string& path, const std::string& content = "");
// The whole content, or "error: <errno text>".
std::string content_of(const std::string& path);
// errno of opening for writing (O_CREAT), 0 where it works.
int write_error(const std::string& path);

}  // namespace gocker
