#include "tests/system/leftovers.h"

#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/system/cgroups.h"
#include "tests/system/program.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

Texts mount_lines() {
  std::ifstream file("/proc/self/mountinfo");
  Texts lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string mount_point(const std::string& line) {
  std::istringstream words(line);
  std::string word;
  for (int i = 0; i < 5; ++i) words >> word;
  return word;
}

Texts added_mounts(const Texts& before) {
  Texts added;
  for (const std::string& line : mount_lines()) {
    if (std::find(before.begin(), before.end(), line) == before.end()) added.push_back(line);
  }
  return added;
}

// Whether its id (the first field) is one of before: its options have changed, as those of all
// mounts of a file system that has been mounted anew with others.
bool was_there(const std::string& line, const Texts& before) {
  const std::string id = line.substr(0, line.find(' ') + 1);
  return std::any_of(before.begin(), before.end(),
                     [&](const std::string& earlier) { return earlier.starts_with(id); });
}

size_t open_descriptors() {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

std::string command_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

Texts state_entries(const std::string& root, const std::string& id) {
  Texts found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(root, none)) {
    if (entry.path().filename().string().find(id) != std::string::npos) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

}  // namespace

Leftovers::Leftovers() : mounts_(mount_lines()), descriptors_(open_descriptors()) {}

Texts Leftovers::find(const Texts& ids, const std::string& root) const {
  wait_until([] { return live_orphans().empty(); });
  Texts found;
  for (const pid_t pid : live_orphans()) {
    found.push_back("process " + std::to_string(pid) + " " + command_of(pid));
  }
  for (const std::string& line : added_mounts(mounts_)) found.push_back("mount " + line);
  for (const std::string& id : ids) {
    for (const std::string& path : cgroups_with(id)) found.push_back("cgroup " + path);
    for (const std::string& path : state_entries(root, id)) found.push_back("state " + path);
  }
  if (open_descriptors() != descriptors_) found.push_back("descriptors of the test itself");
  return found;
}

void Leftovers::clear(const Texts& ids) const {
  for (const pid_t pid : live_orphans()) ::kill(pid, SIGKILL);
  wait_until([] { return live_orphans().empty(); });
  const Texts added = added_mounts(mounts_);
  for (auto line = added.rbegin(); line != added.rend(); ++line) {
    if (!was_there(*line, mounts_)) ::umount2(mount_point(*line).c_str(), MNT_DETACH);
  }
  for (const std::string& id : ids) {
    Texts paths = cgroups_with(id);
    std::sort(paths.rbegin(), paths.rend());
    for (const std::string& path : paths) ::rmdir(path.c_str());
  }
}

}  // namespace gocker::test
