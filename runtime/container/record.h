// What is kept of a container on disk: state.json in its state directory. Private to
// gocker-runtime: what others may read is oci::State, as the state command prints it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup.h"

namespace gocker {

struct ContainerRecord {
  std::string id;
  std::string oci_version;
  std::string bundle;   // absolute
  std::string rootfs;   // absolute
  std::string created;  // RFC 3339
  std::string owner;    // user name of who made it, empty where unknown
  oci::StringMap annotations;
  // The first process: 0 until it exists. Pid and start time (clock ticks since boot) together
  // name a process for good.
  pid_t pid = 0;
  uint64_t start_time = 0;
  CgroupPaths cgroup;
  std::string scope;  // the unit that systemd made of the groups; empty: systemd did not make them
  std::vector<std::string> rdt_directories;  // of resctrl, to be removed in this order
  uint64_t rootfs_mount = 0;                 // of shared_rootfs.h; 0: none
  // What a checkpoint needs to know of the outside.
  std::vector<oci::Namespace> namespaces;    // as asked for, with the paths that were joined
  std::vector<std::string> external_mounts;  // destinations of bind mounts
  std::string console_socket;                // empty: no terminal
  bool has_poststart_hooks = false;          // spares start and delete the reading of config.json
  bool has_poststop_hooks = false;
};

std::string to_json(const ContainerRecord& record);
// `file` is what errors name.
ContainerRecord parse_record(std::string_view json, std::string_view file);

}  // namespace gocker
