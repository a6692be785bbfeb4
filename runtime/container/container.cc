#include "runtime/container/container.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/syscalls.h"
#include "runtime/container/hooks.h"
#include "runtime/container/start_gate.h"
#include "runtime/linux/intel_rdt.h"
#include "runtime/linux/shared_rootfs.h"

namespace gocker {
namespace {

constexpr char kRecordFile[] = "state.json";
constexpr char kConfigFile[] = "config.json";
constexpr size_t kMaxRecord = 4 << 20;

// Waits for the lock. False where the directory was removed meanwhile by who held it.
bool lock_directory(const Fd& directory) {
  while (::flock(directory.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno("flock");
  }
  return stat_fd(directory, "state directory").st_nlink > 0;
}

bool has_own_pid_namespace(const ContainerRecord& record) {
  return std::any_of(record.namespaces.begin(), record.namespaces.end(), [](const auto& entry) {
    return entry.type == oci::NamespaceType::pid && entry.path.empty();
  });
}

void wait_until_gone(const Fd& process) {
  pollfd polled{process.get(), POLLIN, 0};
  constexpr int kPatience = 10'000;  // milliseconds: in uninterruptible sleep it may take long
  while (::poll(&polled, 1, kPatience) < 0) {
    if (errno != EINTR) throw_errno("poll");
  }
}

// Held from the making of a container's directory to the taking of its lock, so that nobody takes a
// directory that is just being made for one whose creator was killed.
Fd lock_state_root(const StateRoot& root) {
  Fd lock = open_file_at(root.fd(), ".", O_RDONLY | O_DIRECTORY);
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno("flock", root.path());
  }
  return lock;
}

// Where a create was killed, its record still says "creating" and nobody holds the lock.
bool is_abandoned(const ContainerRecord& record, const Fd& directory) {
  return record.pid == 0 && ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0;
}

// Of a container that did not come to be. The error that led here is the one to tell.
void remove_what_can_be(const StateRoot& root, const std::string& id) noexcept {
  try {
    remove_tree_at(root.fd(), id);
  } catch (const std::exception&) {
    // It says "creating" and is locked by nobody: the next create or delete takes it away.
  }
}

}  // namespace

StateRoot::StateRoot(const std::string& path) : path_(path), owner_(::geteuid()) {
  const Doing doing("open state root", path_);
  fd_ = open_if_exists(path, O_RDONLY | O_DIRECTORY);
  if (!fd_) {
    make_directories(path, 0700);
    fd_ = open_file(path, O_RDONLY | O_DIRECTORY);
  }
  const struct stat status = stat_fd(fd_, path);
  if (status.st_uid != owner_) throw Error("it belongs to another user", EPERM);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) throw Error("others may write to it", EPERM);
}

std::vector<std::string> StateRoot::ids() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(
      ::fdopendir(open_file_at(fd_, ".", O_RDONLY | O_DIRECTORY).release()), ::closedir);
  if (!listing) throw_errno("list", path_);
  std::vector<std::string> ids;
  while (const dirent* entry = ::readdir(listing.get())) {
    if (entry->d_name[0] != '.') ids.emplace_back(entry->d_name);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

void check_container_id(const std::string& id) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
  constexpr size_t kLongest = 255;  // it names a directory
  if (!id.empty() && id[0] != '.' && id.size() <= kLongest &&
      id.find_first_not_of(kAllowed) == std::string::npos) {
    return;
  }
  throw Error("invalid container id \"" + id +
              "\": 1 to 255 letters, digits and \"_+-.\" are allowed, no dot in front");
}

Container::Container(Fd root, Fd directory, ContainerRecord record)
    : root_(std::move(root)), directory_(std::move(directory)), record_(std::move(record)) {}

std::optional<Container> Container::load_if_exists(const StateRoot& root, const std::string& id,
                                                   Locking locking) {
  check_container_id(id);
  Fd directory = open_if_exists_at(root.fd(), id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) return std::nullopt;
  if (locking == Locking::exclusive && !lock_directory(directory)) return std::nullopt;
  const std::optional<std::string> json = read_if_exists_at(directory, kRecordFile, kMaxRecord);
  ContainerRecord record;
  record.id = id;  // a create that was killed before its first line of record
  if (json) record = parse_record(*json, root.path() + "/" + id + "/" + kRecordFile);
  return Container(root.fd().duplicate(), std::move(directory), std::move(record));
}

Container Container::load(const StateRoot& root, const std::string& id, Locking locking) {
  std::optional<Container> container = load_if_exists(root, id, locking);
  if (!container) throw Error("container \"" + id + "\" does not exist");
  return std::move(*container);
}

