#include "runtime/cgroup/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/signalling.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"
#include "runtime/cgroup/controllers.h"
#include "runtime/cgroup/device_filter.h"
#include "runtime/cgroup/device_rules.h"
#include "runtime/cgroup/freezer.h"
#include "runtime/cgroup/group_tree.h"
#include "runtime/cgroup/resources.h"

namespace gocker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kTasks = "tasks";
constexpr const char* kProcesses = "cgroup.procs";
constexpr const char* kKill = "cgroup.kill";
constexpr gid_t kSameGroup = static_cast<gid_t>(-1);
// Dying processes leave their groups within that time, also on a busy machine, or something is
// amiss.
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kPatienceWithOthers{2};  // who were to remove a group
constexpr useconds_t kLongestPause = 50'000;            // between two looks

std::string directory_above(const std::string& directory) {
  return directory.substr(0, directory.rfind('/'));
}

// Makes `directory`, and what is missing above it, and notes what it made. False: it was there.
bool make_group(const std::string& directory, std::vector<std::string>& made) {
  // Another container's removal may take away, in between, the group above that it had made.
  for (int attempt = 0; attempt < 10; ++attempt) {
    if (::mkdir(directory.c_str(), 0755) == 0) {
      made.push_back(directory);
      return true;
    }
    if (errno == EEXIST) return false;
    const std::string above = directory_above(directory);
    if (errno != ENOENT || above.empty()) break;
    make_group(above, made);
  }
  throw Error("make " + directory + ": " + control_file_reason(errno), errno == ENOENT ? 0 : errno);
}

// A new group right below the root can't be frozen: the root never is.
bool may_be_frozen(const CgroupPaths& paths) {
  return std::any_of(paths.hierarchies.begin(), paths.hierarchies.end(), [](const auto& entry) {
    const CgroupHost::Hierarchy* host = cgroup_host().find(entry.controllers);
    return !entry.owned || host == nullptr || host->mount_point != directory_above(entry.directory);
  });
}

// v1: nothing may join a cpuset without CPUs and memory nodes, and a new one has none. Returns the
// value, which for a group without one becomes that of the group above.
std::string inherit_cpuset(const GroupDirectory& group, const std::string& file) {
  std::string value(trim(group.read_record(file)));
  if (!value.empty()) return value;
  if (const auto above = group.parent()) value = inherit_cpuset(*above, file);
  group.write(file, value);
  return value;
}

void inherit_cpuset(const CgroupPaths::Hierarchy& hierarchy) {
  const GroupDirectory group = GroupDirectory::open(hierarchy.directory, Filesystem::known);
  // One that was just made has no values for certain.
  const auto above = hierarchy.owned ? group.parent() : std::nullopt;
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    if (above) {
      group.write(file, inherit_cpuset(*above, file));
    } else {
      inherit_cpuset(group, file);
    }
  }
}

// One hierarchy that tells all processes of the container; one of its own, if there is any.
const CgroupPaths::Hierarchy* counting_hierarchy(const CgroupPaths& paths) {
  const CgroupPaths::Hierarchy* unified = paths.find("");
  if (unified != nullptr && unified->owned) return unified;
  const auto own = std::find_if(paths.hierarchies.begin(), paths.hierarchies.end(),
                                [](const auto& hierarchy) { return hierarchy.owned; });
  if (own != paths.hierarchies.end()) return &*own;
  return paths.hierarchies.empty() ? nullptr : &paths.hierarchies.front();
}

void add_pids(const Fd& group, std::set<pid_t>& pids) {
  const Fd file(::openat(group.get(), kProcesses, O_RDONLY | O_CLOEXEC));
  if (!file && is_gone(errno)) return;  // it vanished
  check(file.get(), "open", kProcesses);
  std::string content;
  try {
    content = read_all(file, kProcesses, 64 << 20);
  } catch (const Error& error) {
    // A threaded group of v2 lists its processes only at the root of its subtree.
    if (error.code() == EOPNOTSUPP || error.code() == ENODEV) return;
    throw;
  }
  for (const std::string_view line : split(content, '\n')) {
    const auto pid = parse_u32(line);
    if (pid && *pid != 0) pids.insert(static_cast<pid_t>(*pid));
  }
}

std::set<pid_t> pids_below(const std::string& directory) {
  std::set<pid_t> pids;
  const auto top = GroupDirectory::open_if_exists(directory);
  if (!top) return pids;
  walk_groups(*top, {.visit = [&](const Fd& group) { add_pids(group, pids); }, .leave = {}});
  return pids;
}

