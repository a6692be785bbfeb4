#include "oci-spec/runtime_spec.h"

#include <algorithm>

#include "oci-spec/runtime_spec_fields.h"

namespace oci {
namespace {

// --- process -----------------------------------------------------------------------------------

void read_box(const Fields& fields, Box& box) {
  fields.required("height", box.height);
  fields.required("width", box.width);
}

void read_user(const Fields& fields, User& user) {
  fields.required("uid", user.uid, kIds);
  fields.required("gid", user.gid, kIds);
  fields.optional("umask", user.umask, Between{0u, 0777u});
  fields.optional("additionalGids", user.additional_gids, kIds);
}

void read_capabilities(const Fields& fields, Capabilities& capabilities) {
  fields.optional("bounding", capabilities.bounding);
  fields.optional("effective", capabilities.effective);
  fields.optional("inheritable", capabilities.inheritable);
  fields.optional("permitted", capabilities.permitted);
  fields.optional("ambient", capabilities.ambient);
}

void read_rlimit(const Fields& fields, Rlimit& rlimit) {
  fields.required("type", rlimit.type);
  fields.required("soft", rlimit.soft);
  fields.required("hard", rlimit.hard);
}

void read_scheduler(const Fields& fields, Scheduler& scheduler) {
  fields.required("policy", scheduler.policy);
  fields.optional("nice", scheduler.nice, Between{-20, 19});
  fields.optional("priority", scheduler.priority, Between{0, 99});
  fields.optional("flags", scheduler.flags);
  fields.optional("runtime", scheduler.runtime);
  fields.optional("deadline", scheduler.deadline);
  fields.optional("period", scheduler.period);
}

void read_io_priority(const Fields& fields, IoPriority& io_priority) {
  fields.required("class", io_priority.io_class);
  fields.optional("priority", io_priority.priority, Between{0, 7});
}

void read_cpu_affinity(const Fields& fields, CpuAffinity& affinity) {
  fields.optional("initial", affinity.initial);
  fields.optional("final", affinity.final);
}

void read_process(const Fields& fields, Process& process) {
  fields.optional("terminal", process.terminal);
  // Must be ignored without a terminal, whatever it holds.
  if (process.terminal) fields.optional("consoleSize", process.console_size, read_box);
  fields.optional("user", process.user, read_user);
  fields.optional("args", process.args);
  fields.optional("env", process.env);
  fields.required("cwd", process.cwd);
  fields.optional("capabilities", process.capabilities, read_capabilities);
  fields.optional("rlimits", process.rlimits, read_rlimit);
  fields.optional("noNewPrivileges", process.no_new_privileges);
  fields.optional("apparmorProfile", process.apparmor_profile);
  fields.optional("oomScoreAdj", process.oom_score_adj, Between{-1000, 1000});
  fields.optional("scheduler", process.scheduler, read_scheduler);
  fields.optional("selinuxLabel", process.selinux_label);
  fields.optional("ioPriority", process.io_priority, read_io_priority);
  fields.optional("execCPUAffinity", process.exec_cpu_affinity, read_cpu_affinity);
}

// --- root, mounts, hooks -----------------------------------------------------------------------

void read_root(const Fields& fields, Root& root) {
  fields.required("path", root.path);
  fields.optional("readonly", root.readonly);
}

void read_mount(const Fields& fields, Mount& mount) {
  fields.required("destination", mount.destination);
  if (mount.destination.empty()) fields.refuse("destination", "must not be empty");
  // Deprecated, but valid on Linux: config.md reads it as relative to "/".
  if (mount.destination.front() != '/') mount.destination.insert(0, 1, '/');
  fields.optional("type", mount.type);
  fields.optional("source", mount.source);
  fields.optional("options", mount.options);
  fields.optional("uidMappings", mount.uid_mappings, read_id_mapping);
  fields.optional("gidMappings", mount.gid_mappings, read_id_mapping);
}

void read_hook(const Fields& fields, Hook& hook) {
  fields.required("path", hook.path);
  fields.optional("args", hook.args);
  fields.optional("env", hook.env);
  fields.optional("timeout", hook.timeout, Between{1u, 2147483647u});
}

void read_hooks(const Fields& fields, Hooks& hooks) {
  fields.optional("prestart", hooks.prestart, read_hook);
  fields.optional("createRuntime", hooks.create_runtime, read_hook);
  fields.optional("createContainer", hooks.create_container, read_hook);
  fields.optional("startContainer", hooks.start_container, read_hook);
  fields.optional("poststart", hooks.poststart, read_hook);
  fields.optional("poststop", hooks.poststop, read_hook);
}

// Until version 1.2 the specification has "no limit" as the default, and what engines write there
// without one is zero; since 1.3 zero is a limit as any other.
void read_zero_pids_as_no_limit(Spec& spec) {
  const std::string_view version = spec.oci_version;
  const bool old =
      version.starts_with("1.0.") || version.starts_with("1.1.") || version.starts_with("1.2.");
  if (!old || !spec.linux_.resources) return;
  std::optional<int64_t>& limit = spec.linux_.resources->pids_limit;
  if (limit == 0) limit = -1;
}

}  // namespace

void read_id_mapping(const Fields& fields, IdMapping& mapping) {
  fields.required("containerID", mapping.container_id, kIds);
  fields.required("hostID", mapping.host_id, kIds);
  fields.required("size", mapping.size);
}

Spec parse_spec(std::string_view json, std::string_view file, Findings* findings) {
  const JsonDocument document(json, file, kConfigLimits, findings);
  const Fields fields = document.fields();
  Spec spec;
  fields.required("ociVersion", spec.oci_version);
  fields.optional("process", spec.process, read_process);
  fields.optional("root", spec.root, read_root);
  fields.optional("hostname", spec.hostname);
  fields.optional("domainname", spec.domainname);
  fields.optional("mounts", spec.mounts, read_mount);
  fields.optional("hooks", spec.hooks, read_hooks);
  fields.optional("annotations", spec.annotations);
  fields.optional("linux", spec.linux_, read_linux);
  read_zero_pids_as_no_limit(spec);
  return spec;
}

Process parse_process(std::string_view json, std::string_view file) {
  const JsonDocument document(json, file, kConfigLimits);
  Process process;
  read_process(document.fields(), process);
  return process;
}

Resources parse_resources(std::string_view json, std::string_view file) {
  const JsonDocument document(json, file, kConfigLimits);
  Resources resources;
  read_resources(document.fields(), resources);
  return resources;
}

const Namespace* Linux::find_namespace(NamespaceType type) const {
  const auto found = std::ranges::find(namespaces, type, &Namespace::type);
  return found == namespaces.end() ? nullptr : &*found;
}

}  // namespace oci
