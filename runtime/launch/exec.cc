#include "runtime/launch/exec.h"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/user_rights.h"
#include "runtime/launch/annotations.h"
#include "runtime/launch/become.h"
#include "runtime/launch/bridge.h"
#include "runtime/launch/exec_groups.h"
#include "runtime/launch/first_steps.h"
#include "runtime/launch/ordinary_user.h"
#include "runtime/launch/protocol.h"
#include "runtime/launch/seccomp_listener.h"
#include "runtime/launch/seccomp_message.h"
#include "runtime/linux/intel_rdt.h"
#include "runtime/linux/lsm.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/seccomp.h"
#include "runtime/linux/shared_rootfs.h"
#include "runtime/linux/sysctl.h"
#include "runtime/linux/terminal.h"
#include "runtime/linux/user.h"

namespace gocker {
namespace {

using oci::NamespaceType;

// The namespaces of the container's first process, as flags for setns(2) on its pidfd.
uint64_t namespace_flags(const ContainerRecord& record) {
  uint64_t flags = 0;
  for (const oci::Namespace& entry : record.namespaces) flags |= clone_flag(entry.type);
  return flags;
}

// An ordinary user may join them only from inside the user namespace, where there is no way back.
bool needs_bridge(uint64_t flags) {
  return (flags & CLONE_NEWUSER) != 0 && !is_superuser();
}

// What is left for the process itself. The pid namespace holds for children only and was joined
// before the clone.
uint64_t flags_to_join(uint64_t flags) {
  const uint64_t joined = needs_bridge(flags) ? CLONE_NEWPID | CLONE_NEWUSER : CLONE_NEWPID;
  return flags & ~joined;
}

// The root of a container that shares the runtime's mount namespace: no setns(2) leads to it.
Fd open_shared_root(const ContainerRecord& record, const Fd& first_process) {
  if (record.rootfs_mount == 0) return {};
  Fd root = open_directory("/proc/" + std::to_string(record.pid) + "/root");
  // As long as it lives the pid is its own.
  check(sys::pidfd_send_signal(first_process.get(), 0), "open the container's root");
  return root;
}

bool waits_for_launcher(const ExecRequest& request) {
  return request.process.terminal || request.process.oom_score_adj ||
         request.spec.linux_.seccomp.has_value() || request.spec.linux_.intel_rdt.has_value();
}

class ExecProcess {
 public:
  ExecProcess(const ExecRequest& request, const Fd& first_process, const Fd& root,
              const ExecGroups& groups, SyncSocket launcher)
      : request_(request),
        first_process_(first_process),
        root_(root),
        groups_(groups),
        launcher_(std::move(launcher)) {}

  void run() {
    const oci::Process& process = request_.process;
    if (groups_.are_closed()) launcher_.expect(MessageKind::kProceed);  // moved in by now
    enter_container();
    start_session();
    open_console();
    if (waits_for_launcher(request_)) {
      launcher_.send(MessageKind::kNamespacesReady, terminal_fds());
      receive_seccomp_program(launcher_.expect(MessageKind::kProceed));
    }
    if (!process.apparmor_profile.empty()) set_apparmor_profile(procfs_, process.apparmor_profile);
    if (!process.selinux_label.empty()) set_selinux_label(procfs_, process.selinux_label);
    keep_only_what_the_program_gets();
    execute(become_request(), become_user(become_request()));
  }

  const SyncSocket& launcher() const { return launcher_; }

 private:
  void enter_container() {
    const Step step("enter the container");
    reset_signals();
    join_v1_groups(groups_.tasks_files());
    const auto& affinity = request_.process.exec_cpu_affinity;
    if (affinity && !affinity->final.empty()) set_cpu_affinity(0, affinity->final);
    // The host's procfs, taken while no mount of the container is in its way.
    if (!request_.process.apparmor_profile.empty() || !request_.process.selinux_label.empty()) {
      procfs_ = open_private_procfs();
    }
    const uint64_t flags = flags_to_join(namespace_flags(request_.container.record()));
    if (flags != 0) {
      check(::setns(first_process_.get(), static_cast<int>(flags)), "join the namespaces");
    }
    if ((flags & CLONE_NEWUSER) != 0) become_namespace_root();
    if (root_) change_root(root_);
  }

  void start_session() {
    check(::setsid(), "setsid");
    const oci::Process& process = request_.process;
    if (process.scheduler) set_scheduler(0, *process.scheduler);
    if (process.io_priority) set_io_priority(0, *process.io_priority);
    const oci::Linux& config = request_.spec.linux_;
    if (config.personality) set_personality(*config.personality);
    if (config.memory_policy) set_memory_policy(*config.memory_policy);
  }

  void open_console() {
    const oci::Process& process = request_.process;
    if (!process.terminal) return;
    const Doing doing("set up the terminal");
    terminal_ = open_terminal(process.console_size, process.user.uid);
    take_terminal(terminal_.device);
  }

  std::vector<int> terminal_fds() const {
    if (!terminal_.controller) return {};
    return {terminal_.controller.get()};
  }

  void receive_seccomp_program(Message message) {
    if (request_.spec.linux_.seccomp) seccomp_ = unpack_seccomp(std::move(message));
  }

