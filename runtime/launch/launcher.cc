#include "runtime/launch/launcher.h"

#include <fcntl.h>

#include <optional>
#include <string>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/container/hooks.h"
#include "runtime/container/start_gate.h"
#include "runtime/launch/bridge.h"
#include "runtime/launch/host_rules.h"
#include "runtime/launch/init.h"
#include "runtime/launch/mount_plan.h"
#include "runtime/launch/namespace_plan.h"
#include "runtime/launch/protocol.h"
#include "runtime/launch/seccomp_listener.h"
#include "runtime/launch/seccomp_message.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/devices.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/net_devices.h"
#include "runtime/linux/scheduling.h"

namespace gocker {
namespace {

std::optional<Child> clone_init(const NamespacePlan& namespaces, const Fd& cgroup) {
  if (namespaces.joins_user_namespace()) return clone_through_bridge(namespaces, cgroup);
  NamespacePlan::Visit visit(namespaces);
  std::optional<Child> init = clone_child(namespaces.clone_flags(), cgroup);
  if (!init) visit.stay();
  return init;
}

// What a process without rights over the host can't do for itself.
void settle_init(const Child& init, const oci::Spec& spec, const NamespacePlan& namespaces) {
  if (namespaces.new_user_namespace()) {
    write_id_maps(init.pid(), spec.linux_.uid_mappings, spec.linux_.gid_mappings);
  }
  const oci::Process& process = *spec.process;
  if (process.oom_score_adj) set_oom_score_adj(init.pid(), *process.oom_score_adj);
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

void run_runtime_hooks(const oci::Hooks& hooks, const LaunchEvents& events) {
  if (hooks.prestart.empty() && hooks.create_runtime.empty()) return;
  const oci::State state = events.state();
  run_hooks(hooks.prestart, "prestart", state);
  run_hooks(hooks.create_runtime, "createRuntime", state);
}

void accompany_init(const Child& init, const LaunchRequest& request, const LaunchEvents& events,
                    const SyncSocket& socket) {
  const oci::Linux& config = request.spec.linux_;
  socket.send(MessageKind::kProceed);
  // Compiled while init mounts: it takes about as long.
  std::optional<SeccompProgram> seccomp;
  if (config.seccomp) seccomp = compile_seccomp(*config.seccomp);

  Message ready = socket.expect(MessageKind::kNamespacesReady);
  if (!ready.fds.empty()) events.on_terminal(std::move(ready.fds[0]));
  // After all that is likely to fail: virtual ones are lost with the container's namespace.
  hand_over_net_devices(init, config);
  run_runtime_hooks(request.spec.hooks, events);
  if (seccomp) {
    send_seccomp(socket, *seccomp);
  } else {
    socket.send(MessageKind::kProceed);
  }

  Message last = socket.receive();
  if (last.kind == MessageKind::kSeccompListener && last.fds.size() == 1) {
    oci::State state = events.state();
    state.status = oci::Status::creating;  // for hooks it counts as created by now
    send_seccomp_listener(*config.seccomp, last.fds[0], init.pid(), state);
    last = socket.receive();
  }
  if (last.kind != MessageKind::kReady) throw Error("an unexpected message from init");
}

}  // namespace

Child launch(const LaunchRequest& request, const LaunchEvents& events) {
  const oci::Linux& config = request.spec.linux_;
  require_mount_namespace(config);
  const std::vector<Fd> tasks_files = request.cgroup.open_tasks_files();
  const NamespacePlan namespaces(config, !tasks_files.empty());
  MountPlan mounts = plan_mounts(request.spec, request.cgroup);
  const bool other_user = namespaces.new_user_namespace() || namespaces.joins_user_namespace();
  prepare_mounts(mounts, request.bundle, config, other_user);
  std::vector<Fd> host_devices;
  Fd rootfs;
  if (other_user) {
    host_devices = open_host_devices(config.devices);
    rootfs = clone_rootfs(request.rootfs);
  } else {
    warn_of_ungrantable(
        parse_capabilities(request.spec.process->capabilities.value_or(oci::Capabilities{})));
  }
  const Fd mask_source = open_mask_source(config.masked_paths);
  auto [ours, theirs] = socket_pair();
  std::optional<StartGate> gate = StartGate::make(request.state_directory);

  std::optional<Child> init = clone_init(namespaces, request.cgroup.unified_directory());
  if (!init) {
    ours.reset();
    run_init({request, namespaces, mounts, tasks_files, host_devices, rootfs, mask_source, *gate},
             SyncSocket(std::move(theirs)));
  }
  theirs.reset();
  gate.reset();
  settle_init(*init, request.spec, namespaces);
  events.on_init(*init);
  accompany_init(*init, request, events, SyncSocket(std::move(ours)));
  return std::move(*init);
}

}  // namespace gocker
