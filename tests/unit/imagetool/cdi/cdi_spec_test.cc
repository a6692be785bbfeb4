#include "imagetool/cdi/cdi_spec.h"

#include <gtest/gtest.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

// As nvidia-ctk writes it, shortened.
constexpr const char* kNvidia = R"(---
cdiVersion: 0.5.0
containerEdits:
  deviceNodes:
  - path: /dev/nvidiactl
  env:
  - NVIDIA_VISIBLE_DEVICES=void
  hooks:
  - args:
    - nvidia-ctk
    - hook
    - update-ldcache
    - --folder
    - /lib/x86_64-linux-gnu
    hookName: createContainer
    path: /usr/bin/nvidia-ctk
  mounts:
  - containerPath: /usr/bin/nvidia-smi
    hostPath: /usr/bin/nvidia-smi
    options:
    - ro
    - rbind
devices:
- containerEdits:
    deviceNodes:
    - hostPath: /dev/nvidia0
      path: /dev/nvidia0
      fileMode: 0666
  name: "0"
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: all
kind: nvidia.com/gpu
)";

std::string document(const std::string& version, const std::string& edits) {
  return R"({"cdiVersion":")" + version + R"(","kind":"v.com/c","devices":[{"name":"a",)" +
         R"("containerEdits":)" + edits + "}]}";
}

std::string problem_of(const std::string& text) {
  return error_of([&] { parse_cdi_spec(text, "f.json"); });
}

TEST(CdiSpecTest, ReadsWhatNvidiaWrites) {
  const CdiSpec spec = parse_cdi_spec(kNvidia, "/etc/cdi/nvidia.yaml");
  EXPECT_EQ(spec.kind, "nvidia.com/gpu");
  EXPECT_EQ(spec.edits.env, std::vector<std::string>{"NVIDIA_VISIBLE_DEVICES=void"});
  ASSERT_EQ(spec.edits.hooks.create_container.size(), 1U);
  EXPECT_EQ(spec.edits.hooks.create_container[0].args.back(), "/lib/x86_64-linux-gnu");
  ASSERT_EQ(spec.edits.mounts.size(), 1U);
  EXPECT_EQ(spec.edits.mounts[0].source, "/usr/bin/nvidia-smi");
  ASSERT_EQ(spec.devices.size(), 2U);
  EXPECT_EQ(spec.devices[0].name, "0");
  EXPECT_EQ(spec.devices[0].edits.device_nodes[0].file_mode, 0666U);
}

TEST(CdiSpecTest, ReadsEveryField) {
  const CdiSpec spec = parse_cdi_spec(document("1.1.0", R"({"additionalGids":[0,7,44],
        "deviceNodes":[{"path":"/dev/x","hostPath":"/dev/y","type":"b","major":8,"minor":1,
                        "permissions":"rw","uid":3,"gid":4}],
        "netDevices":[{"hostInterfaceName":"eth7","name":"eth0"}],
        "mounts":[{"hostPath":"tmpfs","containerPath":"/t","type":"tmpfs"}],
        "hooks":[{"hookName":"poststop","path":"/bin/x","env":["A=b"],"timeout":5}],
        "intelRdt":{"closID":"c","schemata":["L3:0=f"],"enableMonitoring":true}})"),
                                      "f.json");
  const ContainerEdits& edits = spec.devices[0].edits;
  EXPECT_EQ(edits.additional_gids, (std::vector<uint32_t>{7, 44}));
  EXPECT_EQ(edits.device_nodes[0].major, 8U);
  EXPECT_EQ(edits.device_nodes[0].gid, 4U);
  EXPECT_EQ(edits.net_devices.at("eth7").name, "eth0");
  EXPECT_EQ(edits.mounts[0].type, "tmpfs");
  EXPECT_EQ(edits.hooks.poststop[0].timeout, 5U);
  EXPECT_TRUE(edits.intel_rdt->enable_monitoring);
}

TEST(CdiSpecTest, RefusesFieldsNewerThanTheVersion) {
  EXPECT_EQ(problem_of(document("0.3.0", R"({"deviceNodes":[{"path":"/dev/a","hostPath":"/b"}]})")),
            "f.json: /cdiVersion: is 0.3.0, but deviceNodes with a hostPath came with 0.5.0");
  EXPECT_EQ(problem_of(document("0.6.0", R"({"additionalGids":[5]})")),
            "f.json: /cdiVersion: is 0.6.0, but additionalGids came with 0.7.0");
  EXPECT_EQ(
      problem_of(document("1.0.0", R"({"netDevices":[{"hostInterfaceName":"e","name":"f"}]})")),
      "f.json: /cdiVersion: is 1.0.0, but netDevices came with 1.1.0");
}

TEST(CdiSpecTest, NamesWhatIsWrong) {
  EXPECT_EQ(problem_of(document("2.0.0", "{}")),
            "f.json: /cdiVersion: is \"2.0.0\"; known are 0.3.0 to 1.1.0");
  EXPECT_EQ(problem_of(document("0.5.0", R"({"env":["NOTHING"]})")),
            "f.json: /devices/0/containerEdits/env: has \"NOTHING\", which is not NAME=VALUE");
  EXPECT_EQ(problem_of(document("0.5.0", R"({"hooks":[{"hookName":"never","path":"/x"}]})")),
            "f.json: /devices/0/containerEdits/hooks/0/hookName: is no point at which hooks run");
  EXPECT_EQ(problem_of(document("0.5.0", R"({"deviceNodes":[{"path":"/dev/a","type":"x"}]})")),
            "f.json: /devices/0/containerEdits/deviceNodes/0/type: must be b, c, u or p");
  EXPECT_EQ(problem_of(R"({"cdiVersion":"0.5.0","kind":"gpu","devices":[]})"),
            "f.json: /kind: must be vendor.com/class");
  EXPECT_EQ(problem_of(R"({"cdiVersion":"0.5.0","kind":"v.com/gpu","devices":[]})"),
            "f.json: /devices: has no device");
}

TEST(CdiSpecTest, KnowsNames) {
  EXPECT_EQ(parse_cdi_name("nvidia.com/gpu=GPU-5d:1.0")->device, "GPU-5d:1.0");
  EXPECT_EQ(parse_cdi_name("nvidia.com/gpu=0")->kind, "nvidia.com/gpu");
  for (const char* text : {"/dev/null", "a=b", "/gpu=0", "v.com/=0", "v.com/c=", "v.com/c=-a",
                           "v.com/c=a/b", "1v.com/c=a", "v.com/c/d=a"}) {
    EXPECT_FALSE(parse_cdi_name(text)) << text;
  }
}

}  // namespace
}  // namespace gocker::tests
