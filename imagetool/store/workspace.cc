#include "imagetool/store/workspace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "imagetool/store/partial.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

std::string fresh_name() {
  static std::atomic<unsigned> counter{0};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::to_string(::getpid()) + "-" + std::to_string(now.tv_sec) + "-" +
         std::to_string(now.tv_nsec) + "-" + std::to_string(++counter);
}

Fd make_directory(const Fd& parent, const std::string& name) {
  check(::mkdirat(parent.get(), name.c_str(), 0700), "mkdir", name);
  return open_file_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// Valid where the lock could be had, that is, where the owner is gone.
Fd lock_if_abandoned(const Fd& tmp, const std::string& name) {
  Fd fd = open_if_exists_at(tmp, name, O_RDONLY | O_NOFOLLOW);
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return fd;
}

}  // namespace

Workspace::Workspace(const Store& store) : store_(store), name_(fresh_name()) {
  const Doing doing("make a workspace in", store.root());
  const Fd locked = store.lock(Store::Lock::shared);
  directory_ = make_directory(store.tmp(), name_);
  check(::flock(directory_.get(), LOCK_EX | LOCK_NB), "lock", name_);
}

Workspace::~Workspace() {
  try {
    remove_tree_at(store_.tmp(), name_);
  } catch (const std::exception&) {
    // The next command finds it without an owner and tries again.
  }
}

void Workspace::pin(const std::string& hex) {
  if (!pins_) pins_ = make_directory(directory_, "pins");
  open_file_at(pins_, hex, O_WRONLY | O_CREAT, 0600);
}

void remove_leftovers(const Store& store) {
  if (list_directory(store.tmp(), "tmp").empty()) return;
  std::vector<std::pair<std::string, Fd>> abandoned;
  {
    // Nobody makes a workspace meanwhile, so one without a lock has no owner.
    const Fd locked = store.lock(Store::Lock::exclusive);
    for (std::string& name : list_directory(store.tmp(), "tmp")) {
      if (Fd fd = lock_if_abandoned(store.tmp(), name)) {
        abandoned.emplace_back(std::move(name), std::move(fd));
      }
    }
  }
  for (const auto& [name, lock] : abandoned) {
    keep_partials(store, lock);
    remove_tree_at(store.tmp(), name);
  }
}

std::vector<std::string> pinned_names(const Store& store) {
  std::vector<std::string> names;
  for (const std::string& workspace : list_directory(store.tmp(), "tmp")) {
    const Fd pins = open_if_exists_at(store.tmp(), workspace + "/pins", O_RDONLY | O_DIRECTORY);
    if (!pins) continue;
    for (std::string& name : list_directory(pins, "pins")) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace gocker
