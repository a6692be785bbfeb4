#include "imagetool/cli/run_options.h"

#include <fcntl.h>

#include "imagetool/cdi/cdi_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

// The value of an option that has two names; the caller knows that one was given.
std::string value_of(const Arguments& arguments, std::string_view name, std::string_view other) {
  return arguments.value(arguments.has(name) ? name : other);
}

template <class Parse>
auto parse_option(std::string_view name, const std::string& text, Parse parse) try {
  return parse(text);
} catch (const Error& error) {
  throw UsageError(std::string("--").append(name).append(": ").append(error.what()));
}

int64_t parse_count(const std::string& text) {
  const auto count = parse_i64(text);
  if (!count || *count < 1) throw Error("'" + text + "' is no number of 1 or more");
  return *count;
}

void add_pairs(const Arguments& arguments, std::string_view option,
               std::map<std::string, std::string>& pairs) {
  for (const std::string& text : arguments.values(option)) {
    const auto [name, value] = parse_option(option, text, parse_pair);
    pairs[name] = value;
  }
}

void set_limits(const Arguments& arguments, RunOptions& options) {
  if (arguments.has("memory") || arguments.has("mem")) {
    options.memory = parse_option("memory", value_of(arguments, "memory", "mem"), parse_memory);
  }
  if (arguments.has("cpus")) {
    options.cpu_quota = parse_option("cpus", arguments.value("cpus"), parse_cpus);
  }
  if (arguments.has("pids") || arguments.has("pids-limit")) {
    options.pids = parse_option("pids", value_of(arguments, "pids", "pids-limit"), parse_count);
  }
  if (arguments.has("cpu-shares")) {
    options.cpu_shares = static_cast<uint64_t>(
        parse_option("cpu-shares", arguments.value("cpu-shares"), parse_count));
  }
  options.cpuset_cpus = arguments.value("cpuset-cpus");
  if (arguments.has("shm-size")) {
    options.shm_size = parse_option("shm-size", arguments.value("shm-size"), parse_memory);
  }
  for (const std::string& text : arguments.values("ulimit")) {
    options.rlimits.push_back(parse_option("ulimit", text, parse_rlimit));
  }
  add_pairs(arguments, "sysctl", options.sysctls);
}

void add_mount(MountOption mount, RunOptions& options) {
  if (auto* bind = std::get_if<BindMount>(&mount)) options.mounts.push_back(std::move(*bind));
  if (auto* volume = std::get_if<VolumeMount>(&mount))
    options.volumes.push_back(std::move(*volume));
  if (auto* tmpfs = std::get_if<TmpfsMount>(&mount)) options.tmpfs.push_back(std::move(*tmpfs));
}

void set_mounts(const Arguments& arguments, RunOptions& options) {
  const std::string here = real_path(".");
  for (const std::string& text : arguments.values("volume")) {
    add_mount(parse_option("volume", text,
                           [&](const auto& value) { return parse_volume_option(value, here); }),
              options);
  }
  for (const std::string& text : arguments.values("mount")) {
    add_mount(parse_option("mount", text,
                           [&](const auto& value) { return parse_mount_option(value, here); }),
              options);
  }
  for (const std::string& text : arguments.values("tmpfs")) {
    options.tmpfs.push_back(parse_option("tmpfs", text, parse_tmpfs_option));
  }
}

void set_privileges(const Arguments& arguments, Privileges& privileges) {
  privileges.cap_add = arguments.values("cap-add");
  privileges.cap_drop = arguments.values("cap-drop");
  privileges.security = arguments.values("security-opt");
  privileges.privileged = arguments.has("privileged");
  for (const std::string& text : arguments.values("device")) {
    if (parse_cdi_name(text)) {
      privileges.cdi.devices.push_back(text);
    } else {
      privileges.devices.push_back(parse_option("device", text, parse_device_option));
    }
  }
  if (arguments.has("gpus")) {
    privileges.cdi.gpus = parse_option("gpus", arguments.value("gpus"), parse_gpu_wish);
  }
  privileges.cdi.directories = arguments.values("cdi-spec-dir");
}

// Static, as the image may have no C library.
void add_init(RunOptions& options) {
  constexpr const char* kInside = "/dev/init";
  for (const char* program : {"/usr/bin/catatonit", "/usr/bin/tini-static"}) {
    if (!open_if_exists(program, O_PATH)) continue;
    options.mounts.push_back({program, kInside, true});
    options.init = kInside;
    return;
  }
  throw UsageError(
      "--init: /usr/bin/catatonit is missing: install the package catatonit (or tini)");
}

std::vector<std::string> environment(const Arguments& arguments) {
  std::vector<std::string> variables;
  for (const std::string& file : arguments.values("env-file")) {
    const Doing doing("read --env-file");
    for (std::string& variable : parse_env_file(read_file(file))) {
      variables.push_back(std::move(variable));
    }
  }
  for (std::string& variable : arguments.values("env")) variables.push_back(std::move(variable));
  return variables;
}

// The ids that a person names himself; those of --userns auto are chosen when the bundle is made.
IdMaps id_maps_of(const Arguments& arguments) {
  const bool is_subordinate = arguments.has("subuidname") || arguments.has("subgidname");
  IdMaps maps;
  for (const std::string& text : arguments.values("uidmap")) {
    maps.uids.push_back(parse_id_mapping(text));
  }
  for (const std::string& text : arguments.values("gidmap")) {
    maps.gids.push_back(parse_id_mapping(text));
  }
  const bool is_mapped = !maps.uids.empty() || !maps.gids.empty();
  if (is_mapped + is_subordinate + arguments.has("userns") > 1) {
    throw UsageError(
        "give one of --userns, --uidmap with --gidmap, --subuidname with --subgidname");
  }
  if (is_subordinate) {
    const std::string user = arguments.value("subuidname", arguments.value("subgidname"));
    return subordinate_id_maps(user, arguments.value("subgidname", user));
  }
  return is_mapped ? check_id_maps(std::move(maps)) : maps;
}

UserNamespaceOptions user_namespace_of(const Arguments& arguments) {
  UserNamespaceOptions options;
  options.maps = id_maps_of(arguments);
  if (arguments.has("userns")) return parse_user_namespace(arguments.value("userns"));
  if (!options.maps.empty()) options.kind = UserNamespaceOptions::Kind::given;
  return options;
}

}  // namespace

RunOptions parse_run_options(const Arguments& arguments, std::vector<std::string> command) {
  RunOptions options;
  options.command = std::move(command);
  if (arguments.has("entrypoint")) {
    const std::string program = arguments.value("entrypoint");
    options.entrypoint.emplace();
    if (!program.empty()) options.entrypoint->push_back(program);
  }
  options.env = environment(arguments);
  options.working_dir = arguments.value("workdir");
  options.user = arguments.value("user");
  options.groups = arguments.values("group-add");
  options.terminal = arguments.has("tty");
  options.hostname = arguments.value("hostname");
  set_mounts(arguments, options);
  if (arguments.has("init")) add_init(options);
  options.user_namespace = user_namespace_of(arguments);
  set_limits(arguments, options);
  set_privileges(arguments, options.privileges);
  add_pairs(arguments, "annotation", options.annotations);
  add_pairs(arguments, "label", options.annotations);
  options.readonly = arguments.has("read-only");
  options.cgroups_path = arguments.value("cgroup");
  return options;
}

std::vector<std::string> network_names(const Arguments& arguments) {
  std::vector<std::string> names = arguments.values("network");
  for (std::string& name : arguments.values("net")) names.push_back(std::move(name));
  return names;
}

}  // namespace gocker::cli
