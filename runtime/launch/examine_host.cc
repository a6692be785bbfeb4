#include "runtime/launch/examine_host.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/cgroup/delegated.h"
#include "runtime/launch/host_rules.h"
#include "runtime/launch/namespace_plan.h"
#include "runtime/launch/ordinary_user.h"
#include "runtime/linux/bind_mount.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/devices.h"
#include "runtime/linux/filesystem.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/intel_rdt.h"
#include "runtime/linux/lsm.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/mounts.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/rlimits.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/seccomp.h"
#include "runtime/linux/seccomp_names.h"

namespace gocker {
namespace {

using oci::NamespaceType;

std::string at(const char* list, size_t index, const char* field = "") {
  return std::string(list) + "/" + std::to_string(index) + field;
}

class HostExamination {
 public:
  HostExamination(const oci::Spec& spec, const std::string& bundle, std::vector<Problem>& problems)
      : spec_(spec), config_(spec.linux_), bundle_(bundle), problems_(problems) {}

  void run() {
    examine_root();
    examine_namespaces();
    examine_mounts();
    examine_control_groups();
    examine_process();
    examine_security();
    examine_devices();
    examine_hooks();
    take_warnings();
  }

 private:
  using Step = std::function<void()>;

  // Tries a step of create; its failure is a problem at that place, unless the document's own
  // rules have found one there already.
  void attempt(const std::string& json_path, const std::string& remedy, const Step& step) {
    try {
      step();
    } catch (const std::exception& error) {
      note(json_path, error.what(), remedy);
    }
  }

  // Some errors bring a path of their own, which is more exact than the step's.
  void note(std::string json_path, std::string_view reason, const std::string& remedy) {
    for (const std::string_view prefix : {"set limits: ", "config.json: "}) {
      if (reason.starts_with(prefix)) reason.remove_prefix(prefix.size());
    }
    const size_t end = reason.find(": ");
    const bool has_path = reason.starts_with('/') && end != std::string_view::npos &&
                          reason.substr(0, end).find(' ') == std::string_view::npos;
    if (has_path) {
      json_path = reason.substr(0, end);
      reason.remove_prefix(end + 2);
    }
    const bool known = std::any_of(problems_.begin(), problems_.end(), [&](const Problem& other) {
      return other.json_path == json_path || json_path.starts_with(other.json_path + "/") ||
             other.json_path.starts_with(json_path + "/");
    });
    if (!known) problems_.push_back({json_path, std::string(reason), remedy});
  }

  bool has_new_user_namespace() const {
    const oci::Namespace* user = config_.find_namespace(NamespaceType::user);
    return user != nullptr && user->path.empty();
  }

  void examine_root() {
    if (!spec_.root) return;
    attempt("/root/path", "make that directory, or correct /root/path",
            [&] { rootfs_ = RootDir::open_host_path(find_rootfs(spec_, bundle_)); });
  }

  void examine_namespaces() {
    const std::vector<NamespaceType> known = kernel_namespaces();
    for (size_t i = 0; i < config_.namespaces.size(); ++i) {
      const oci::Namespace& wanted = config_.namespaces[i];
      attempt(at("/linux/namespaces", i), "leave it out, or use a kernel that has it", [&] {
        if (std::find(known.begin(), known.end(), wanted.type) == known.end()) {
          throw Error("this kernel has no " + std::string(oci::name_of(wanted.type)) +
                      " namespaces");
        }
      });
      if (wanted.path.empty()) continue;
      attempt(at("/linux/namespaces", i, "/path"), "name a file in /proc/PID/ns or a bind of one",
              [&] { open_namespace(wanted); });
    }
    attempt("/linux/namespaces", "add {\"type\": \"mount\"}",
            [&] { check_mount_namespace(config_); });
    attempt("/linux/namespaces", "add what is missing, or run it as root", [&] {
      oci::Spec copy = spec_;
      if (!is_superuser()) fit_to_ordinary_user(copy);
    });
    attempt("/linux/namespaces", "run it as root, or with a user namespace",
            [&] { make_stand_in(); });
  }

  // Its namespaces are the new ones of the container; it waits to be killed.
  void make_stand_in() {
    oci::Linux only_new = config_;
    std::erase_if(only_new.namespaces, [](const oci::Namespace& one) { return !one.path.empty(); });
    const NamespacePlan namespaces(only_new, false);
    NamespacePlan::Visit visit(namespaces);
    std::optional<Child> child = clone_child(namespaces.clone_flags(), Fd());
    if (!child) {
      while (true) ::pause();
    }
    stand_in_ = std::move(*child);
    if (!has_new_user_namespace()) return;
    attempt("/linux/uidMappings", "map only ids that /etc/subuid and /etc/subgid give to you",
            [&] { write_id_maps(stand_in_.pid(), config_.uid_mappings, config_.gid_mappings); });
  }

