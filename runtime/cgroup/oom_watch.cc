#include "runtime/cgroup/oom_watch.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>

#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/group_directory.h"

namespace gocker {

OomWatch::OomWatch(const CgroupPaths& paths) {
  const Doing doing("watch for the end of memory");
  if (const CgroupPaths::Hierarchy* memory = paths.find("memory")) {
    on_v1_ = true;
    directory_ = memory->directory;
    const GroupDirectory group = GroupDirectory::open(directory_);
    const Fd control = group.open_file("memory.oom_control", O_RDONLY);
    event_ = Fd(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"));
    group.write("cgroup.event_control",
                std::to_string(event_.get()) + " " + std::to_string(control.get()));
    return;
  }
  const CgroupPaths::Hierarchy* unified = paths.find("");
  if (unified == nullptr) return;
  const GroupDirectory group = GroupDirectory::open(unified->directory);
  if (!group.has("memory.events")) return;
  directory_ = unified->directory;
  seen_ = count_v2();
  event_ = Fd(check(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1"));
  const std::string file = descriptor_path(group.fd()) + "/memory.events";
  check(::inotify_add_watch(event_.get(), file.c_str(), IN_MODIFY), "watch", "memory.events");
}

bool OomWatch::happened() {
  std::array<char, 4096> events;
  const ssize_t got = ::read(event_.get(), events.data(), events.size());
  // The end of a v1 group wakes its watcher, too.
  if (on_v1_) return got > 0 && GroupDirectory::open_if_exists(directory_).has_value();
  const uint64_t count = count_v2();
  const bool more = count > seen_;
  seen_ = count;
  return more;
}

uint64_t OomWatch::count_v2() const {
  const auto group = GroupDirectory::open_if_exists(directory_);
  if (!group) return seen_;
  const std::string content = group->read_if_exists("memory.events").value_or("");
  return parse_u64(flat_value(content, "oom")).value_or(seen_);
}

}  // namespace gocker