// The files whose new owner may manage groups of its own, and no more than that.
std::vector<std::string> delegated_files() {
  const Fd list = open_if_exists("/sys/kernel/cgroup/delegate", O_RDONLY);
  if (!list) return {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"};
  std::vector<std::string> files;
  const std::string content = read_all(list, "/sys/kernel/cgroup/delegate");
  for (const std::string_view file : split(trim(content), '\n')) {
    const bool is_name = !file.empty() && file.find('/') == std::string_view::npos;
    if (is_name) files.emplace_back(file);
  }
  return files;
}

// Without root no filter can be loaded, nor is there need of one: nodes can't be made either.
template <class Filter>
void filter_if_allowed(const std::vector<oci::DeviceRule>& rules, Filter filter) try {
  filter();
} catch (const Error& refused) {
  if (refused.code() != EPERM || is_host_root()) throw;
  if (!rules.empty()) warn("/linux/resources/devices", "not applied: only root may");
}

// By whoever removes it. The directory above tells of it, and may itself be gone by then.
bool is_removed_in_time(const std::string& directory) {
  const auto deadline = Clock::now() + kPatienceWithOthers;
  const Fd watch(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1"));
  const std::string above = directory_above(directory);
  if (::inotify_add_watch(watch.get(), above.c_str(), IN_DELETE | IN_ONLYDIR) < 0) {
    if (errno == ENOENT) return true;
    throw_errno("watch", above);
  }
  while (GroupDirectory::open_if_exists(directory)) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd told{watch.get(), POLLIN, 0};
    if (::poll(&told, 1, static_cast<int>(left)) < 0 && errno != EINTR) throw_errno("poll");
    std::array<char, 4096> events;
    while (::read(watch.get(), events.data(), events.size()) > 0) continue;
  }
  return true;
}

std::string list_of(const std::set<pid_t>& pids) {
  constexpr size_t kShown = 8;
  std::vector<std::string> names;
  for (const pid_t pid : pids) {
    if (names.size() == kShown) {
      names.emplace_back("...");
      break;
    }
    names.push_back(std::to_string(pid));
  }
  return join(names, ", ");
}

}  // namespace

void Cgroup::create(pid_t first) {
  const CloseInBatches batches;
  const Doing doing("make the control groups");
  is_planned_here_ = true;
  for (CgroupPaths::Hierarchy& hierarchy : paths_.hierarchies) {
    if (!make_group(hierarchy.directory, created_)) hierarchy.owned = false;
    if (names_controller(hierarchy.controllers, "cpuset")) inherit_cpuset(hierarchy);
  }
  if (first != 0) unified_group().write(kProcesses, std::to_string(first));
  if (paths_.unified_only()) hand_down_all_controllers(unified_group());
  // A process that joined would stop before it could say a word.
  if (may_be_frozen(paths_) && is_frozen()) {
    throw Error(paths_.hierarchies.front().directory + ": the group is frozen: thaw it first");
  }
}

void Cgroup::undo() noexcept {
  try {
    remove();
  } catch (const std::exception&) {
    // The error that led here is the one to tell; `delete --force` finds the groups again.
  }
  for (auto made = created_.rbegin(); made != created_.rend(); ++made) ::rmdir(made->c_str());
  created_.clear();
}

void Cgroup::apply(const oci::Resources& resources) const {
  const CloseInBatches batches;
  const Doing doing("set limits");
  apply_limits(paths_, resources);
  if (paths_.find("devices") != nullptr) apply_first_device_rules(resources.devices);
}

void Cgroup::filter_devices(const oci::Resources& resources) const {
  const CloseInBatches batches;
  const Doing doing("set limits");
  // --cgroup-manager disabled, or those that a user is given have nothing to do with devices.
  const bool none = paths_.hierarchies.empty() || (paths_.find("") == nullptr && !is_host_root());
  if (none || paths_.find("devices") != nullptr) return;
  filter_if_allowed(resources.devices, [&] { apply_first_device_rules(resources.devices); });
}

// The default would take devices away from those who are in a foreign group already.
void Cgroup::apply_first_device_rules(const std::vector<oci::DeviceRule>& rules) const {
  const CgroupPaths::Hierarchy* v1 = paths_.find("devices");
  const CgroupPaths::Hierarchy* devices = v1 != nullptr ? v1 : paths_.find("");
  const bool joined = devices != nullptr && !devices->owned;
  if (joined && rules.empty()) return;
  if (devices == nullptr) return apply_device_rules(paths_, rules);
  const std::vector<DeviceDecision> decisions = decide_devices(rules);
  const Attached before = joined ? Attached::perhaps : Attached::nothing;
  if (v1 == nullptr) return attach_device_filter(unified_group(), decisions, before);
  write_device_list(GroupDirectory::open(v1->directory, filesystem()), decisions, before);
}

