#include "imagetool/cli/run_options.h"

#include <fcntl.h>

#include "imagetool/cdi/cdi_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

int32_t parse_oom_score(const std::string& text) {
  constexpr int64_t kMost = 1000;
  const auto score = parse_i64(text);
  if (!score || *score < -kMost || *score > kMost) {
    throw Error("'" + text + "' is no number from -1000 to 1000");
  }
  return static_cast<int32_t>(*score);
}

void add_pairs(const Arguments& arguments, std::string_view option,
               std::map<std::string, std::string>& pairs) {
  for (const std::string& text : arguments.values(option)) {
    const auto [name, value] = parse_option(option, text, parse_pair);
    pairs[name] = value;
  }
}

void set_limits(const Arguments& arguments, RunOptions& options) {
  options.limits = parse_limits(arguments);
  if (arguments.has("oom-score-adj")) {
    options.oom_score_adj =
        parse_option("oom-score-adj", arguments.value("oom-score-adj"), parse_oom_score);
  }
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

void set_host_namespaces(const Arguments& arguments, RunOptions& options) {
  using oci::NamespaceType;
  for (const auto& [name, type] :
       {std::pair("pid", NamespaceType::pid), std::pair("ipc", NamespaceType::ipc),
        std::pair("uts", NamespaceType::uts)}) {
    const std::string value = arguments.value(name, "private");
    if (value == "host") {
      options.host_namespaces.push_back(type);
    } else if (value != "private") {
      throw UsageError(std::string("--") + name + ": '" + value + "' is neither host nor private");
    }
  }
  if (arguments.value("uts") == "host" && !options.hostname.empty()) {
    throw UsageError("--hostname and --uts host exclude each other");
  }
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
  set_host_namespaces(arguments, options);
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
