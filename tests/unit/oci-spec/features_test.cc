#include "oci-spec/features.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace oci {
namespace {

using nlohmann::json;

Features some() {
  Features features;
  features.oci_version_min = "1.0.0";
  features.oci_version_max = "1.3.0";
  features.hooks = {"prestart"};
  features.mount_options = {"ro", "rro"};
  features.linux_.namespaces = {"pid", "time"};
  features.linux_.capabilities = {"CAP_CHOWN"};
  features.linux_.cgroup = {.v1 = true, .v2 = true, .systemd_user = true};
  features.linux_.seccomp = {.enabled = true,
                             .actions = {"SCMP_ACT_LOG"},
                             .operators = {"SCMP_CMP_EQ"},
                             .archs = {"SCMP_ARCH_X86_64"},
                             .known_flags = {"SECCOMP_FILTER_FLAG_LOG"}};
  features.linux_.selinux = true;
  features.linux_.intel_rdt = {.enabled = true, .monitoring = true};
  features.linux_.memory_policy.modes = {"MPOL_BIND"};
  features.linux_.idmap_mounts = true;
  features.linux_.net_devices = true;
  return features;
}

TEST(Features, HasTheShapeThatEnginesRead) {
  EXPECT_EQ(json::parse(to_json(some())), json::parse(R"({
    "ociVersionMin": "1.0.0",
    "ociVersionMax": "1.3.0",
    "hooks": ["prestart"],
    "mountOptions": ["ro", "rro"],
    "linux": {
      "namespaces": ["pid", "time"],
      "capabilities": ["CAP_CHOWN"],
      "cgroup": {"v1": true, "v2": true, "systemd": false, "systemdUser": true, "rdma": false},
      "seccomp": {
        "enabled": true,
        "actions": ["SCMP_ACT_LOG"],
        "operators": ["SCMP_CMP_EQ"],
        "archs": ["SCMP_ARCH_X86_64"],
        "knownFlags": ["SECCOMP_FILTER_FLAG_LOG"],
        "supportedFlags": []
      },
      "apparmor": {"enabled": false},
      "selinux": {"enabled": true},
      "intelRdt": {"enabled": true, "schemata": false, "monitoring": true},
      "memoryPolicy": {"modes": ["MPOL_BIND"], "flags": []},
      "mountExtensions": {"idmap": {"enabled": true}},
      "netDevices": {"enabled": true}
    }
  })"));
}

TEST(Features, TellsAnnotationsWhereThereAreAny) {
  Features features = some();
  features.annotations = {{"org.example", "1"}};
  features.potentially_unsafe_config_annotations = {"org.systemd.property."};
  const json written = json::parse(to_json(features));
  EXPECT_EQ(written["annotations"], json({{"org.example", "1"}}));
  EXPECT_EQ(written["potentiallyUnsafeConfigAnnotations"], json({"org.systemd.property."}));
}

TEST(Features, StartsWithTheVersions) {
  EXPECT_TRUE(to_json(some()).starts_with("{\n  \"ociVersionMin\": \"1.0.0\",\n"));
}

}  // namespace
}  // namespace oci