  void examine_mounts() {
    attempt("/linux/rootfsPropagation", "use shared, slave, private or unbindable",
            [&] { parse_rootfs_propagation(config_.rootfs_propagation); });
    for (size_t i = 0; i < spec_.mounts.size(); ++i) examine_mount(spec_.mounts[i], i);
  }

  void examine_mount(const oci::Mount& mount, size_t index) {
    const MountOptions options = parse_mount_options(mount.options);
    if (options.remount || mount.type == "cgroup" || mount.type == "cgroup2") return;
    if (!is_superuser()) return examine_mount_of_user(mount, options, index);
    if (is_bind(mount, options)) {
      Fd source;
      attempt(at("/mounts", index, "/source"), "make it on the host, or correct the path",
              [&] { source = open_bind_source(mount, options, bundle_); });
      if (!source) return;
      attempt(at("/mounts", index, "/options"), "change or leave out that option", [&] {
        MountPlan plan;
        plan.mounts.push_back({.mount = mount, .prepared = Fd()});
        prepare_mounts(plan, bundle_, config_, has_new_user_namespace());
        if (!plan.mounts.front().prepared) apply_bind_options(source, options);
      });
      return;
    }
    const std::optional<bool> on_device = needs_device(mount.type);
    attempt(at("/mounts", index, "/type"), "use a filesystem that /proc/filesystems lists", [&] {
      if (!on_device) throw Error("this kernel has no filesystem " + json_quote(mount.type));
    });
    // What lies on a disk, or keeps state in directories, can't be tried without a trace.
    if (on_device.value_or(true) || mount.type == "overlay") return;
    attempt(at("/mounts", index, "/options"), "change or leave out that option", [&] {
      new_filesystem(mount.type, mount.source, options.parameters, options.set_attributes);
    });
  }

  // An ordinary user may mount only inside the user namespace, where the container's own process
  // does it: what can be told beforehand is whether a source is there.
  void examine_mount_of_user(const oci::Mount& mount, const MountOptions& options, size_t index) {
    if (!is_bind(mount, options)) return;
    attempt(at("/mounts", index, "/source"), "make it on the host, or correct the path", [&] {
      open_file(mount.source.starts_with('/') ? mount.source : bundle_ + "/" + mount.source,
                O_PATH);
    });
  }

  // Whether a filesystem lies on a device; nothing where the kernel does not have it.
  static std::optional<bool> needs_device(const std::string& type) {
    const std::string content = read_file("/proc/filesystems");
    for (const std::string_view line : split(content, '\n')) {
      const size_t tab = line.find('\t');
      if (tab != std::string_view::npos && line.substr(tab + 1) == type) return tab == 0;
    }
    return std::nullopt;
  }

  void examine_control_groups() {
    CgroupPaths paths;
    const bool delegated = !is_superuser() && config_.cgroups_path.empty();
    attempt("/linux/cgroupsPath", "name a group below an existing one, such as /box", [&] {
      paths = delegated ? plan_delegated_cgroups("gocker")
                        : plan_cgroups(config_.cgroups_path, "gocker");
    });
    if ((paths.hierarchies.empty() && !delegated) || !config_.resources) return;
    const std::string suffix = "-check-" + std::to_string(::getpid());
    for (auto& hierarchy : paths.hierarchies) hierarchy.directory += suffix;
    for (const oci::Resources& part : parts_of(*config_.resources)) {
      attempt("/linux/resources", "ask for less, or for what this host's control groups have", [&] {
        Cgroup group(paths);
        const TrialGroup trial(group);
        group.apply(part);
      });
    }
  }

  // A control group beside the wanted one, for as long as the limits are tried on it.
  class TrialGroup {
   public:
    explicit TrialGroup(Cgroup& group) : group_(group) { group_.create(); }
    TrialGroup(const TrialGroup&) = delete;
    TrialGroup& operator=(const TrialGroup&) = delete;
    ~TrialGroup() { group_.undo(); }

   private:
    Cgroup& group_;
  };

  // Each kind of limit by itself, so that one that fails does not hide the next one.
  static std::vector<oci::Resources> parts_of(const oci::Resources& all) {
    std::vector<oci::Resources> parts;
    const auto add = [&](oci::Resources part) { parts.push_back(std::move(part)); };
    if (!all.devices.empty()) add({.devices = all.devices});
    if (all.memory) add({.memory = all.memory});
    if (all.cpu) add({.cpu = all.cpu});
    if (all.pids_limit) add({.pids_limit = all.pids_limit});
    if (all.block_io) add({.block_io = all.block_io});
    for (const oci::HugepageLimit& limit : all.hugepage_limits) add({.hugepage_limits = {limit}});
    if (all.network) add({.network = all.network});
    if (!all.rdma.empty()) add({.rdma = all.rdma});
    for (const auto& entry : all.unified) add({.unified = {entry}});
    return parts;
  }

