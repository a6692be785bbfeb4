// The rules for config.json's "linux".
#include <algorithm>
#include <array>
#include <set>

#include "oci-spec/validate_parts.h"

namespace oci {
namespace {

constexpr size_t kLongestInterface = 15;  // IFNAMSIZ without its final NUL

constexpr std::array<std::string_view, 8> kPropagations = {
    "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"};

constexpr std::array<std::string_view, 2> kClocks = {"boottime", "monotonic"};

constexpr std::array<std::string_view, 2> kDomains = {"LINUX", "LINUX32"};

constexpr std::array<std::string_view, 7> kMemoryModes = {
    "MPOL_DEFAULT",   "MPOL_BIND",           "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
    "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL"};

constexpr std::array<std::string_view, 3> kMemoryFlags = {
    "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"};

// --- namespaces and ids --------------------------------------------------------------------------

void check_namespaces(const Linux& linux, const JsonPlace& at) {
  at.for_each(linux.namespaces, [&](const Namespace& space, const JsonPlace& here) {
    if (linux.find_namespace(space.type) != &space) {
      JsonPlace(here, "type").refuse(std::string(name_of(space.type)) + " is listed twice");
    }
    if (!space.path.empty()) check_absolute(space.path, JsonPlace(here, "path"));
  });
}

void check_user_namespace(const Linux& linux, const JsonPlace& at) {
  const JsonPlace uids(at, "uidMappings");
  const JsonPlace gids(at, "gidMappings");
  check_mappings(linux.uid_mappings, uids);
  check_mappings(linux.gid_mappings, gids);
  const Namespace* user = linux.find_namespace(NamespaceType::user);
  if (user == nullptr) {
    constexpr std::string_view kProblem = "needs an entry of type user in /linux/namespaces";
    if (!linux.uid_mappings.empty()) uids.refuse(kProblem);
    if (!linux.gid_mappings.empty()) gids.refuse(kProblem);
    return;
  }
  if (!user->path.empty()) return;  // it has mappings already
  constexpr std::string_view kProblem = "is required for a new user namespace";
  if (linux.uid_mappings.empty()) uids.refuse(kProblem);
  if (linux.gid_mappings.empty()) gids.refuse(kProblem);
}

bool maps(const std::vector<IdMapping>& mappings, uint32_t id) {
  return std::ranges::any_of(mappings, [id](const IdMapping& mapping) {
    return id >= mapping.container_id && id - mapping.container_id < mapping.size;
  });
}

void check_mapped(const std::vector<IdMapping>& mappings, std::string_view name, uint32_t id,
                  const JsonPlace& at) {
  if (maps(mappings, id)) return;
  at.refuse(std::to_string(id) + " is not mapped by /linux/" + std::string(name));
}

// With a new user namespace the process's ids must exist in it.
void check_ids_of_process(const Spec& spec, const JsonPlace& process) {
  const Namespace* user = spec.linux_.find_namespace(NamespaceType::user);
  if (!spec.process || user == nullptr || !user->path.empty()) return;
  const User& ids = spec.process->user;
  const JsonPlace at(process, "user");
  check_mapped(spec.linux_.uid_mappings, "uidMappings", ids.uid, JsonPlace(at, "uid"));
  check_mapped(spec.linux_.gid_mappings, "gidMappings", ids.gid, JsonPlace(at, "gid"));
  const JsonPlace groups(at, "additionalGids");
  for (size_t i = 0; i < ids.additional_gids.size(); ++i) {
    check_mapped(spec.linux_.gid_mappings, "gidMappings", ids.additional_gids[i],
                 JsonPlace(groups, i));
  }
}

void check_time_offsets(const Linux& linux, const JsonPlace& at) {
  if (linux.time_offsets.empty()) return;
  const Namespace* time = linux.find_namespace(NamespaceType::time);
  if (time == nullptr || !time->path.empty()) {
    at.refuse("needs a new namespace of type time in /linux/namespaces");
  }
  for (const auto& [clock, offset] : linux.time_offsets) {
    check_known(clock, kClocks, JsonPlace(at, clock));
  }
}

// --- files and devices ---------------------------------------------------------------------------

void check_paths(const std::vector<std::string>& paths, const JsonPlace& at) {
  at.for_each(paths,
              [](const std::string& path, const JsonPlace& here) { check_absolute(path, here); });
}

void check_cgroups_path(std::string_view path, const JsonPlace& at) {
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (path.substr(start, end - start) == "..") at.refuse("must not contain \"..\"");
    start = end + 1;
  }
}

void check_interface(std::string_view name, const JsonPlace& at) {
  const bool dots = name == "." || name == "..";
  if (name.empty() || name.size() > kLongestInterface || dots ||
      name.find_first_of("/: \t\n\r\v\f") != std::string_view::npos) {
    at.refuse(quote(name) + " is no name of a network interface");
  }
}

void check_net_devices(const Linux& linux, const JsonPlace& at) {
  if (linux.net_devices.empty()) return;
  if (linux.find_namespace(NamespaceType::network) == nullptr) {
    at.refuse("needs an entry of type network in /linux/namespaces");
  }
  std::set<std::string_view> names_inside;
  for (const auto& [host_name, device] : linux.net_devices) {
    const JsonPlace here(at, host_name);
    check_interface(host_name, here);
    const std::string& inside = device.name.empty() ? host_name : device.name;
    check_interface(inside, JsonPlace(here, "name"));
    const bool template_name = inside.find('%') != std::string::npos;
    if (!template_name && !names_inside.insert(inside).second) {
      JsonPlace(here, "name").refuse(quote(inside) + " is the name of two devices");
    }
  }
}

// --- the rest ------------------------------------------------------------------------------------

void check_one_line(std::string_view text, const JsonPlace& at) {
  if (text.find('\n') != std::string_view::npos) at.refuse("must be a single line");
}

void check_intel_rdt(const IntelRdt& rdt, const JsonPlace& at) {
  const std::string& id = rdt.clos_id;
  // "/" alone stands for the default class.
  const bool path = id != "/" && id.find('/') != std::string::npos;
  if (path || id == "." || id == ".." || id.find('\n') != std::string::npos) {
    JsonPlace(at, "closID").refuse("must be a name without \"/\", not " + quote(id));
  }
  check_one_line(rdt.l3_cache_schema, JsonPlace(at, "l3CacheSchema"));
  check_one_line(rdt.mem_bw_schema, JsonPlace(at, "memBwSchema"));
  if (!rdt.mem_bw_schema.empty() && !rdt.mem_bw_schema.starts_with("MB:")) {
    JsonPlace(at, "memBwSchema").refuse("must start with MB:, not " + quote(rdt.mem_bw_schema));
  }
  if (!rdt.schemata) return;
  JsonPlace(at, "schemata").for_each(*rdt.schemata, check_one_line);
}

void check_memory_policy(const MemoryPolicy& policy, const JsonPlace& at) {
  check_known(policy.mode, kMemoryModes, JsonPlace(at, "mode"));
  JsonPlace(at, "flags").for_each(policy.flags, [](const std::string& flag, const JsonPlace& here) {
    check_known(flag, kMemoryFlags, here);
  });
  const JsonPlace nodes(at, "nodes");
  if (policy.nodes.find_first_not_of("0123456789,- ") != std::string::npos) {
    nodes.refuse("must be a list such as 0-3,7, not " + quote(policy.nodes));
  }
  // set_mempolicy(2)
  const bool without_nodes = policy.mode == "MPOL_DEFAULT" || policy.mode == "MPOL_LOCAL";
  if (without_nodes && !policy.nodes.empty()) nodes.refuse("must be empty with " + policy.mode);
  if (!without_nodes && policy.mode != "MPOL_PREFERRED" && policy.nodes.empty()) {
    nodes.refuse("is required with " + policy.mode);
  }
}

void check_personality(const Personality& personality, const JsonPlace& at) {
  check_known(personality.domain, kDomains, JsonPlace(at, "domain"));
  if (!personality.flags.empty()) {
    JsonPlace(at, "flags").refuse("must be empty, as no flags are defined");
  }
}

}  // namespace

