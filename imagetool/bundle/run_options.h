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
  std::string network_namespace;  // for NetworkMode::joined
  UserNamespaceOptions user_namespace;
  std::vector<BindMount> mounts;
  std::vector<TmpfsMount> tmpfs;
  std::vector<VolumeMount> volumes;  // to be made bind mounts by whoever keeps volumes
  Privileges privileges;
  std::map<std::string, std::string> annotations;  // and labels
  std::optional<int64_t> memory;                   // bytes
  std::optional<int64_t> cpu_quota;  // microseconds of processor time in every kCpuPeriod
  std::optional<int64_t> pids;       // processes and threads
  std::optional<uint64_t> cpu_shares;
  std::string cpuset_cpus;          // processors that may be used: "0-2,7"
  std::optional<int64_t> shm_size;  // bytes of /dev/shm
  std::vector<oci::Rlimit> rlimits;
  std::map<std::string, std::string> sysctls;
  bool readonly = false;  // the root file system
  // It goes when its program ends, and with the machine at the latest: nothing of it is synced.
  bool ephemeral = false;
  std::string cgroups_path;  // linux.cgroupsPath; empty: the runtime chooses
};

inline constexpr uint64_t kCpuPeriod = 100'000;  // microseconds

// "512m": a number of bytes with an optional b, k, m, g or t (powers of 1024), at least 1.
int64_t parse_memory(std::string_view text);
// "1.5" processors as a quota of kCpuPeriod: 150000. At least a hundredth of a processor.
int64_t parse_cpus(std::string_view text);
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
