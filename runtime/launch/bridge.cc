#include "runtime/launch/bridge.h"

#include <fcntl.h>
#include <sched.h>

#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"
#include "runtime/launch/protocol.h"
#include "runtime/linux/user.h"

namespace gocker {
namespace {

// The pid behind a pidfd, as seen by the caller.
pid_t pid_of(const Fd& pidfd) {
  const std::string info = read_file("/proc/self/fdinfo/" + std::to_string(pidfd.get()));
  for (const std::string_view line : split(info, '\n')) {
    if (!line.starts_with("Pid:")) continue;
    const auto pid = parse_i64(trim(line.substr(4)));
    if (pid && *pid > 0) return static_cast<pid_t>(*pid);
  }
  throw Error("the process died before its launcher could see it");
}

// Returns in the new process alone.
void bridge(uint64_t flags, const std::function<void()>& join, const SyncSocket& launcher) try {
  join();
  std::optional<Child> process = clone_child(flags | CLONE_PARENT, Fd());
  if (!process) return;
  launcher.send(MessageKind::kChild, {process->pidfd().get()});
  exit_now(0);
} catch (const Error& error) {
  launcher.send_failure(error.code(), error.what());
  exit_now(1);
} catch (const std::exception& error) {
  launcher.send_failure(0, error.what());
  exit_now(1);
}

std::optional<Child> clone_after(uint64_t flags, const std::function<void()>& join,
                                 const Fd& cgroup) {
  auto [ours, theirs] = socket_pair();
  // The bridge goes into the group, and the process with it: from inside the user namespace it is
  // closed.
  std::optional<Child> intermediate = clone_child(0, cgroup);
  if (!intermediate) {
    Doing::start_anew();
    ours.reset();
    bridge(flags, join, SyncSocket(std::move(theirs)));
    return std::nullopt;
  }
  theirs.reset();
  Message message = SyncSocket(std::move(ours)).expect(MessageKind::kChild);
  intermediate->wait();
  if (message.fds.size() != 1) throw Error("the bridge sent no process");
  const pid_t pid = pid_of(message.fds[0]);
  return Child(pid, std::move(message.fds[0]));
}

}  // namespace

std::optional<Child> clone_through_bridge(const NamespacePlan& plan, const Fd& cgroup) {
  const auto join = [&] {
    plan.join_in_bridge();
    become_namespace_root();
  };
  return clone_after(plan.clone_flags(), join, cgroup);
}

std::optional<Child> clone_beside(const Fd& member, uint64_t flags, const Fd& cgroup) {
  constexpr uint64_t kNeeded = CLONE_NEWUSER | CLONE_NEWPID;
  const auto join = [&] {
    check(::setns(member.get(), static_cast<int>(flags & kNeeded)), "join the namespaces");
    become_namespace_root();
  };
  return clone_after(0, join, cgroup);
}

}  // namespace gocker