Container Container::make(const StateRoot& root, const ContainerRecord& record,
                          std::string_view config_json) {
  const Step step("make the state directory");
  check_container_id(record.id);
  const Fd root_lock = lock_state_root(root);
  if (::mkdirat(root.fd().get(), record.id.c_str(), 0700) != 0) {
    if (errno != EEXIST) throw_errno("mkdir", record.id);
    std::optional<Container> old = load_if_exists(root, record.id, Locking::none);
    if (old && !is_abandoned(old->record(), old->directory())) {
      throw Error("container with given ID already exists: \"" + record.id + "\"", EEXIST);
    }
    if (old) old->destroy();
    check(::mkdirat(root.fd().get(), record.id.c_str(), 0700), "mkdir", record.id);
  }
  try {
    Fd directory = open_file_at(root.fd(), record.id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    check(::flock(directory.get(), LOCK_EX | LOCK_NB), "lock", record.id);
    Container container(root.fd().duplicate(), std::move(directory), record);
    // Nobody reads it before there is a record.
    write_all(open_file_at(container.directory_, kConfigFile, O_WRONLY | O_CREAT | O_EXCL, 0600),
              config_json, kConfigFile);
    container.save(record);
    return container;
  } catch (...) {
    remove_what_can_be(root, record.id);
    throw;
  }
}

void Container::save(ContainerRecord record) {
  const Step step("write the record");
  record_ = std::move(record);
  replace_file_at(directory_, kRecordFile, to_json(record_), 0600);
}

void Container::unlock() const {
  check(::flock(directory_.get(), LOCK_UN), "unlock");
}

bool Container::lock() const {
  return lock_directory(directory_);
}

Fd Container::open_process() const {
  if (record_.pid <= 0) return Fd();
  Fd process(sys::pidfd_open(record_.pid));
  if (!process && errno != ESRCH) throw_errno("pidfd_open", std::to_string(record_.pid));
  // The start time is read while the pidfd pins the pid: nothing else can have taken it since.
  if (!process || process_start_time(record_.pid) != record_.start_time) return Fd();
  return process;
}

oci::Status Container::status() const {
  if (record_.pid == 0) return oci::Status::creating;
  if (process_start_time(record_.pid) != record_.start_time) return oci::Status::stopped;
  if (is_waiting_at_gate(directory_)) return oci::Status::created;
  return Cgroup(record_.cgroup).is_frozen() ? oci::Status::paused : oci::Status::running;
}

oci::State Container::state(oci::Status status) const {
  const bool has_process = status != oci::Status::stopped && status != oci::Status::creating;
  return {.oci_version = std::string(oci::kVersion),
          .id = record_.id,
          .status = status,
          .pid = has_process ? record_.pid : 0,
          .bundle = record_.bundle,
          .annotations = record_.annotations};
}

oci::StateReport Container::report() const {
  return {.state = state(),
          .rootfs = record_.rootfs,
          .created = record_.created,
          .owner = record_.owner};
}

oci::Spec Container::load_config() const {
  return oci::parse_spec(read_file_at(directory_, kConfigFile), kConfigFile);
}

void Container::destroy() {
  const Doing doing("delete container", record_.id);
  Cgroup cgroup(record_.cgroup);
  if (const Fd process = open_process()) {
    if (sys::pidfd_send_signal(process.get(), SIGKILL) != 0 && errno != ESRCH) {
      throw_errno("pidfd_send_signal", std::to_string(record_.pid));
    }
    if (cgroup.is_frozen()) cgroup.thaw();
    wait_until_gone(process);
  }
  // Without a pid namespace of its own, what init left behind lives on; and whoever made it may
  // have been killed before init was on record.
  if (!has_own_pid_namespace(record_) || record_.pid == 0) cgroup.kill_all(SIGKILL);
  if (record_.scope.empty()) {
    cgroup.remove();
  } else {
    cgroup.await_removal();
  }
  remove_rdt_directories(record_.rdt_directories);
  if (record_.rootfs_mount != 0) unmount_shared_rootfs(record_.rootfs, record_.rootfs_mount);
  std::vector<oci::Hook> poststop;
  if (record_.has_poststop_hooks) poststop = load_config().hooks.poststop;
  remove_directory();
  run_hooks_despite_failures(poststop, "poststop", state(oci::Status::stopped));
}

void Container::remove_directory() const {
  // As a rule, there is no more than these.
  for (const char* name : {kRecordFile, kConfigFile}) ::unlinkat(directory_.get(), name, 0);
  if (::unlinkat(root_.get(), record_.id.c_str(), AT_REMOVEDIR) == 0) return;
  remove_tree_at(root_, record_.id);
}

}  // namespace gocker