void Cgroup::update(const oci::Resources& resources) {
  const Doing doing("set limits");
  apply_limits(paths_, resources);
  const std::vector<oci::DeviceRule>& rules = resources.devices;
  if (!rules.empty()) filter_if_allowed(rules, [&] { apply_device_rules(paths_, rules); });
}

void Cgroup::give_to(uid_t owner) {
  const CgroupPaths::Hierarchy* unified = paths_.find("");
  if (unified == nullptr || !unified->owned) return;
  const Doing doing("give away control group", unified->directory);
  const GroupDirectory group = GroupDirectory::open(unified->directory);
  check(::fchownat(group.fd().get(), "", owner, kSameGroup, AT_EMPTY_PATH), "chown");
  for (const std::string& file : delegated_files()) {
    const int changed =
        ::fchownat(group.fd().get(), file.c_str(), owner, kSameGroup, AT_SYMLINK_NOFOLLOW);
    if (changed != 0 && errno != ENOENT) throw_errno("chown", file);
  }
}

Filesystem Cgroup::filesystem() const {
  return is_planned_here_ ? Filesystem::known : Filesystem::to_be_checked;
}

const GroupDirectory& Cgroup::unified_group() const {
  if (!unified_) unified_ = GroupDirectory::open(paths_.find("")->directory, filesystem());
  return *unified_;
}

const Fd& Cgroup::unified_directory() const {
  static const Fd kNone;
  return paths_.find("") == nullptr ? kNone : unified_group().fd();
}

Fd Cgroup::unified_directory_of(pid_t pid) const {
  const CgroupPaths::Hierarchy* unified = paths_.find("");
  if (unified == nullptr) return Fd();
  const auto top = GroupDirectory::open_if_exists(unified->directory);
  if (!top) return Fd();
  Fd directory;
  walk_groups(*top, {.visit =
                         [&](const Fd& group) {
                           std::set<pid_t> pids;
                           add_pids(group, pids);
                           if (pids.contains(pid)) directory = group.duplicate();
                         },
                     .leave = {}});
  return directory;
}

std::vector<Fd> Cgroup::open_tasks_files() const {
  const Doing doing("open the control groups");
  std::vector<Fd> files;
  for (const CgroupPaths::Hierarchy& hierarchy : paths_.hierarchies) {
    if (hierarchy.controllers.empty()) continue;
    files.push_back(open_control_file(hierarchy.directory + "/" + kTasks, O_WRONLY, filesystem()));
  }
  return files;
}

std::vector<pid_t> Cgroup::pids() const {
  const Doing doing("list the processes of the control groups");
  const CgroupPaths::Hierarchy* hierarchy = counting_hierarchy(paths_);
  if (hierarchy == nullptr) return {};
  const std::set<pid_t> pids = pids_below(hierarchy->directory);
  return {pids.begin(), pids.end()};
}

void Cgroup::freeze() {
  freeze_groups(paths_);
}

void Cgroup::thaw() {
  thaw_groups(paths_);
}

bool Cgroup::is_frozen() const {
  return are_frozen(paths_);
}

void Cgroup::kill_all(int signal) {
  const Doing doing("signal all processes");
  const CgroupPaths::Hierarchy* hierarchy = counting_hierarchy(paths_);
  if (hierarchy == nullptr || !hierarchy->owned) return;
  const auto group = GroupDirectory::open_if_exists(hierarchy->directory);
  if (!group) return;
  const bool at_once =
      signal == SIGKILL && hierarchy->controllers.empty() && group->try_write(kKill, "1") == 0;
  if (!at_once) signal_listed([&] { return pids_below(hierarchy->directory); }, signal);
  if (signal == SIGKILL) thaw_v1_groups_below(paths_);
}

void Cgroup::await_removal() {
  const Doing doing("wait for systemd to remove the control groups");
  for (const CgroupPaths::Hierarchy& hierarchy : paths_.hierarchies) {
    if (hierarchy.owned && !is_removed_in_time(hierarchy.directory)) return remove();
  }
}

void Cgroup::remove() {
  const Doing doing("remove the control groups");
  std::vector<std::string> left;
  for (const CgroupPaths::Hierarchy& hierarchy : paths_.hierarchies) {
    if (hierarchy.owned) left.push_back(hierarchy.directory);
  }
  const auto deadline = Clock::now() + kPatience;
  for (useconds_t pause = 100;; pause = std::min(pause * 2, kLongestPause)) {
    std::erase_if(left,
                  [](const std::string& directory) { return remove_group_tree(directory) == 0; });
    if (left.empty()) return;
    if (Clock::now() >= deadline) break;
    ::usleep(pause);
  }
  throw Error(left.front() + ": processes are in it still: " + list_of(pids_below(left.front())),
              EBUSY);
}

}  // namespace gocker
