#include "runtime/launch/create.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "oci-spec/validate.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"
#include "runtime/container/hooks.h"
#include "runtime/container/start_gate.h"
#include "runtime/launch/annotations.h"
#include "runtime/launch/host_rules.h"
#include "runtime/launch/launcher.h"
#include "runtime/launch/ordinary_user.h"
#include "runtime/linux/intel_rdt.h"
#include "runtime/linux/rlimits.h"

namespace gocker {
namespace {

constexpr char kConfigFile[] = "config.json";

ContainerRecord describe(const oci::Spec& spec, const CreateOptions& options,
                         const std::string& bundle, uid_t owner, const GroupPlan& groups) {
  ContainerRecord record;
  record.id = options.id;
  record.oci_version = spec.oci_version;
  record.bundle = bundle;
  record.rootfs = find_rootfs(spec, bundle);
  record.created = rfc3339_now();
  record.owner = is_superuser() ? "root" : std::to_string(owner);
  record.annotations = spec.annotations;
  record.cgroup = groups.paths;
  if (groups.scope) record.scope = groups.scope->unit;
  record.namespaces = spec.linux_.namespaces;
  for (const oci::Mount& mount : spec.mounts) {
    if (mount.type == "bind") record.external_mounts.push_back(mount.destination);
  }
  record.console_socket = options.console_socket;
  record.has_poststart_hooks = !spec.hooks.poststart.empty();
  record.has_poststop_hooks = !spec.hooks.poststop.empty();
  return record;
}

RootSwitch root_switch(const oci::Linux& config, const CreateOptions& options) {
  if (shares_mount_namespace(config)) return RootSwitch::chroot;
  return options.no_pivot ? RootSwitch::move : RootSwitch::pivot;
}

void check_terminal(const oci::Spec& spec, const CreateOptions& options) {
  if (spec.process->terminal && !options.on_terminal) {
    throw Error("config.json asks for a terminal: --console-socket is needed to hand it over");
  }
  if (!spec.process->terminal && !options.console_socket.empty()) {
    throw Error("--console-socket is given, but config.json asks for no terminal");
  }
}

// Undoes a container that is being made, unless it was finished. What may fail while it is undone
// is less telling than the error that led here.
class Unfinished {
 public:
  explicit Unfinished(Container& container) : container_(&container) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (container_ == nullptr) return;
    try {
      container_->destroy();
    } catch (const std::exception&) {
      // `delete --force` finds what is left by the record.
    }
  }
  void finished() { container_ = nullptr; }

 private:
  Container* container_;
};

// Nobody looks at the container, nor is told of it, between create and start.
bool may_start_at_once(const oci::Hooks& hooks, const CreateOptions& options) {
  return options.pid_file.empty() && options.pidfd_socket.empty() && hooks.are_none();
}

}  // namespace

void write_pid_file(const std::string& path, pid_t pid) {
  if (path.empty()) return;
  const Doing doing("write pid file", path);
  const SplitPath parts = split_path(path);
  const std::string folder = path.find('/') == std::string::npos ? "."
                             : parts.parent.empty()              ? "/"
                                                                 : std::string(parts.parent);
  replace_file_at(open_directory(folder), std::string(parts.name), std::to_string(pid), 0644);
}

void send_pidfd(const std::string& path, const Child& process) {
  if (path.empty()) return;
  const Doing doing("send the pidfd to", path);
  send_packet(connect_unix(path), "pidfd", {process.pidfd().get()});
}

Configuration load_bundle(const std::string& bundle, const std::string& config_file) {
  const Step step("read config.json");
  const std::string path = config_file.empty() ? bundle + "/" + kConfigFile : config_file;
  std::string json = read_file(path);
  // Costs a little, so it is done only where somebody wants to know.
  oci::Findings findings;
  oci::Findings* wanted = log_is_debugging() || warnings_are_refused() ? &findings : nullptr;
  oci::Spec spec = oci::parse_spec(json, kConfigFile, wanted);
  const bool annotated = apply_annotations(spec);
  oci::validate(spec, kConfigFile);
  if (!is_superuser()) fit_to_ordinary_user(spec);
  for (const oci::Finding& ignored : findings.ignored) warn(ignored.json_path, ignored.problem);
  if (wanted != nullptr) warn_of_ignored_annotations(spec.annotations);
  if (annotated) json = oci::to_json(spec);
  // A container can be created without one: `start` has nothing to run then, and says so.
  if (!spec.process) {
    spec.process = oci::Process{.cwd = "/"};
    json = oci::to_json(spec);
  }
  forbid_core_files(spec.process->rlimits);
  return {std::move(spec), std::move(json)};
}

