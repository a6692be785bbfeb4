#include "oci-spec/features.h"

#include <nlohmann/json.hpp>

#include "oci-spec/json_text.h"

namespace oci {
namespace {

using Json = OrderedJson;

// Here absent means "not told" and empty means "none", so that every field is written.
Json linux_json(const LinuxFeatures& linux) {
  return {
      {"namespaces", linux.namespaces},
      {"capabilities", linux.capabilities},
      {"cgroup",
       {{"v1", linux.cgroup.v1},
        {"v2", linux.cgroup.v2},
        {"systemd", linux.cgroup.systemd},
        {"systemdUser", linux.cgroup.systemd_user},
        {"rdma", linux.cgroup.rdma}}},
      {"seccomp",
       {{"enabled", linux.seccomp.enabled},
        {"actions", linux.seccomp.actions},
        {"operators", linux.seccomp.operators},
        {"archs", linux.seccomp.archs},
        {"knownFlags", linux.seccomp.known_flags},
        {"supportedFlags", linux.seccomp.supported_flags}}},
      {"apparmor", {{"enabled", linux.apparmor}}},
      {"selinux", {{"enabled", linux.selinux}}},
      {"intelRdt",
       {{"enabled", linux.intel_rdt.enabled},
        {"schemata", linux.intel_rdt.schemata},
        {"monitoring", linux.intel_rdt.monitoring}}},
      {"memoryPolicy",
       {{"modes", linux.memory_policy.modes}, {"flags", linux.memory_policy.flags}}},
      {"mountExtensions", {{"idmap", {{"enabled", linux.idmap_mounts}}}}},
      {"netDevices", {{"enabled", linux.net_devices}}},
  };
}

}  // namespace

std::string to_json(const Features& features) {
  Json json = {{"ociVersionMin", features.oci_version_min},
               {"ociVersionMax", features.oci_version_max},
               {"hooks", features.hooks},
               {"mountOptions", features.mount_options},
               {"linux", linux_json(features.linux_)}};
  put(json, "annotations", features.annotations);
  put(json, "potentiallyUnsafeConfigAnnotations", features.potentially_unsafe_config_annotations);
  return report_text(json, Layout::two_blanks);
}

}  // namespace oci
