// What a runtime can do, as `features` prints it (features.md, features-linux.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace oci {

struct CgroupFeatures {
  bool v1 = false;
  bool v2 = false;
  bool systemd = false;
  bool systemd_user = false;
  bool rdma = false;
};

struct SeccompFeatures {
  bool enabled = false;
  std::vector<std::string> actions;
  std::vector<std::string> operators;
  std::vector<std::string> archs;
  std::vector<std::string> known_flags;
  std::vector<std::string> supported_flags;
};

struct IntelRdtFeatures {
  bool enabled = false;
  bool schemata = false;
  bool monitoring = false;
};

struct MemoryPolicyFeatures {
  std::vector<std::string> modes;
  std::vector<std::string> flags;
};

struct LinuxFeatures {
  std::vector<std::string> namespaces;
  std::vector<std::string> capabilities;
  CgroupFeatures cgroup;
  SeccompFeatures seccomp;
  bool apparmor = false;
  bool selinux = false;
  IntelRdtFeatures intel_rdt;
  MemoryPolicyFeatures memory_policy;
  bool idmap_mounts = false;
  bool net_devices = false;
};

struct Features {
  std::string oci_version_min;
  std::string oci_version_max;
  std::vector<std::string> hooks;
  std::vector<std::string> mount_options;
  LinuxFeatures linux_;
  StringMap annotations;
  std::vector<std::string> potentially_unsafe_config_annotations;
};

std::string to_json(const Features& features);

}  // namespace oci