  void examine_process() {
    if (!spec_.process || !stand_in_) return;
    const oci::Process& process = *spec_.process;
    for (size_t i = 0; i < process.rlimits.size(); ++i) {
      attempt(at("/process/rlimits", i), "ask for no more than the runtime's own limit",
              [&] { set_rlimits(stand_in_.pid(), {process.rlimits[i]}); });
    }
    attempt("/process/oomScoreAdj", "don't go below the runtime's own value", [&] {
      if (process.oom_score_adj) set_oom_score_adj(stand_in_.pid(), *process.oom_score_adj);
    });
    attempt("/process/scheduler", "choose SCHED_OTHER, or give the runtime CAP_SYS_NICE", [&] {
      if (process.scheduler) set_scheduler(stand_in_.pid(), *process.scheduler);
    });
    attempt("/process/ioPriority", "choose IOPRIO_CLASS_BE", [&] {
      if (process.io_priority) set_io_priority(stand_in_.pid(), *process.io_priority);
    });
    attempt("/process/args/0", "install it in the root filesystem, or correct the name",
            [&] { require_program(process, spec_.mounts, rootfs_); });
  }

  void examine_security() {
    attempt("/process/capabilities", "leave it out", [&] {
      if (!spec_.process || config_.find_namespace(NamespaceType::user) != nullptr) return;
      warn_of_ungrantable(
          parse_capabilities(spec_.process->capabilities.value_or(oci::Capabilities{})));
    });
    attempt("/linux/seccomp", "see `gocker-runtime features` for what there is", [&] {
      if (config_.seccomp) require_seccomp(*config_.seccomp);
    });
    attempt("/linux/mountLabel", "leave it out, or enable SELinux", [&] {
      if (config_.mount_label.empty() || selinux_enabled()) return;
      throw Error("SELinux is not enabled on this host");
    });
    if (!spec_.process) return;
    attempt("/process/apparmorProfile", "leave it out, or load it (apparmor_parser)", [&] {
      const std::string& profile = spec_.process->apparmor_profile;
      // For the next execve of this process, and there is none.
      if (!profile.empty()) set_apparmor_profile(open_directory("/proc"), profile);
    });
    attempt("/process/selinuxLabel", "leave it out, or enable SELinux", [&] {
      if (spec_.process->selinux_label.empty() || selinux_enabled()) return;
      throw Error("SELinux is not enabled on this host");
    });
  }

  void examine_devices() {
    if (has_new_user_namespace() && is_superuser()) {
      attempt("/linux/devices", "leave out what the host does not have",
              [&] { open_host_devices(config_.devices); });
    }
    attempt("/linux/memoryPolicy", "see `gocker-runtime features` for what there is", [&] {
      if (config_.memory_policy) set_memory_policy(*config_.memory_policy);
    });
    attempt("/linux/intelRdt", "mount resctrl, or use a class that is there", [&] {
      if (!config_.intel_rdt) return;
      plan_rdt_groups(*config_.intel_rdt, "gocker", find_resctrl());
    });
    for (const auto& [name, device] : config_.net_devices) {
      attempt("/linux/netDevices/" + name, "name an interface that `ip link` shows",
              [&, &host = name] {
                if (!open_if_exists("/sys/class/net/" + host, O_PATH))
                  throw Error("no such interface");
              });
    }
  }

  void examine_hooks() {
    const oci::Hooks& hooks = spec_.hooks;
    examine_hooks_on_host(hooks.prestart, "/hooks/prestart");
    examine_hooks_on_host(hooks.create_runtime, "/hooks/createRuntime");
    examine_hooks_on_host(hooks.create_container, "/hooks/createContainer");
    examine_hooks_on_host(hooks.poststart, "/hooks/poststart");
    examine_hooks_on_host(hooks.poststop, "/hooks/poststop");
  }

  void examine_hooks_on_host(const std::vector<oci::Hook>& hooks, const char* list) {
    for (size_t i = 0; i < hooks.size(); ++i) {
      attempt(at(list, i, "/path"), "install it on the host, or correct the path", [&] {
        const Fd program = open_file(hooks[i].path, O_PATH);
        check(::faccessat(AT_FDCWD, hooks[i].path.c_str(), X_OK, AT_EACCESS), "execute",
              hooks[i].path);
      });
    }
  }

  void take_warnings() {
    for (const Warning& warning : warnings()) {
      const bool twice = std::any_of(problems_.begin(), problems_.end(), [&](const Problem& other) {
        return other.json_path == warning.json_path && other.reason == warning.text;
      });
      if (twice) continue;
      problems_.push_back({warning.json_path, warning.text, "leave it out, or do without it",
                           Problem::Severity::warning});
    }
  }

  const oci::Spec& spec_;
  const oci::Linux& config_;
  const std::string& bundle_;
  std::vector<Problem>& problems_;
  RootDir rootfs_;
  Child stand_in_;
};

}  // namespace

void examine_host(const oci::Spec& spec, const std::string& bundle,
                  std::vector<Problem>& problems) {
  HostExamination(spec, bundle, problems).run();
}

}  // namespace gocker
