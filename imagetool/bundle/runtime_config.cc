#include "imagetool/bundle/runtime_config.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imagetool/bundle/container_defaults.h"
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

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

class Environment {
 public:
  explicit Environment(std::vector<std::string> variables) : variables_(std::move(variables)) {}

  void set(const std::string& variable) {
    const auto present = find(name_of(variable));
    if (present == variables_.end()) {
      variables_.push_back(variable);
    } else {
      *present = variable;
    }
  }
  void set_if_absent(std::string_view name, std::string_view value) {
    if (find(name) != variables_.end() || value.empty()) return;
    variables_.push_back(std::string(name).append("=").append(value));
  }
  std::vector<std::string> take() { return std::move(variables_); }

 private:
  std::vector<std::string>::iterator find(std::string_view name) {
    return std::find_if(variables_.begin(), variables_.end(),
                        [name](const std::string& variable) { return name_of(variable) == name; });
  }

  std::vector<std::string> variables_;
};

std::vector<std::string> environment(const oci::ContainerDefaults& image, const RunOptions& options,
                                     const std::string& home) {
  Environment env(image.env);
  for (const std::string& variable : options.env) {
    if (variable.empty() || variable.front() == '=') {
      throw Error("'" + variable + "' is no environment variable: it takes NAME=VALUE or NAME");
    }
    if (variable.find('=') != std::string::npos) {
      env.set(variable);
    } else if (const char* value = std::getenv(variable.c_str())) {
      env.set(variable + "=" + value);
    }
  }
  env.set_if_absent("PATH", kDefaultPath);
  env.set_if_absent("HOME", home);
  env.set_if_absent("HOSTNAME", options.hostname);
  if (options.terminal) env.set_if_absent("TERM", "xterm");
  return env.take();
}

std::string working_directory(const oci::ContainerDefaults& image, const RunOptions& options) {
  const std::string& given = options.working_dir.empty() ? image.working_dir : options.working_dir;
  if (given.empty()) return "/";
  if (!given.starts_with('/')) throw Error("the working directory " + given + " is not absolute");
  return given;
}

oci::Process make_process(const oci::ContainerDefaults& image, const RunOptions& options,
                          const RootDir& rootfs) {
  ImageUser user = look_up_user(options.user.empty() ? image.user : options.user, rootfs);
  oci::Process process;
  process.terminal = options.terminal;
  process.args = arguments(image, options);
  process.env = environment(image, options, user.home);
  process.cwd = working_directory(image, options);
  process.capabilities = default_capabilities(user.ids.uid);
  process.user = std::move(user.ids);
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
          .options = {"rbind", "rprivate", mount.readonly ? "ro" : "rw"}};
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

void add_user_namespace(const IdMaps& maps, oci::Linux& config) {
  if (maps.empty()) return;
  config.namespaces.push_back({.type = oci::NamespaceType::user});
  config.uid_mappings = maps.uids;
  config.gid_mappings = maps.gids;
}

// In the host's network the container also finds names as the host does, unless it was given files
// of its own.
void share_host_network(oci::Spec& spec) {
  std::erase_if(spec.linux_.namespaces, [](const oci::Namespace& each) {
    return each.type == oci::NamespaceType::network;
  });
  for (const char* path : {"/etc/resolv.conf", "/etc/hosts"}) {
    if (exists(path)) spec.mounts.push_back(bind_mount({real_path(path), path, true}));
  }
}

void set_limits(const RunOptions& options, oci::Resources& resources) {
  if (options.memory) resources.memory = oci::MemoryResources{.limit = options.memory};
  if (options.cpu_quota) {
    resources.cpu = oci::CpuResources{.quota = options.cpu_quota, .period = kCpuPeriod};
  }
  resources.pids_limit = options.pids;
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
  if (options.network == NetworkMode::host) share_host_network(spec);
  add_mounts(options.mounts, spec.mounts);
  set_limits(options, *spec.linux_.resources);
  return spec;
}

}  // namespace gocker
