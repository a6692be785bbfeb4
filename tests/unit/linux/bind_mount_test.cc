#include "runtime/linux/bind_mount.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/linux/detached_mount.h"
#include "runtime/linux/id_map.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

// source/ with a tmpfs at source/sub, and an empty target/.
class BindMountTest : public ::testing::Test {
 protected:
  BindMountTest() {
    make_directories(source(), 0755);
    make_directories(sub(), 0755);
    make_directories(target(), 0755);
  }

  std::string source() const { return directory_.path() + "/source"; }
  std::string sub() const { return source() + "/sub"; }
  std::string target() const { return directory_.path() + "/target"; }

  void mount_sub() const { ASSERT_EQ(::mount("sub", sub().c_str(), "tmpfs", 0, nullptr), 0); }

  void bind(const std::vector<std::string>& options) const {
    const MountOptions parsed = parse_mount_options(options);
    const oci::Mount mount{.destination = "/x", .source = source(), .options = options};
    const Fd detached = open_bind_source(mount, parsed, "/");
    apply_bind_options(detached, parsed);
    attach_mount(detached, open_directory(target()), "/x");
  }

 private:
  TempDir directory_;
};

TEST_F(BindMountTest, ReadOnlyHoldsForTheTopAlone) {
  in_mount_namespace([&] {
    mount_sub();
    bind({"rbind", "ro"});
    EXPECT_EQ(write_error(target() + "/f"), EROFS);
    EXPECT_EQ(write_error(target() + "/sub/f"), 0);
    EXPECT_EQ(write_error(source() + "/f"), 0);
  });
}

TEST_F(BindMountTest, RecursiveReadOnlyHoldsForTheTree) {
  in_mount_namespace([&] {
    mount_sub();
    bind({"rbind", "rro"});
    EXPECT_EQ(write_error(target() + "/f"), EROFS);
    EXPECT_EQ(write_error(target() + "/sub/f"), EROFS);
    EXPECT_EQ(write_error(source() + "/sub/f"), 0);
  });
}

TEST_F(BindMountTest, OneCallForASingleMountKeepsWhatTheTopSays) {
  in_mount_namespace([&] {
    bind({"bind", "rro", "rnosuid", "rnoatime", "rw", "strictatime"});
    const MountEntry entry = mount_at(target());
    EXPECT_TRUE(entry.has_option("rw"));
    EXPECT_TRUE(entry.has_option("nosuid"));
    EXPECT_FALSE(entry.has_option("noatime"));
    EXPECT_FALSE(entry.has_option("relatime"));
  });
}

TEST_F(BindMountTest, WithoutRecursionMountsBelowStayBehind) {
  in_mount_namespace([&] {
    mount_sub();
    make_file(sub() + "/in-sub");
    bind({"bind"});
    EXPECT_NE(::access((target() + "/sub/in-sub").c_str(), F_OK), 0);
  });
}

TEST_F(BindMountTest, InheritedFlagsStayUnlessTheyAreCleared) {
  in_mount_namespace([&] {
    ASSERT_EQ(::mount("s", source().c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, nullptr),
              0);
    ASSERT_EQ(::mount("", source().c_str(), "",
                      MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_RDONLY, nullptr),
              0);
    bind({"bind", "noexec", "suid"});
    const MountEntry entry = mount_at(target());
    EXPECT_TRUE(entry.has_option("ro"));
    EXPECT_TRUE(entry.has_option("nodev"));
    EXPECT_TRUE(entry.has_option("noexec"));
    EXPECT_FALSE(entry.has_option("nosuid"));
  });
}

TEST_F(BindMountTest, IsPrivateUnlessAskedOtherwise) {
  in_mount_namespace([&] {
    ASSERT_EQ(::mount("s", source().c_str(), "tmpfs", 0, nullptr), 0);
    ASSERT_EQ(::mount("", source().c_str(), "", MS_SHARED, nullptr), 0);
    bind({"rbind"});
    EXPECT_EQ(mount_at(target()).propagation, "");
  });
}

struct PropagationCase {
  const char* option;
  bool sees_later_mounts;
  const char* state;  // what mountinfo begins with
};

class BindPropagation : public BindMountTest,
                        public ::testing::WithParamInterface<PropagationCase> {};

TEST_P(BindPropagation, IsAsAsked) {
  in_mount_namespace([&] {
    ASSERT_EQ(::mount("s", source().c_str(), "tmpfs", 0, nullptr), 0);
    ASSERT_EQ(::mount("", source().c_str(), "", MS_SHARED, nullptr), 0);
    bind({"rbind", GetParam().option});
    make_directories(source() + "/late", 0755);
    ASSERT_EQ(::mount("late", (source() + "/late").c_str(), "tmpfs", 0, nullptr), 0);
    make_file(source() + "/late/f");
    EXPECT_EQ(::access((target() + "/late/f").c_str(), F_OK) == 0, GetParam().sees_later_mounts);
    EXPECT_TRUE(mount_at(target()).propagation.starts_with(GetParam().state))
        << mount_at(target()).propagation;
  });
}

INSTANTIATE_TEST_SUITE_P(Table, BindPropagation,
                         ::testing::Values(PropagationCase{"private", false, ""},
                                           PropagationCase{"rprivate", false, ""},
                                           PropagationCase{"slave", true, "master:"},
                                           PropagationCase{"rslave", true, "master:"},
                                           PropagationCase{"shared", true, "shared:"},
                                           PropagationCase{"rshared", true, "shared:"},
                                           PropagationCase{"unbindable", false, "unbindable"}));

TEST_F(BindMountTest, ParametersOfFilesystemsAreIgnored) {
  in_mount_namespace([&] {
    bind({"bind", "size=64k", "mode=0700"});
    make_file(source() + "/f", "text");
    EXPECT_EQ(content_of(target() + "/f"), "text");
  });
}

TEST_F(BindMountTest, MissingSourceIsNamed) {
  const oci::Mount mount{.destination = "/x", .source = "/no/such", .options = {"bind"}};
  EXPECT_EQ(error_of([&] { open_bind_source(mount, parse_mount_options({"bind"}), "/"); }),
            "open source /no/such: No such file or directory");
}

TEST_F(BindMountTest, RelativeSourcesStartAtTheBundle) {
  in_mount_namespace([&] {
    make_file(source() + "/f", "text");
    const std::string bundle = source().substr(0, source().rfind('/'));
    const oci::Mount mount{.destination = "/x", .source = "source", .options = {"bind"}};
    const Fd detached = open_bind_source(mount, parse_mount_options({"bind"}), bundle);
    attach_mount(detached, open_directory(target()), "/x");
    EXPECT_EQ(content_of(target() + "/f"), "text");
  });
}

TEST_F(BindMountTest, LockedFlagsStayInAUserNamespace) {
  in_child([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("", "/", "", MS_PRIVATE | MS_REC, nullptr), 0);
    ASSERT_EQ(::mount("s", source().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, nullptr), 0);
    ::chmod(target().c_str(), 0777);
    const std::vector<oci::IdMapping> mappings{{0, 0, 65536}};
    const Fd user = make_user_namespace(mappings, mappings);
    ASSERT_EQ(::setns(user.get(), CLONE_NEWUSER), 0);
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    bind({"bind", "suid", "exec", "ro"});
    const MountEntry entry = mount_at(target());
    EXPECT_TRUE(entry.has_option("nosuid")) << entry.options;
    EXPECT_TRUE(entry.has_option("nodev")) << entry.options;
    EXPECT_TRUE(entry.has_option("ro")) << entry.options;
  });
}

}  // namespace
}  // namespace gocker
