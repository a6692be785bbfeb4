#include "runtime/launch/launcher.h"

#include <fcntl.h>

#include <optional>
#include <string>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/base/user_rights.h"
#include "runtime/container/hooks.h"
#include "runtime/container/start_gate.h"
#include "runtime/launch/bridge.h"
#include "runtime/launch/host_rules.h"
#include "runtime/launch/init.h"
#include "runtime/launch/mount_plan.h"
#include "runtime/launch/namespace_plan.h"
#include "runtime/launch/ordinary_user.h"
#include "runtime/launch/protocol.h"
#include "runtime/launch/seccomp_listener.h"
#include "runtime/launch/seccomp_message.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/detached_mount.h"
#include "runtime/linux/devices.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/net_devices.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/seccomp.h"
#include "runtime/linux/shared_rootfs.h"

namespace gocker {
namespace {

std::optional<Child> clone_with_hint(const NamespacePlan& namespaces, const Fd& cgroup) try {
  return clone_child(namespaces.clone_flags(), cgroup);
} catch (const Error& refused) {
  const std::string hint = namespaces.new_user_namespace() ? user_namespace_hint() : "";
  if (hint.empty()) throw;
  throw Error::from_text(refused.what() + hint, refused.code());
}

std::optional<Child> clone_init(const NamespacePlan& namespaces, const Fd& cgroup) {
  const Step step("clone");
  if (namespaces.joins_user_namespace()) return clone_through_bridge(namespaces, cgroup);
  NamespacePlan::Visit visit(namespaces);
  std::optional<Child> init = clone_with_hint(namespaces, cgroup);
  if (!init) {
    set_traced_process(1);
    visit.stay();
  }
  return init;
}

const Fd& birthplace(const LaunchRequest& request) {
  static const Fd kNone;
  return request.move_into_groups ? kNone : request.cgroup.unified_directory();
}

bool is_settled(const LaunchRequest& request, const NamespacePlan& namespaces) {
  const oci::Process& process = *request.spec.process;
  return !namespaces.new_user_namespace() && !request.move_into_groups && !process.oom_score_adj &&
         !process.scheduler && !process.io_priority;
}

// What a process without rights over the host can't do for itself.
void settle_init(const Child& init, const LaunchRequest& request, const NamespacePlan& namespaces) {
  const oci::Spec& spec = request.spec;
  if (request.move_into_groups) request.move_into_groups(init);
  if (namespaces.new_user_namespace()) {
    write_id_maps(init.pid(), spec.linux_.uid_mappings, spec.linux_.gid_mappings);
  }
  const oci::Process& process = *spec.process;
  if (process.oom_score_adj) set_oom_score_adj_if_allowed(init.pid(), *process.oom_score_adj);
  if (process.scheduler) set_scheduler(init.pid(), *process.scheduler);
  if (process.io_priority) set_io_priority(init.pid(), *process.io_priority);
}

void hand_over_net_devices(const Child& init, const oci::Linux& config) {
  const oci::Namespace* network = config.find_namespace(oci::NamespaceType::network);
  if (config.net_devices.empty() || network == nullptr) return;
  const std::string own = "/proc/" + std::to_string(init.pid()) + "/ns/net";
  move_net_devices(config.net_devices,
                   network->path.empty() ? open_file(own, O_RDONLY) : open_namespace(*network));
}

bool has_runtime_hooks(const oci::Hooks& hooks) {
  return !hooks.prestart.empty() || !hooks.create_runtime.empty();
}

void run_runtime_hooks(const oci::Hooks& hooks, const LaunchEvents& events) {
  if (!has_runtime_hooks(hooks)) return;
  const oci::State state = events.state();
  run_hooks(hooks.prestart, "prestart", state);
  run_hooks(hooks.create_runtime, "createRuntime", state);
}

// Once init's namespaces are made, before anything of the container runs.
bool has_work_between(const oci::Spec& spec) {
  return has_runtime_hooks(spec.hooks) || !spec.linux_.net_devices.empty();
}

bool waits_for_namespaces(const oci::Spec& spec) {
  return has_work_between(spec) || spec.process->terminal;
}

// What takes its time, while init mounts.
std::optional<SeccompProgram> work_beside_init(const LaunchRequest& request) {
  request.cgroup.filter_devices(request.spec.linux_.resources.value_or(oci::Resources{}));
  if (!request.spec.linux_.seccomp) return std::nullopt;
  return compile_seccomp(*request.spec.linux_.seccomp);
}

// Told before it is there, so that whoever deletes the container finds it in any case.
Fd attach_shared_rootfs(const std::string& path, const LaunchEvents& events) {
  Fd root = copy_shared_rootfs(path);
  events.on_shared_rootfs(unique_mount_id(root));
  attach_mount(root, open_directory(path), path);
  return root;
}

void accompany_init(const Child& init, const LaunchRequest& request, const LaunchEvents& events,
                    const SyncSocket& socket) {
  const std::optional<SeccompProgram> seccomp = work_beside_init(request);
  const auto proceed = [&] {
    if (seccomp) {
      send_seccomp(socket, *seccomp);
    } else {
      socket.send(MessageKind::kProceed);
    }
  };
  const bool works_between = has_work_between(request.spec);
  if (!works_between) proceed();
  if (waits_for_namespaces(request.spec)) {
    Message ready = socket.expect(MessageKind::kNamespacesReady);
    if (!ready.fds.empty()) events.on_terminal(std::move(ready.fds[0]));
  }
  if (works_between) {
    // After all that is likely to fail: virtual ones are lost with the container's namespace.
    hand_over_net_devices(init, request.spec.linux_);
    run_runtime_hooks(request.spec.hooks, events);
    proceed();
  }

  const Step step("wait for init");
  Message last = socket.receive();
  if (last.kind == MessageKind::kSeccompListener && last.fds.size() == 1) {
    oci::State state = events.state();
    state.status = oci::Status::creating;  // for hooks it counts as created by now
    send_seccomp_listener(*request.spec.linux_.seccomp, last.fds[0], init.pid(), state);
    last = socket.receive();
  }
  const bool at_once = request.start == Start::at_once;
  if (last.kind != (at_once ? MessageKind::kExecuting : MessageKind::kReady) ||
      (at_once && socket.receive_until_end())) {
    throw Error("an unexpected message from init");
  }
}

}  // namespace

Child launch(const LaunchRequest& request, const LaunchEvents& events) {
  const oci::Linux& config = request.spec.linux_;
  check_mount_namespace(config);
  std::vector<Fd> tasks_files = request.cgroup.open_tasks_files();
  const bool joins_groups_itself = !tasks_files.empty() || request.move_into_groups;
  const NamespacePlan namespaces(config, joins_groups_itself);
  MountPlan mounts = plan_mounts(request.spec, request.cgroup);
  const bool other_user = namespaces.new_user_namespace() || namespaces.joins_user_namespace();
  std::vector<Fd> host_devices;
  Fd rootfs;
  // An ordinary user may not mount here: init does it all, as root of its user namespace.
  const bool may_mount = is_superuser();
  if (may_mount) prepare_mounts(mounts, request.bundle, config, other_user);
  if (other_user && may_mount) {
    host_devices = open_host_devices(config.devices);
    rootfs = clone_rootfs(request.rootfs);
  } else if (!other_user) {
    warn_of_ungrantable(
        parse_capabilities(request.spec.process->capabilities.value_or(oci::Capabilities{})));
  }
  if (request.root_switch == RootSwitch::chroot) {
    rootfs = attach_shared_rootfs(request.rootfs, events);
  }
  Fd mask_source = open_mask_source(config.masked_paths);
  auto [ours, theirs] = socket_pair();
  SyncSocket socket(std::move(ours));
  std::optional<StartGate> gate;
  if (request.start == Start::at_gate) gate = StartGate::make(request.state_directory);
  const bool settled = is_settled(request, namespaces);

  std::optional<Child> init = clone_init(namespaces, birthplace(request));
  if (!init) {
    socket = SyncSocket(Fd());
    run_init({request, namespaces, mounts, tasks_files, host_devices, rootfs, mask_source, settled,
              waits_for_namespaces(request.spec), gate},
             SyncSocket(std::move(theirs)));
  }
  {
    // Init has them now. Its end of the socket first of all: its closing is what tells of its end.
    const CloseInBatches batches;
    theirs.reset();
    gate.reset();
    tasks_files.clear();
    mask_source.reset();
    rootfs.reset();
    host_devices.clear();
  }
  if (!settled) {
    settle_init(*init, request, namespaces);
    socket.send(MessageKind::kProceed);
  }
  events.on_init(*init);
  accompany_init(*init, request, events, socket);
  return std::move(*init);
}

}  // namespace gocker
