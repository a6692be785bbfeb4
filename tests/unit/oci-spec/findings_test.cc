// All that is wrong with a config.json at once, and what of it nobody heeds.
#include "oci-spec/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "oci-spec/error.h"
#include "oci-spec/runtime_spec.h"
#include "oci-spec/validate.h"

namespace oci {
namespace {

Findings findings_of(std::string_view json) {
  Findings findings{.go_on = true, .errors = {}, .ignored = {}};
  const Spec spec = parse_spec(json, "config.json", &findings);
  validate(spec, "config.json", &findings);
  return findings;
}

std::vector<std::string> paths(const std::vector<Finding>& list) {
  std::vector<std::string> result;
  for (const Finding& finding : list) result.push_back(finding.json_path);
  std::ranges::sort(result);
  return result;
}

constexpr std::string_view kBroken = R"({
  "ociVersion": "2.0.0",
  "process": {
    "user": {"uid": -1, "gid": 0},
    "args": [],
    "env": ["=x", "A=b", 7],
    "cwd": "srv",
    "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}, {"type": "RLIMIT_X", "soft": 1, "hard": 1}]
  },
  "hostname": "box",
  "mounts": [{"destination": "tmp", "type": "tmpfs"}, {"type": "tmpfs"}, {"destination": "/ok"}],
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "pid"}, {"type": "nonsense"}],
    "sysctl": {"kernel.core_pattern": "|/x", "kernel.shmmax": "1"},
    "seccomp": {"defaultAction": "SCMP_ACT_NOTIFY", "architectures": ["SCMP_ARCH_VAX"]}
  }
})";

TEST(Findings, ListEachErrorOnceWithItsPath) {
  EXPECT_EQ(paths(findings_of(kBroken).errors),
            (std::vector<std::string>{
                "/hostname", "/linux/namespaces/1/type", "/linux/namespaces/2/type",
                "/linux/seccomp/architectures/0", "/linux/seccomp/defaultAction",
                "/linux/sysctl/kernel.core_pattern", "/linux/sysctl/kernel.shmmax",
                "/mounts/1/destination", "/ociVersion", "/process/args", "/process/cwd",
                "/process/env/0", "/process/env/2", "/process/rlimits/0/soft",
                "/process/rlimits/1/type", "/process/user/uid", "/root"}));
}

TEST(Findings, FirstErrorIsThrownWhereTheyAreNotCollected) {
  Findings findings;
  EXPECT_THROW(parse_spec(kBroken, "config.json", &findings), SpecError);
  EXPECT_TRUE(findings.errors.empty());
}

TEST(Findings, TellWhatIsIgnoredAndNothingElse) {
  const Findings findings = findings_of(R"({
    "ociVersion": "1.0.2", "root": {"path": "rootfs", "cached": true}, "windows": {"layerFolders": []},
    "process": {"user": {"uid": 0, "gid": 0, "username": "x"}, "args": ["sh"], "cwd": "/"},
    "mounts": [{"destination": "/a", "optoins": ["ro"]}],
    "linux": {"resources": {"memory": {"limit": 1, "swapiness": 3}}, "mountLabel": null},
    "annotations": {"any": "thing"}
  })");
  EXPECT_EQ(paths(findings.errors), std::vector<std::string>{});
  EXPECT_EQ(paths(findings.ignored),
            (std::vector<std::string>{"/linux/resources/memory/swapiness", "/mounts/0/optoins",
                                      "/process/user/username", "/root/cached", "/windows"}));
}

// What comes after an error in the same object was not looked at: it isn't called unknown.
TEST(Findings, DoNotCallUnknownWhatAnErrorHid) {
  const Findings findings = findings_of(
      R"({"ociVersion": "1.0.2", "root": {"path": "r"}, "process": {"user": 7, "args": ["a"], "cwd": "/"}})");
  EXPECT_EQ(paths(findings.errors), std::vector<std::string>{"/process/user"});
  EXPECT_TRUE(findings.ignored.empty());
}

TEST(Findings, DefaultConfigurationHasNone) {
  const Findings findings = findings_of(to_json(default_spec()));
  EXPECT_EQ(findings.errors, std::vector<Finding>{});
  EXPECT_EQ(findings.ignored, std::vector<Finding>{});
}

}  // namespace
}  // namespace oci
