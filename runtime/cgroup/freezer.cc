#include "runtime/cgroup/freezer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/group_tree.h"

namespace gocker {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{10'000};
constexpr const char* kV1State = "freezer.state";
constexpr const char* kV2Freeze = "cgroup.freeze";
constexpr const char* kV2Events = "cgroup.events";

std::optional<GroupDirectory> open_group(const CgroupPaths& paths, std::string_view controller) {
  const CgroupPaths::Hierarchy* hierarchy = paths.find(controller);
  if (hierarchy == nullptr) return std::nullopt;
  return GroupDirectory::open_if_exists(hierarchy->directory);
}

bool is_frozen_v2(const GroupDirectory& group) {
  return trim(flat_value(group.read_if_exists(kV2Events).value_or(""), "frozen")) == "1";
}

std::string v1_state(const GroupDirectory& group) {
  return std::string(trim(group.read_if_exists(kV1State).value_or("")));
}

bool wait_until_frozen_v2(const GroupDirectory& group) {
  const Fd events = group.open_file(kV2Events, O_RDONLY);
  const auto deadline = Clock::now() + kPatience;
  while (true) {
    check(::lseek(events.get(), 0, SEEK_SET), "lseek", kV2Events);
    if (trim(flat_value(read_all(events, kV2Events), "frozen")) == "1") return true;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd polled{events.get(), POLLPRI, 0};
    ::poll(&polled, 1, static_cast<int>(left.count()));
  }
}

// A process that is forking may escape the first pass; the kernel starts another when the state is
// written again.
bool freeze_v1(const GroupDirectory& group) {
  const auto deadline = Clock::now() + kPatience;
  constexpr useconds_t kLongestPause = 50'000;
  for (useconds_t pause = 100; Clock::now() < deadline;
       pause = std::min(pause * 2, kLongestPause)) {
    group.write(kV1State, "FROZEN");
    if (v1_state(group) == "FROZEN") return true;
    ::usleep(pause);
  }
  return false;
}

}  // namespace

void freeze_groups(const CgroupPaths& paths) {
  const Doing doing("freeze");
  bool frozen = false;
  if (const auto group = open_group(paths, ""); group && group->has(kV2Freeze)) {
    group->write(kV2Freeze, "1");
    frozen = wait_until_frozen_v2(*group);
  } else if (const auto v1_group = open_group(paths, "freezer")) {
    frozen = freeze_v1(*v1_group);
  } else if (paths.hierarchies.empty()) {
    throw Error("the container has no control groups to stop it by");
  } else {
    throw Error("no freezer on this host: neither cgroup.freeze (v2) nor the freezer controller");
  }
  if (frozen) return;
  thaw_groups(paths);
  throw Error("a process does not stop within ten seconds (it waits for a device or a disk)");
}

void thaw_groups(const CgroupPaths& paths) {
  const Doing doing("thaw");
  if (const auto group = open_group(paths, ""); group && group->has(kV2Freeze)) {
    group->write(kV2Freeze, "0");
  }
  const auto group = open_group(paths, "freezer");
  if (group && v1_state(*group) != "THAWED") group->write(kV1State, "THAWED");
}

bool are_frozen(const CgroupPaths& paths) {
  if (const auto group = open_group(paths, ""); group && is_frozen_v2(*group)) return true;
  const auto group = open_group(paths, "freezer");
  if (!group) return false;
  const std::string state = v1_state(*group);
  return state == "FROZEN" || state == "FREEZING";
}

void thaw_v1_groups_below(const CgroupPaths& paths) {
  const auto top = open_group(paths, "freezer");
  if (!top) return;
  walk_groups(*top, {.visit =
                         [](const Fd& group) {
                           const Fd state(::openat(group.get(), kV1State, O_WRONLY | O_CLOEXEC));
                           if (!state) return;  // it vanished
                           const bool written = ::write(state.get(), "THAWED", 6) >= 0;
                           if (!written && !is_gone(errno)) throw_errno("write", kV1State);
                         },
                     .leave = {}});
}

}  // namespace gocker
