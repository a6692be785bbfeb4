#include "runtime/container/processes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/signalling.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

std::optional<ino_t> pid_namespace_of(pid_t pid) {
  struct stat status {};
  const std::string file = "/proc/" + std::to_string(pid) + "/ns/pid";
  // Whose namespaces can't be looked at is none of the container's.
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  return status.st_ino;
}

std::vector<pid_t> all_pids() {
  std::vector<pid_t> pids;
  for (const std::string& name : list_directory(open_file("/proc", O_RDONLY), "/proc")) {
    if (const auto pid = parse_u32(name)) pids.push_back(static_cast<pid_t>(*pid));
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::vector<pid_t> processes_without_groups(const Container& container) {
  const Fd first = container.open_process();
  if (!first) return {};
  const pid_t init = container.record().pid;
  const auto wanted = pid_namespace_of(init);
  if (!wanted || wanted == pid_namespace_of(::getpid())) return {init};
  std::vector<pid_t> pids = all_pids();
  std::erase_if(pids, [&](pid_t pid) { return pid_namespace_of(pid) != wanted; });
  return pids;
}

bool has_groups(const Container& container) {
  return !container.record().cgroup.hierarchies.empty();
}

}  // namespace

std::vector<pid_t> processes_of(const Container& container) {
  if (!has_groups(container)) return processes_without_groups(container);
  return Cgroup(container.record().cgroup).pids();
}

void signal_all_processes(const Container& container, int signal) {
  if (!has_groups(container)) {
    const auto list = [&] {
      const std::vector<pid_t> pids = processes_without_groups(container);
      return std::set<pid_t>(pids.begin(), pids.end());
    };
    return signal_listed(list, signal);
  }
  Cgroup(container.record().cgroup).kill_all(signal);
}

}  // namespace gocker
