#include "imagetool/bundle/runtime_config.h"

#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imagetool/bundle/container_defaults.h"
#include "imagetool/bundle/environment.h"
#include "imagetool/bundle/user_lookup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// --- process -----------------------------------------------------------------------------------

std::vector<std::string> arguments(const oci::ContainerDefaults& image, const RunOptions& options) {
  std::vector<std::string> args = options.entrypoint.value_or(image.entrypoint);
  const bool use_image_cmd = options.command.empty() && !options.entrypoint;
  const std::vector<std::string>& rest = use_image_cmd ? image.cmd : options.command;
  args.insert(args.end(), rest.begin(), rest.end());
  if (args.empty() || args.front().empty()) {
    throw Error("the image names no program to run; give a command after the image");
  }
  return args;
}

std::vector<std::string> environment(const oci::ContainerDefaults& image, const RunOptions& options,
                                     const std::string& home) {
  std::vector<std::string> implied = {"PATH=" + std::string(kDefaultPath)};
  if (!home.empty()) implied.push_back("HOME=" + home);
  if (!options.hostname.empty()) implied.push_back("HOSTNAME=" + options.hostname);
  if (options.terminal) implied.emplace_back("TERM=xterm");
  return add_absent_variables(merge_variables(image.env, options.env), implied);
}

std::string working_directory(const oci::ContainerDefaults& image, const RunOptions& options) {
  const std::string& given = options.working_dir.empty() ? image.working_dir : options.working_dir;
  if (given.empty()) return "/";
  if (!given.starts_with('/')) throw Error("the working directory " + given + " is not absolute");
  return given;
}

// Those of the image for the user, and those that were asked for.
void add_groups(const std::vector<std::string>& groups, const RootDir& rootfs,
                std::vector<uint32_t>& gids) {
  for (const std::string& group : groups) {
    const uint32_t gid = look_up_group(group, rootfs);
    if (std::find(gids.begin(), gids.end(), gid) == gids.end()) gids.push_back(gid);
  }
}

oci::Process make_process(const oci::ContainerDefaults& image, const RunOptions& options,
                          const RootDir& rootfs) {
  ImageUser user = look_up_user(options.user.empty() ? image.user : options.user, rootfs);
  oci::Process process;
  process.terminal = options.terminal;
  process.args = arguments(image, options);
  if (!options.init.empty()) process.args.insert(process.args.begin(), {options.init, "--"});
  process.env = environment(image, options, user.home);
  process.cwd = working_directory(image, options);
  process.capabilities = default_capabilities(user.ids.uid);
  process.user = std::move(user.ids);
  add_groups(options.groups, rootfs, process.user.additional_gids);
  process.rlimits = options.rlimits;
  return process;
}

// --- annotations -------------------------------------------------------------------------------

oci::StringMap make_annotations(const oci::ImageConfig& image, const RunOptions& options) {
  oci::StringMap annotations = image.config.labels;
  const std::pair<const char*, std::string> implied[] = {
      {"org.opencontainers.image.os", image.platform.os},
      {"org.opencontainers.image.architecture", image.platform.architecture},
      {"org.opencontainers.image.variant", image.platform.variant},
      {"org.opencontainers.image.os.version", image.platform.os_version},
      {"org.opencontainers.image.author", image.author},
      {"org.opencontainers.image.created", image.created},
      {"org.opencontainers.image.stopSignal", image.config.stop_signal},
      {"org.opencontainers.image.exposedPorts", join(image.config.exposed_ports, ",")},
      {"io.gocker.image.volumes", join(image.config.volumes, ",")},
  };
  for (const auto& [name, value] : implied) {
    if (!value.empty()) annotations.emplace(name, value);
  }
  for (const auto& [name, value] : options.annotations) annotations[name] = value;
  return annotations;
}

// --- mounts, network, limits -------------------------------------------------------------------

