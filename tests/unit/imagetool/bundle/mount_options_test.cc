#include "imagetool/bundle/mount_options.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace gocker::tests {
namespace {

MountOption read(std::string_view text) {
  return parse_volume_option(text, "/here");
}

TEST(MountOptionsTest, ReadsBindMounts) {
  const auto plain = std::get<BindMount>(read("/a/b:/c"));
  EXPECT_EQ(plain.source, "/a/b");
  EXPECT_EQ(plain.destination, "/c");
  EXPECT_FALSE(plain.readonly);
  EXPECT_EQ(plain.propagation, "rprivate");
  EXPECT_TRUE(std::get<BindMount>(read("/a:/c:ro")).readonly);
  EXPECT_FALSE(std::get<BindMount>(read("/a:/c:rw")).readonly);
  const auto shared = std::get<BindMount>(read("/a:/c:ro,z,rshared"));
  EXPECT_TRUE(shared.readonly);
  EXPECT_EQ(shared.propagation, "rshared");
  EXPECT_EQ(std::get<BindMount>(read("./x:/c")).source, "/here/./x");
}

TEST(MountOptionsTest, ReadsVolumes) {
  const auto named = std::get<VolumeMount>(read("data:/c:ro,nocopy"));
  EXPECT_EQ(named.name, "data");
  EXPECT_EQ(named.destination, "/c");
  EXPECT_TRUE(named.readonly);
  EXPECT_FALSE(named.copy);
  const auto anonymous = std::get<VolumeMount>(read("/c"));
  EXPECT_EQ(anonymous.name, "");
  EXPECT_EQ(anonymous.destination, "/c");
}

TEST(MountOptionsTest, RefusesWhatIsNoMount) {
  for (const char* wrong :
       {"", "a", "/a:c", "/a:/c:rx", "/a:/c:ro:x", ":/c", "/a:", "/a:/", "-x:/c", "a/b:/c"}) {
    EXPECT_THROW(read(wrong), Error) << wrong;
  }
}

TEST(MountOptionsTest, ReadsFields) {
  const auto bind =
      std::get<BindMount>(parse_mount_option("type=bind,source=/a,target=/b,readonly", "/here"));
  EXPECT_EQ(bind.source, "/a");
  EXPECT_EQ(bind.destination, "/b");
  EXPECT_TRUE(bind.readonly);
  const auto volume = std::get<VolumeMount>(parse_mount_option("src=v,dst=/b", "/here"));
  EXPECT_EQ(volume.name, "v");
  const auto tmpfs = std::get<TmpfsMount>(
      parse_mount_option("type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=0700", "/here"));
  EXPECT_EQ(tmpfs.options, (std::vector<std::string>{"size=1m", "mode=0700"}));
  for (const char* wrong : {"", "type=bind,target=/b", "type=x,target=/b", "source=/a", "nope=1"}) {
    EXPECT_THROW(parse_mount_option(wrong, "/here"), Error) << wrong;
  }
}

TEST(MountOptionsTest, ReadsDirectoriesInMemory) {
  const TmpfsMount mount = parse_tmpfs_option("/t:size=1m,exec");
  EXPECT_EQ(mount.destination, "/t");
  EXPECT_EQ(mount.options, (std::vector<std::string>{"size=1m", "exec"}));
  EXPECT_THROW(parse_tmpfs_option("t"), Error);
}

}  // namespace
}  // namespace gocker::tests
