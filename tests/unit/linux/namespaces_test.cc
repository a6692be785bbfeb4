#include "runtime/linux/namespaces.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

using oci::NamespaceType;

constexpr NamespaceType kAllTypes[] = {
    NamespaceType::pid, NamespaceType::network, NamespaceType::mount,  NamespaceType::ipc,
    NamespaceType::uts, NamespaceType::user,    NamespaceType::cgroup, NamespaceType::time};

TEST(Namespaces, OwnOneIsOfTheTypeThatTheCloneFlagNames) {
  for (const NamespaceType type : kAllTypes) {
    const Fd own = open_own_namespace(type);
    EXPECT_EQ(::ioctl(own.get(), NS_GET_NSTYPE), static_cast<int>(clone_flag(type)))
        << oci::name_of(type);
  }
}

TEST(Namespaces, OneByPathIsJoined) {
  in_child([] {
    const Fd before = open_own_namespace(NamespaceType::uts);
    ASSERT_EQ(::unshare(CLONE_NEWUTS), 0);
    ASSERT_EQ(::sethostname("inside", 6), 0);
    join_namespace(before, NamespaceType::uts);
    char name[65] = {};
    ::gethostname(name, sizeof name);
    EXPECT_STRNE(name, "inside");
  });
}

TEST(Namespaces, PathOfAnotherTypeIsRefused) {
  EXPECT_EQ(error_of([] {
              open_namespace({.type = NamespaceType::network, .path = "/proc/self/ns/uts"});
            }),
            "join network namespace /proc/self/ns/uts: is a uts namespace");
}

TEST(Namespaces, PathThatIsNoNamespaceIsRefused) {
  EXPECT_EQ(error_of([] { open_namespace({.type = NamespaceType::ipc, .path = "/etc/passwd"}); }),
            "join ipc namespace /etc/passwd: is no namespace");
}

TEST(Namespaces, FifoInThePlaceOfANamespaceDoesNotBlock) {
  const TempDir directory;
  const std::string path = directory.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THROW(open_namespace({.type = NamespaceType::ipc, .path = path}), Error);
}

TEST(Namespaces, MissingPathIsNamed) {
  EXPECT_EQ(error_of([] { open_namespace({.type = NamespaceType::pid, .path = "/no/such"}); }),
            "join pid namespace /no/such: open: No such file or directory");
}

TEST(Namespaces, TimeOffsetsHoldForTheFirstProcessInIt) {
  in_child([] {
    ASSERT_EQ(::unshare(CLONE_NEWTIME), 0);
    write_time_offsets(
        {{"boottime", {.secs = 100000, .nanosecs = 5}}, {"monotonic", {.secs = -1}}});
    timespec outside{};
    ::clock_gettime(CLOCK_BOOTTIME, &outside);
    in_child([&] {
      timespec inside{};
      ::clock_gettime(CLOCK_BOOTTIME, &inside);
      EXPECT_GE(inside.tv_sec, outside.tv_sec + 100000);
      EXPECT_LE(inside.tv_sec, outside.tv_sec + 100010);
    });
  });
}

TEST(Namespaces, TimeOffsetOfAnUnknownClockIsAnError) {
  in_child([] {
    ASSERT_EQ(::unshare(CLONE_NEWTIME), 0);
    EXPECT_THROW(write_time_offsets({{"realtime", {.secs = 1}}}), Error);
  });
}

TEST(Namespaces, LoopbackComesUp) {
  in_child([] {
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    bring_up_loopback();
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    ASSERT_EQ(::ioctl(socket.get(), SIOCGIFFLAGS, &request), 0);
    EXPECT_NE(request.ifr_flags & IFF_UP, 0);
    EXPECT_NE(request.ifr_flags & IFF_LOOPBACK, 0);
  });
}

}  // namespace
}  // namespace gocker
