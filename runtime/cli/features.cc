// gocker-runtime features: what this build can do on this kernel (features.md, features-linux.md).
// Every list comes from the code that does the work, so that it can't promise more or less.
#include "oci-spec/features.h"

#include "runtime/cgroup/cgroup_host.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/cli/command.h"
#include "runtime/command_line/output.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/lsm.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/scheduling.h"
#include "runtime/linux/seccomp_names.h"

namespace gocker::cli {
namespace {

std::string yes_or_no(bool value) {
  return value ? "true" : "false";
}

std::string cgroup_mode(const CgroupHost& host) {
  if (host.unified_only()) return "v2";
  return host.find("") != nullptr ? "hybrid" : "v1";
}

oci::LinuxFeatures linux_features() {
  oci::LinuxFeatures features;
  for (const oci::NamespaceType type : kernel_namespaces()) {
    features.namespaces.emplace_back(oci::name_of(type));
  }
  features.capabilities = known_capabilities();
  // Of the runtime, whatever this host has mounted: that is how the specification reads here.
  features.cgroup = {.v1 = true, .v2 = true, .systemd = true, .systemd_user = true, .rdma = true};
  features.seccomp = seccomp_features();
  features.apparmor = true;
  features.selinux = true;
  features.memory_policy = memory_policy_features();
  features.idmap_mounts = true;
  features.intel_rdt = {.enabled = true, .schemata = true, .monitoring = true};
  features.net_devices = true;
  return features;
}

// Names that runc's and libseccomp's users ask for, and what only the host can say.
oci::StringMap annotations() {
  return {
      {"io.github.seccomp.libseccomp.version", seccomp_library_version()},
      {"org.opencontainers.runc.checkpoint.enabled", "true"},
      {"io.gocker.version", GOCKER_VERSION},
      {"io.gocker.host.apparmor", yes_or_no(apparmor_enabled())},
      {"io.gocker.host.cgroup", cgroup_mode(cgroup_host())},
      {"io.gocker.host.selinux", yes_or_no(selinux_enabled())},
  };
}

int run(const Global&, const Arguments&) {
  print(oci::to_json(oci::Features{
      .oci_version_min = "1.0.0",
      .oci_version_max = std::string(oci::kVersion),
      .hooks = {"prestart", "createRuntime", "createContainer", "startContainer", "poststart",
                "poststop"},
      .mount_options = known_mount_options(),
      .linux_ = linux_features(),
      .annotations = annotations(),
      .potentially_unsafe_config_annotations = {"run.oci.", kCriuConfig},
  }));
  return 0;
}

}  // namespace

constinit const Command kFeatures{
    .name = "features", .summary = "print as JSON what this runtime can do here", .run = run};

}  // namespace gocker::cli
