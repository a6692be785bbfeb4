#include "imagetool/cdi/container_edits.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "runtime/base/error.h"

namespace gocker {
namespace {

void set_variable(const std::string& variable, std::vector<std::string>& env) {
  const std::string name = variable.substr(0, variable.find('=') + 1);
  std::erase_if(env, [&](const std::string& other) { return other.starts_with(name); });
  env.push_back(variable);
}

// --- devices -----------------------------------------------------------------------------------

std::string type_of(mode_t mode) {
  if (S_ISCHR(mode)) return "c";
  if (S_ISBLK(mode)) return "b";
  if (S_ISFIFO(mode)) return "p";
  throw Error("it is no device");
}

// What the vendor left to the host.
void fill_from_host(CdiDeviceNode& node) {
  const bool has_number = node.major.has_value() || node.type == "p";
  if (!node.type.empty() && has_number) return;
  const std::string& path = node.host_path.empty() ? node.path : node.host_path;
  const Doing doing("give the CDI device node", path);
  struct stat status {};
  check(::stat(path.c_str(), &status), "stat");
  const std::string type = type_of(status.st_mode);
  const std::string wanted = node.type == "u" ? "c" : node.type;
  if (!wanted.empty() && wanted != type) {
    throw Error("it is of type " + type + ", its CDI file says " + node.type);
  }
  if (node.type.empty()) node.type = type;
  if (!node.file_mode) node.file_mode = status.st_mode & 07777U;
  if (type == "p" || node.major) return;
  node.major = major(status.st_rdev);
  node.minor = minor(status.st_rdev);
}

// Root's files stay the host root's; any other user of the container is to be able to open them.
std::optional<uint32_t> owner_of(std::optional<uint32_t> given, uint32_t user) {
  return given || user == 0 ? given : std::optional(user);
}

void add_device(CdiDeviceNode node, oci::Spec& spec) {
  fill_from_host(node);
  oci::Device device{.path = node.path,
                     .type = node.type[0],
                     .major = node.major.value_or(0),
                     .minor = node.minor.value_or(0),
                     .file_mode = node.file_mode,
                     .uid = owner_of(node.uid, spec.process->user.uid),
                     .gid = owner_of(node.gid, spec.process->user.gid)};
  std::erase_if(spec.linux_.devices,
                [&](const oci::Device& other) { return other.path == device.path; });
  if (device.type != 'p') {
    const char rule_type = device.type == 'b' ? 'b' : 'c';
    spec.linux_.resources->devices.push_back(
        {.allow = true,
         .type = rule_type,
         .major = device.major,
         .minor = device.minor,
         .access = node.permissions.empty() ? "rwm" : node.permissions});
  }
  spec.linux_.devices.push_back(std::move(device));
}

// --- mounts and hooks --------------------------------------------------------------------------

bool is_bind(const std::string& option) {
  return option == "bind" || option == "rbind";
}

void add_mount(oci::Mount mount, std::vector<oci::Mount>& mounts) {
  if (mount.type.empty() && std::ranges::none_of(mount.options, is_bind)) {
    mount.options.insert(mount.options.begin(), "rbind");
  }
  if (mount.type.empty()) mount.type = "bind";
  std::erase_if(mounts,
                [&](const oci::Mount& other) { return other.destination == mount.destination; });
  mounts.push_back(std::move(mount));
}

void append(const std::vector<oci::Hook>& more, std::vector<oci::Hook>& hooks) {
  hooks.insert(hooks.end(), more.begin(), more.end());
}

void add_hooks(const oci::Hooks& more, oci::Hooks& hooks) {
  append(more.prestart, hooks.prestart);
  append(more.create_runtime, hooks.create_runtime);
  append(more.create_container, hooks.create_container);
  append(more.start_container, hooks.start_container);
  append(more.poststart, hooks.poststart);
  append(more.poststop, hooks.poststop);
}

}  // namespace

void apply_edits(const ContainerEdits& edits, oci::Spec& spec) {
  for (const std::string& variable : edits.env) set_variable(variable, spec.process->env);
  for (const CdiDeviceNode& node : edits.device_nodes) add_device(node, spec);
  for (const auto& [name, device] : edits.net_devices) spec.linux_.net_devices[name] = device;
  for (const oci::Mount& mount : edits.mounts) add_mount(mount, spec.mounts);
  add_hooks(edits.hooks, spec.hooks);
  std::vector<uint32_t>& gids = spec.process->user.additional_gids;
  for (const uint32_t gid : edits.additional_gids) {
    if (std::ranges::find(gids, gid) == gids.end()) gids.push_back(gid);
  }
  if (edits.intel_rdt) spec.linux_.intel_rdt = edits.intel_rdt;
}

}  // namespace gocker