oci::Mount bind_mount(const BindMount& mount) {
  return {.destination = mount.destination,
          .type = "bind",
          .source = mount.source,
          .options = {"rbind", mount.propagation, mount.readonly ? "ro" : "rw"}};
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

void add_mounts(const std::vector<BindMount>& mounts, std::vector<oci::Mount>& list) {
  for (const BindMount& mount : mounts) {
    if (!exists(mount.source)) throw Error("mount source " + mount.source + " does not exist");
    list.push_back(bind_mount(mount));
  }
}

void add_tmpfs(const std::vector<TmpfsMount>& mounts, std::vector<oci::Mount>& list) {
  for (const TmpfsMount& mount : mounts) {
    std::vector<std::string> options = {"nosuid", "nodev", "noexec"};
    options.insert(options.end(), mount.options.begin(), mount.options.end());
    list.push_back({.destination = mount.destination,
                    .type = "tmpfs",
                    .source = "tmpfs",
                    .options = std::move(options)});
  }
}

void set_shm_size(int64_t bytes, std::vector<oci::Mount>& list) {
  for (oci::Mount& mount : list) {
    if (mount.destination != "/dev/shm") continue;
    std::erase_if(mount.options, [](const std::string& word) { return word.starts_with("size="); });
    mount.options.push_back("size=" + std::to_string(bytes));
  }
}

void add_user_namespace(const IdMaps& maps, oci::Linux& config) {
  if (maps.empty()) return;
  config.namespaces.push_back({.type = oci::NamespaceType::user});
  config.uid_mappings = maps.uids;
  config.gid_mappings = maps.gids;
}

// In the host's network the container also finds names as the host does, unless it was given files
// of its own.
void share_host_network(const std::vector<BindMount>& own, oci::Spec& spec) {
  std::erase_if(spec.linux_.namespaces, [](const oci::Namespace& each) {
    return each.type == oci::NamespaceType::network;
  });
  for (const char* path : {"/etc/resolv.conf", "/etc/hosts"}) {
    const bool has_own = std::any_of(own.begin(), own.end(), [path](const BindMount& mount) {
      return mount.destination == path;
    });
    if (!has_own && exists(path)) spec.mounts.push_back(bind_mount({real_path(path), path, true}));
  }
}

// A namespace with a path takes the place of the new one.
void join_network(const std::string& path, oci::Spec& spec) {
  for (oci::Namespace& each : spec.linux_.namespaces) {
    if (each.type == oci::NamespaceType::network) each.path = path;
  }
}

bool is_host(const RunOptions& options, oci::NamespaceType type) {
  return std::find(options.host_namespaces.begin(), options.host_namespaces.end(), type) !=
         options.host_namespaces.end();
}

// With the host's IPC its shared memory, too.
void share_host_namespaces(const RunOptions& options, oci::Spec& spec) {
  std::erase_if(spec.linux_.namespaces,
                [&](const oci::Namespace& each) { return is_host(options, each.type); });
  if (!is_host(options, oci::NamespaceType::ipc)) return;
  for (oci::Mount& mount : spec.mounts) {
    if (mount.destination == "/dev/shm") mount = bind_mount({"/dev/shm", "/dev/shm"});
  }
}

}  // namespace

oci::Spec make_runtime_config(const oci::ImageConfig& image, const RunOptions& options,
                              const RootDir& rootfs) {
  oci::Spec spec = container_defaults();
  spec.process = make_process(image.config, options, rootfs);
  spec.root->readonly = options.readonly;
  spec.hostname = options.hostname;
  spec.annotations = make_annotations(image, options);
  spec.linux_.cgroups_path = options.cgroups_path;
  add_user_namespace(options.user_namespace.maps, spec.linux_);
  spec.linux_.sysctl = options.sysctls;
  if (options.network == NetworkMode::host) share_host_network(options.mounts, spec);
  if (options.network == NetworkMode::joined) join_network(options.network_namespace, spec);
  share_host_namespaces(options, spec);
  if (options.shm_size) set_shm_size(*options.shm_size, spec.mounts);
  add_tmpfs(options.tmpfs, spec.mounts);
  add_mounts(options.mounts, spec.mounts);
  apply_limits(options.limits, *spec.linux_.resources);
  if (options.oom_score_adj) spec.process->oom_score_adj = options.oom_score_adj;
  apply_privileges(options.privileges, spec);
  return spec;
}

}  // namespace gocker
