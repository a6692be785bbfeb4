#include "imagetool/rootless/users_namespace.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "imagetool/bundle/user_namespace.h"
#include "imagetool/lifeline.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id_map.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/socket.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"

namespace gocker {
namespace {

constexpr char kPidFile[] = "namespace.pid";
constexpr char kLockFile[] = "namespace.lock";

Fd take_lock(const Fd& run) {
  Fd lock = open_file_at(run, kLockFile, O_RDWR | O_CREAT, 0600);
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno("lock", kLockFile);
  }
  return lock;
}

Fd open_run(const std::string& run) {
  make_directories(run, 0700);
  Fd directory = open_file(run, O_RDONLY | O_DIRECTORY);
  const struct stat status = stat_fd(directory, run);
  if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error("open " + run + ": it must be yours alone", EPERM);
  }
  return directory;
}

// --- making them ---------------------------------------------------------------------------------

std::string own_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::to_string(::geteuid()) : entry->pw_name;
}

IdMaps own_subordinate_ids() {
  const std::string name = own_name();
  const std::string number = std::to_string(::geteuid());
  try {
    return subordinate_id_maps(name, name);
  } catch (const Error&) {  // newuidmap(1) takes the number, too
    try {
      return subordinate_id_maps(number, number);
    } catch (const Error& none) {
      throw Error(std::string(none.what()) + ": add the line " + name +
                  ":100000:65536 to /etc/subuid and to /etc/subgid");
    }
  }
}

std::vector<IdRange> with_root(uint32_t root, const std::vector<oci::IdMapping>& others) {
  std::vector<IdRange> ranges{{.inside = 0, .outside = root, .size = 1}};
  for (const oci::IdMapping& each : others) {
    ranges.push_back({each.container_id + 1, each.host_id, each.size});
  }
  return ranges;
}

void leave_what_was_inherited(const std::array<int, 3>& kept) {
  ::setsid();
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null.get(), fd);
  close_all_from(STDERR_FILENO + 1, {kept.begin(), kept.end()});
}

// True once the last writer is gone.
bool is_deserted(const Fd& fifo, int timeout) {
  pollfd polled{fifo.get(), POLLIN, 0};
  return ::poll(&polled, 1, timeout) == 1 && (polled.revents & POLLHUP) != 0;
}

// The holder's whole life. `parent` tells when the ids are mapped, and is told when all stands.
[[noreturn]] void hold(const Fd& run, const Fd& parent) {
  char byte = 0;
  if (::read(parent.get(), &byte, 1) != 1) exit_now(1);
  // What the host mounts later is seen here, and nothing the other way.
  check(::mount("", "/", "", MS_SLAVE | MS_REC, ""), "change the mount propagation of /");
  check(::chdir("/"), "chdir /");
  ::signal(SIGPIPE, SIG_IGN);
  Fd fifo = open_file_at(run, kLifelineFifo, O_RDONLY | O_NONBLOCK);
  leave_what_was_inherited({run.get(), parent.get(), fifo.get()});
  check(::write(parent.get(), &byte, 1), "tell that the namespaces are made");
  while (true) {
    if (!is_deserted(fifo, -1)) continue;
    const Fd lock = take_lock(run);
    if (!is_deserted(fifo, 0)) continue;
    fifo.reset();  // before the lock goes: who enters next must not find it
    exit_now(0);
  }
}

void clear_and_make_fifo(const Fd& run) {
  if (::mkfifoat(run.get(), kLifelineFifo, 0600) != 0 && errno != EEXIST)
    throw_errno("mkfifo", kLifelineFifo);
}

std::optional<Child> clone_holder() try {
  return clone_child(CLONE_NEWUSER | CLONE_NEWNS, Fd());
} catch (const Error& refused) {
  throw Error::from_text(refused.what() + user_namespace_hint(), refused.code());
}

// For who holds the lock.
void make_namespaces(const Fd& run) {
  const Doing doing("make your user namespace");
  const IdMaps others = own_subordinate_ids();
  clear_and_make_fifo(run);
  auto [ours, theirs] = socket_pair();
  std::optional<Child> holder = clone_holder();
  if (!holder) {
    try {
      Doing::start_anew();
      ours.reset();
      hold(run, theirs);
    } catch (const std::exception&) {
      exit_now(1);
    }
  }
  theirs.reset();
  write_id_maps(holder->pid(), with_root(::geteuid(), others.uids),
                with_root(::getegid(), others.gids));
  char byte = 'm';
  check(::write(ours.get(), &byte, 1), "tell that the ids are mapped");
  if (::read(ours.get(), &byte, 1) != 1) throw Error("the process that holds it died");
  replace_file_at(run, kPidFile, std::to_string(holder->pid()), 0600);
  holder->release();
}

// --- entering ------------------------------------------------------------------------------------

void join_holder(const Fd& run) {
  const Doing doing("enter your user namespace");
  const auto pid = parse_i64(trim(read_file_at(run, kPidFile)));
  if (!pid || *pid <= 0) throw Error(std::string(kPidFile) + " is damaged");
  const Fd holder(check(sys::pidfd_open(static_cast<pid_t>(*pid)), "pidfd_open"));
  const std::string here = real_path(".");
  check(::setns(holder.get(), CLONE_NEWUSER | CLONE_NEWNS), "setns");
  check(::chdir(here.c_str()), "chdir", here);
}

}  // namespace

void enter_users_namespace(const std::string& run) {
  const Fd directory = open_run(run);
  const Fd lock = take_lock(directory);
  Fd lifeline = open_lifeline_at(directory);
  if (!lifeline) {
    make_namespaces(directory);
    lifeline = open_lifeline_at(directory);
  }
  if (!lifeline) throw Error("enter your user namespace: the process that holds it died");
  join_holder(directory);
  lifeline.release();  // for as long as this process lives
}

}  // namespace gocker