Created make_container(const StateRoot& root, const Configuration& configuration,
                       const CreateOptions& options, Start start, const MakeInit& make_init) {
  const oci::Spec& spec = configuration.spec;
  check_terminal(spec, options);
  const std::string bundle = real_path(options.bundle);
  const GroupPlan plan = plan_groups({.manager = options.cgroup_manager,
                                      .rootless = options.rootless,
                                      .cgroups_path = spec.linux_.cgroups_path,
                                      .id = options.id,
                                      .subgroup = wanted_subgroup(spec.annotations)});
  ContainerRecord record = describe(spec, options, bundle, root.owner(), plan);
  const std::optional<oci::IntelRdt>& rdt = spec.linux_.intel_rdt;
  RdtGroups rdt_groups;
  if (rdt) rdt_groups = plan_rdt_groups(*rdt, options.id, find_resctrl());
  record.rdt_directories = rdt_groups.own_directories();
  Container container = Container::make(root, record, configuration.json);
  Unfinished unfinished(container);
  if (options.on_directory) options.on_directory(container.directory());
  ContainerGroups groups(plan, spec, start == Start::by_criu ? Guest::criu : Guest::none);
  groups.make();
  if (rdt) make_rdt_groups(rdt_groups, *rdt);

  LaunchRequest request{
      .spec = spec,
      .bundle = bundle,
      .rootfs = record.rootfs,
      .root_switch = root_switch(spec.linux_, options),
      .new_keyring = !options.no_new_keyring,
      .keyring_name = options.id,
      .preserved_fds = options.preserved_fds + options.listen_fds,
      .listen_fds = options.listen_fds,
      .start = start,
      .cgroup = groups.cgroup(),
      .state_directory = container.directory(),
  };
  if (groups.are_closed()) {
    request.move_into_groups = [&](const Child& init) { groups.move_in(init.pid()); };
  }
  const LaunchEvents events{
      .on_shared_rootfs =
          [&](uint64_t mount_id) {
            ContainerRecord with_mount = container.record();
            with_mount.rootfs_mount = mount_id;
            container.save(std::move(with_mount));
          },
      .on_init =
          [&](const Child& init) {
            ContainerRecord with_init = container.record();
            with_init.pid = init.pid();
            with_init.start_time = process_start_time(init.pid()).value_or(0);
            with_init.cgroup = groups.cgroup().paths();  // with what is really ours by now
            container.save(std::move(with_init));
            groups.enter();
            if (rdt) join_rdt_groups(rdt_groups, init.pid());
          },
      .on_terminal = options.on_terminal,
      .state = [&] { return container.state(oci::Status::created); },
  };
  Child init = make_init(request, events);
  groups.finish();
  send_pidfd(options.pidfd_socket, init);
  if (const auto receiver = spec.annotations.find(kPidfdReceiver);
      receiver != spec.annotations.end()) {
    send_pidfd(receiver->second, init);
  }
  write_pid_file(options.pid_file, init.pid());
  unfinished.finished();
  return {std::move(container), std::move(init)};
}

Created create_container(const StateRoot& root, const Configuration& configuration,
                         const CreateOptions& options) {
  const Doing doing("create container", options.id);
  return make_container(root, configuration, options, Start::at_gate, launch);
}

Created run_container(const StateRoot& root, const Configuration& configuration,
                      const CreateOptions& options) {
  if (may_start_at_once(configuration.spec.hooks, options)) {
    const Doing doing("run container", options.id);
    return make_container(root, configuration, options, Start::at_once, launch);
  }
  Created created = create_container(root, configuration, options);
  start_container(created.container);
  return created;
}

void start_container(Container& container) {
  const Doing doing("start container", container.record().id);
  const oci::Status status = container.status();
  if (status != oci::Status::created) {
    throw Error(std::string("it is ").append(oci::name_of(status)).append(", not created"));
  }
  try {
    open_gate(container.directory());
    if (container.record().has_poststart_hooks) {
      run_hooks(container.load_config().hooks.poststart, "poststart",
                container.state(oci::Status::running));
    }
  } catch (...) {
    container.destroy();
    throw;
  }
}

}  // namespace gocker