void check_linux(const Spec& spec, const JsonPlace& top) {
  const Linux& linux = spec.linux_;
  const JsonPlace at(top, "linux");
  check_namespaces(linux, JsonPlace(at, "namespaces"));
  at.attempt([&] { check_user_namespace(linux, at); });
  at.attempt([&] { check_ids_of_process(spec, JsonPlace(top, "process")); });
  at.attempt([&] { check_time_offsets(linux, JsonPlace(at, "timeOffsets")); });
  check_sysctl(spec, JsonPlace(at, "sysctl"));
  at.attempt([&] { check_cgroups_path(linux.cgroups_path, JsonPlace(at, "cgroupsPath")); });
  JsonPlace(at, "devices").for_each(linux.devices, [](const Device& device, const JsonPlace& here) {
    check_absolute(device.path, JsonPlace(here, "path"));
  });
  at.attempt([&] { check_net_devices(linux, JsonPlace(at, "netDevices")); });
  if (linux.seccomp) check_seccomp(*linux.seccomp, JsonPlace(at, "seccomp"));
  at.attempt([&] {
    if (linux.rootfs_propagation.empty()) return;
    check_known(linux.rootfs_propagation, kPropagations, JsonPlace(at, "rootfsPropagation"));
  });
  at.attempt([&] { check_paths(linux.masked_paths, JsonPlace(at, "maskedPaths")); });
  at.attempt([&] { check_paths(linux.readonly_paths, JsonPlace(at, "readonlyPaths")); });
  at.attempt([&] {
    if (linux.intel_rdt) check_intel_rdt(*linux.intel_rdt, JsonPlace(at, "intelRdt"));
  });
  at.attempt([&] {
    if (!linux.memory_policy) return;
    check_memory_policy(*linux.memory_policy, JsonPlace(at, "memoryPolicy"));
  });
  at.attempt([&] {
    if (linux.personality) check_personality(*linux.personality, JsonPlace(at, "personality"));
  });
}

}  // namespace oci
