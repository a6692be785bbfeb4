#include "tests/system/cgroups.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRoot = "/sys/fs/cgroup";

// Groups of other programs come and go meanwhile: what can't be read any more is gone.
void add_groups_with(const std::string& id, const fs::path& directory,
                     std::vector<std::string>& found) {
  std::error_code error;
  std::vector<fs::path> below;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    if (entry->is_directory(gone) && !entry->is_symlink(gone)) below.push_back(entry->path());
  }
  for (const fs::path& group : below) {
    if (group.string().find(id) != std::string::npos) found.push_back(group.string());
    add_groups_with(id, group, found);
  }
}

}  // namespace

bool cgroups_are_unified() {
  return fs::exists(std::string(kRoot) + "/cgroup.controllers");
}

bool has_controller(const std::string& controller) {
  if (!cgroups_are_unified()) return fs::exists(std::string(kRoot) + "/" + controller);
  std::ifstream file(std::string(kRoot) + "/cgroup.controllers");
  for (std::string word; file >> word;) {
    if (word == controller) return true;
  }
  return false;
}

std::string cgroup_directory(const std::string& controller, const std::string& cgroups_path) {
  if (!has_controller(controller)) return "";
  return cgroups_are_unified() ? kRoot + cgroups_path : kRoot + ("/" + controller) + cgroups_path;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return file ? line : "unreadable";
}

bool any_line_is(const std::string& path, const std::string& wanted) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    line.erase(line.find_last_not_of(' ') + 1);  // rdma.max has one at its end
    if (line == wanted) return true;
  }
  return false;
}

std::vector<std::string> cgroups_with(const std::string& id) {
  std::vector<std::string> found;
  add_groups_with(id, kRoot, found);
  return found;
}

}  // namespace gocker::test
