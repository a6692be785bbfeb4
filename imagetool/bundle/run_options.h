// What a person says about a container beyond its image.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imagetool/bundle/mount_options.h"
#include "imagetool/bundle/privileges.h"
#include "imagetool/bundle/resource_limits.h"
#include "imagetool/bundle/user_namespace.h"
#include "oci-spec/runtime_spec.h"

namespace gocker {

// The network namespace: the host's, a new one with nothing but the loopback device, or one that
// is made for the container and has a path.
enum class NetworkMode { none, host, joined };

struct RunOptions {
  std::vector<std::string> command;  // in place of the image's cmd; empty: the image's
  std::optional<std::vector<std::string>> entrypoint;  // in place of the image's, its cmd goes too
  std::string init;  // a program of the container that runs all others as its child; empty: none
  std::vector<std::string> env;     // "NAME=VALUE", or "NAME": as in gocker-image's own environment
  std::string working_dir;          // absolute; empty: the image's, else "/"
  std::string user;                 // as an image's User; empty: the image's, else root
  std::vector<std::string> groups;  // more of them, names or numbers
  bool terminal = false;
  std::string hostname;  // empty: the runtime's own
  NetworkMode network = NetworkMode::none;
  std::string network_namespace;                    // for NetworkMode::joined
  std::vector<oci::NamespaceType> host_namespaces;  // pid, ipc, uts: the host's, no new ones
  UserNamespaceOptions user_namespace;
  std::vector<BindMount> mounts;
  std::vector<TmpfsMount> tmpfs;
  std::vector<VolumeMount> volumes;  // to be made bind mounts by whoever keeps volumes
  Privileges privileges;
  std::map<std::string, std::string> annotations;  // and labels
  Limits limits;
  std::optional<int32_t> oom_score_adj;
  std::optional<int64_t> shm_size;  // bytes of /dev/shm
  std::vector<oci::Rlimit> rlimits;
  std::map<std::string, std::string> sysctls;
  bool readonly = false;  // the root file system
  // It goes when its program ends, and with the machine at the latest: nothing of it is synced.
  bool ephemeral = false;
  std::string cgroups_path;  // linux.cgroupsPath; empty: the runtime chooses
};

// "none" or "host".
NetworkMode parse_network(std::string_view text);
// "nofile=1024" or "nofile=1024:2048", soft and hard; -1 is unlimited.
oci::Rlimit parse_rlimit(std::string_view text);
// "NAME=VALUE" with a name that is not empty.
std::pair<std::string, std::string> parse_pair(std::string_view text);
// The lines of an --env-file: NAME=VALUE or NAME; empty lines and those that begin with # are left
// out.
std::vector<std::string> parse_env_file(std::string_view content);

}  // namespace gocker
