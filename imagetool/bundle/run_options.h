// What a person says about a container beyond its image.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/bundle/user_namespace.h"

namespace gocker {

struct BindMount {
  std::string source;       // on the host, absolute
  std::string destination;  // in the container, absolute
  bool readonly = false;
};

// The network namespace: the host's, or a new one with nothing but the loopback device.
enum class NetworkMode { none, host };

struct RunOptions {
  std::vector<std::string> command;  // in place of the image's cmd; empty: the image's
  std::optional<std::vector<std::string>> entrypoint;  // in place of the image's, its cmd goes too
  std::vector<std::string> env;  // "NAME=VALUE", or "NAME": as in gocker-image's own environment
  std::string working_dir;       // absolute; empty: the image's, else "/"
  std::string user;              // as an image's User; empty: the image's, else root
  bool terminal = false;
  std::string hostname;  // empty: the runtime's own
  NetworkMode network = NetworkMode::none;
  UserNamespaceOptions user_namespace;
  std::vector<BindMount> mounts;
  std::map<std::string, std::string> annotations;
  std::optional<int64_t> memory;     // bytes
  std::optional<int64_t> cpu_quota;  // microseconds of processor time in every kCpuPeriod
  std::optional<int64_t> pids;       // processes and threads
  bool readonly = false;             // the root file system
  std::string cgroups_path;          // linux.cgroupsPath; empty: the runtime chooses
};

inline constexpr uint64_t kCpuPeriod = 100'000;  // microseconds

// "SOURCE:DESTINATION[:ro|:rw]", both absolute. Throws "'...' is no mount: ...".
BindMount parse_bind_mount(std::string_view text);
// "512m": a number of bytes with an optional b, k, m, g or t (powers of 1024), at least 1.
int64_t parse_memory(std::string_view text);
// "1.5" processors as a quota of kCpuPeriod: 150000. At least a hundredth of a processor.
int64_t parse_cpus(std::string_view text);
// "none" or "host".
NetworkMode parse_network(std::string_view text);

}  // namespace gocker
