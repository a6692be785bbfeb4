#include "imagetool/cdi/cdi_devices.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

class CdiDevicesTest : public ::testing::Test {
 protected:
  CdiDevicesTest() {
    make_directories(low(), 0755);
    make_directories(high(), 0755);
  }

  std::string low() const { return root_.path() + "/etc"; }
  std::string high() const { return root_.path() + "/run"; }

  static void write(const std::string& path, const std::string& text) {
    write_all(open_file(path, O_WRONLY | O_CREAT, 0644), text, path);
  }

  // A file with devices that set FROM to `mark`.
  static void offer(const std::string& path, const std::string& kind,
                    const std::vector<std::string>& names, const std::string& mark) {
    std::string devices;
    for (const std::string& name : names) {
      devices += devices.empty() ? "" : ",";
      devices +=
          R"({"name":")" + name + R"(","containerEdits":{"env":["FROM=)" + mark + name + R"("]}})";
    }
    write(path, R"({"cdiVersion":"0.5.0","kind":")" + kind + R"(","devices":[)" + devices +
                    R"(],"containerEdits":{"env":["FILE=)" + mark + R"("]}})");
  }

  std::vector<std::string> variables(const std::vector<std::string>& names) const {
    const CdiDevices known({low(), root_.path() + "/none", high()});
    std::vector<std::string> all;
    for (const ContainerEdits* edits : known.edits_for(names)) {
      all.insert(all.end(), edits->env.begin(), edits->env.end());
    }
    return all;
  }

  std::string problem(const std::string& name) const {
    return error_of([&] { variables({name}); });
  }

  TempDir root_;
};

using Words = std::vector<std::string>;

TEST_F(CdiDevicesTest, TakesCommonEditsOnceAndEachDeviceOnce) {
  offer(low() + "/a.json", "v.com/c", {"x", "y"}, "1");
  EXPECT_EQ(variables({"v.com/c=y", "v.com/c=x", "v.com/c=y"}),
            (Words{"FILE=1", "FROM=1y", "FROM=1x"}));
}

TEST_F(CdiDevicesTest, PrefersTheLaterDirectory) {
  offer(low() + "/a.json", "v.com/c", {"x", "y"}, "low");
  offer(high() + "/b.json", "v.com/c", {"x"}, "high");
  EXPECT_EQ(variables({"v.com/c=x"}), (Words{"FILE=high", "FROM=highx"}));
  EXPECT_EQ(variables({"v.com/c=y"}), (Words{"FILE=low", "FROM=lowy"}));
}

TEST_F(CdiDevicesTest, RefusesADeviceThatTwoFilesOfOneDirectoryHave) {
  offer(low() + "/a.json", "v.com/c", {"x", "y"}, "1");
  offer(low() + "/b.json", "v.com/c", {"x"}, "2");
  EXPECT_EQ(problem("v.com/c=x"), "CDI device v.com/c=x: both " + low() + "/a.json and " + low() +
                                      "/b.json have it; remove one of the files");
  EXPECT_EQ(variables({"v.com/c=y"}), (Words{"FILE=1", "FROM=1y"}));
  offer(high() + "/c.json", "v.com/c", {"x"}, "3");
  EXPECT_EQ(variables({"v.com/c=x"}), (Words{"FILE=3", "FROM=3x"})) << "settled by rank";
}

TEST_F(CdiDevicesTest, TellsWhatThereIs) {
  const std::string places = low() + " and " + root_.path() + "/none and " + high();
  EXPECT_EQ(problem("nvidia.com/gpu=all"),
            "no CDI device nvidia.com/gpu=all: there is no device's file in " + places +
                "; 'nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml' writes one");
  offer(low() + "/a.json", "v.com/c", {"x", "y"}, "1");
  EXPECT_EQ(problem("v.com/c=z"), "no CDI device v.com/c=z: there are v.com/c=x, v.com/c=y");
  EXPECT_EQ(problem("w.com/c=z"),
            "no CDI device w.com/c=z: " + places +
                " have devices of v.com/c only; the vendor's tool writes one");
}

TEST_F(CdiDevicesTest, UsesTheOthersWhereAFileIsDamaged) {
  offer(low() + "/a.json", "v.com/c", {"x"}, "1");
  write(low() + "/b.json", "{");
  write(low() + "/not-a-cdi-file.txt", "{");
  EXPECT_EQ(variables({"v.com/c=x"}).size(), 2U);
  EXPECT_NE(problem("v.com/c=z").find("a file cannot be used: " + low() + "/b.json"),
            std::string::npos);
}

TEST_F(CdiDevicesTest, FindsGraphicsProcessors) {
  offer(low() + "/a.json", "amd.com/gpu", {"0", "all"}, "1");
  const auto gpus = [&](const char* text) {
    return CdiDevices({low(), high()}).gpus(parse_gpu_wish(text));
  };
  EXPECT_EQ(gpus("all"), Words{"amd.com/gpu=all"});
  offer(low() + "/b.json", "intel.com/gpu", {"0"}, "1");
  EXPECT_EQ(error_of([&] { gpus("all"); }),
            "--gpus: there are amd.com/gpu and intel.com/gpu; name one by --device KIND=NAME");
  offer(high() + "/c.json", "nvidia.com/gpu", {"0"}, "1");
  EXPECT_EQ(gpus("2"), (Words{"nvidia.com/gpu=0", "nvidia.com/gpu=1"}));
  EXPECT_EQ(gpus("\"device=0,GPU-5d\""), (Words{"nvidia.com/gpu=0", "nvidia.com/gpu=GPU-5d"}));
  EXPECT_EQ(gpus("count=1,capabilities=compute"), Words{"nvidia.com/gpu=0"});
  for (const char* wrong :
       {"", "0", "-2", "some", "device=0,count=1", "all,2", "speed=3", "1,,2"}) {
    EXPECT_THROW(parse_gpu_wish(wrong), std::exception) << wrong;
  }
}

}  // namespace
}  // namespace gocker::tests