  BecomeRequest become_request() const {
    return {.process = request_.process,
            .seccomp = seccomp_ ? &*seccomp_ : nullptr,
            .listen_fds = request_.listen_fds,
            .on_seccomp_listener =
                [this](const Fd& listener) {
                  launcher_.send(MessageKind::kSeccompListener, {listener.get()});
                },
            .groups = wanted_groups(request_.spec.annotations)};
  }

  void keep_only_what_the_program_gets() {
    std::vector<int> kept{launcher_.descriptor()};
    if (seccomp_) kept.push_back(seccomp_->bpf.get());
    keep_preserved_descriptors(request_.preserved_fds, std::move(kept));
  }

  const ExecRequest& request_;
  const Fd& first_process_;
  const Fd& root_;  // where no mount namespace brings it along
  const ExecGroups& groups_;
  SyncSocket launcher_;
  Fd procfs_;
  Terminal terminal_;
  std::optional<SeccompProgram> seccomp_;
};

[[noreturn]] void run_process(const ExecRequest& request, const Fd& first_process, const Fd& root,
                              const ExecGroups& groups, SyncSocket launcher) noexcept {
  Doing::start_anew();
  set_traced_process(1);
  ExecProcess process(request, first_process, root, groups, std::move(launcher));
  try {
    process.run();
  } catch (const Error& error) {
    process.launcher().send_failure(error.code(), error.what());
  } catch (const std::exception& error) {
    process.launcher().send_failure(0, error.what());
  }
  exit_now(255);
}

// Root of a user namespace may not go back to the host's. It clones nobody any more.
void go_home(const Fd& home) try {
  join_namespace(home, NamespaceType::pid);
} catch (const Error& refused) {
  if (refused.code() != EPERM) throw;
}

// In the container's pid namespace; the caller itself stays where it is.
std::optional<Child> clone_into(const ContainerRecord& record, const Fd& first_process,
                                const Fd& group) {
  // Whoever is in there must not be able to trace what we clone (CVE-2016-9962).
  allow_tracing(Tracing::nobody);
  const uint64_t flags = namespace_flags(record);
  if (needs_bridge(flags)) return clone_beside(first_process, flags, group);
  if ((flags & CLONE_NEWPID) == 0) return clone_child(0, group);
  const Fd home = open_own_namespace(NamespaceType::pid);
  check(::setns(first_process.get(), CLONE_NEWPID), "join the pid namespace");
  std::optional<Child> child = clone_child(0, group);
  if (child) go_home(home);
  return child;
}

std::optional<Child> clone_with_hint(const ContainerRecord& record, const Fd& first_process,
                                     const Fd& group) try {
  return clone_into(record, first_process, group);
} catch (const Error& refused) {
  if (refused.code() != EACCES || is_host_root()) throw;
  throw Error::from_text(
      std::string(refused.what()) +
          " (the container's control group can't be entered from this session's: try it by way of "
          "`systemd-run --user --scope`)",
      EACCES);
}

void accompany(const Child& process, const ExecRequest& request, const SyncSocket& socket) {
  const std::optional<oci::Seccomp>& seccomp = request.spec.linux_.seccomp;
  std::optional<SeccompProgram> program;
  if (seccomp) program = compile_seccomp(*seccomp);
  if (const auto& rdt = request.spec.linux_.intel_rdt) {
    const std::string& id = request.container.record().id;
    join_rdt_groups(find_rdt_groups(*rdt, id, find_resctrl()), process.pid());
  }
  if (request.process.oom_score_adj) {
    set_oom_score_adj_if_allowed(process.pid(), *request.process.oom_score_adj);
  }
  if (waits_for_launcher(request)) {
    Message ready = socket.expect(MessageKind::kNamespacesReady);
    if (!ready.fds.empty()) request.on_terminal(std::move(ready.fds[0]));
    if (program) {
      send_seccomp(socket, *program);
    } else {
      socket.send(MessageKind::kProceed);
    }
  }
  while (const std::optional<Message> message = socket.receive_until_end()) {
    if (message->kind != MessageKind::kSeccompListener || message->fds.size() != 1) {
      throw Error("an unexpected message");
    }
    send_seccomp_listener(*seccomp, message->fds[0], process.pid(), request.container.state());
  }
}

}  // namespace

Child exec_in_container(const ExecRequest& request) {
  const ContainerRecord& record = request.container.record();
  const Doing doing("exec in container", record.id);
  const Fd first_process = request.container.open_process();
  if (!first_process) throw Error("container not running");
  const Fd root = open_shared_root(record, first_process);
  const ExecGroups groups(record, request.cgroups);
  // Ours, and so the child's until it is in its control groups.
  const auto& affinity = request.process.exec_cpu_affinity;
  if (affinity && !affinity->initial.empty()) set_cpu_affinity(0, affinity->initial);
  auto [ours, theirs] = socket_pair();
  std::optional<Child> process = clone_with_hint(record, first_process, groups.birthplace());
  if (!process) {
    ours.reset();
    run_process(request, first_process, root, groups, SyncSocket(std::move(theirs)));
  }
  theirs.reset();
  const SyncSocket socket(std::move(ours));
  if (groups.are_closed()) {
    groups.move_in(*process);
    socket.send(MessageKind::kProceed);
  }
  accompany(*process, request, socket);
  return std::move(*process);
}

}  // namespace gocker
