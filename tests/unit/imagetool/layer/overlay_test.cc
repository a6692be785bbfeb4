#include "imagetool/layer/overlay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker::tests {
namespace {

class OverlayTest : public ::testing::TestWithParam<OverlayWay> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount";
  }

  // `count` layers, each with a file of its own and the file "all" with its number.
  OverlayMount make_layers(int count) {
    OverlayMount mount;
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      const std::string layer = make_directory("layer,with:odd name " + number);
      for (const std::string& name : {"own" + number, std::string("all")}) {
        const Fd file = open_file(layer + "/" + name, O_WRONLY | O_CREAT, 0644);
        write_all(file, number, name);
      }
      mount.layers.push_back(open_directory(layer));
    }
    return mount;
  }
  std::string make_directory(const std::string& name) {
    const std::string path = directory_.path() + "/" + name;
    check(::mkdir(path.c_str(), 0755), "mkdir", path);
    return path;
  }

  TempDir directory_{"gocker-overlay-test"};
};

TEST_P(OverlayTest, JoinsLayersTheLastOnTop) {
  const RootDir root(mount_overlay(make_layers(130), GetParam()));
  EXPECT_EQ(read_all(root.open("all", O_RDONLY), "all"), "129");
  EXPECT_EQ(read_all(root.open("own0", O_RDONLY), "own0"), "0");
  EXPECT_EQ(list_directory(root.open(".", O_RDONLY), "root").size(), 131U);
}

TEST_P(OverlayTest, IsReadOnlyWithoutAnUpperDirectory) {
  const RootDir root(mount_overlay(make_layers(2), GetParam()));
  EXPECT_THROW(root.open("new", O_WRONLY | O_CREAT, 0644), Error);
}

TEST_P(OverlayTest, WritesToTheUpperDirectory) {
  OverlayMount mount = make_layers(1);
  const std::string upper = make_directory("upper");
  mount.upper = open_directory(upper);
  mount.work = open_directory(make_directory("work"));
  const RootDir root(mount_overlay(mount, GetParam()));
  write_all(root.open("all", O_WRONLY), "changed", "all");
  EXPECT_EQ(read_file(upper + "/all"), "changed");
  EXPECT_EQ(read_file(directory_.path() + "/layer,with:odd name 0/all"), "0");
}

TEST_P(OverlayTest, LeavesNothingInTheTableOfMounts) {
  const auto count = [] {
    std::ifstream table("/proc/self/mountinfo");
    return std::count(std::istreambuf_iterator<char>(table), {}, '\n');
  };
  const auto before = count();
  const Fd mount = mount_overlay(make_layers(3), GetParam());
  EXPECT_EQ(count(), before);
}

INSTANTIATE_TEST_SUITE_P(Ways, OverlayTest,
                         ::testing::Values(OverlayWay::descriptors, OverlayWay::paths,
                                           OverlayWay::options),
                         [](const auto& way) {
                           return way.param == OverlayWay::descriptors ? "descriptors"
                                  : way.param == OverlayWay::paths     ? "paths"
                                                                       : "options";
                         });

TEST(OverlayMountTest, SaysWhatTheKernelSays) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount";
  const TempDir directory;
  const Fd file = open_file(directory.path() + "/file", O_RDONLY | O_CREAT, 0644);
  OverlayMount mount;
  mount.layers.push_back(open_directory(directory.path()));
  mount.layers.push_back(file.duplicate());
  try {
    mount_overlay(mount);
    FAIL() << "a file was taken for a layer";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/file is not a directory)"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace gocker::tests
