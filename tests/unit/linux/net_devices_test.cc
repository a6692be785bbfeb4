// In network namespaces of their own, with veth pairs; and the socket that speaks of them.
#include "runtime/linux/net_devices.h"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/linux/namespaces.h"
#include "runtime/linux/route_socket.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

// The attribute as bytes, for one that is nested in another.
std::string attribute(uint16_t type, const std::string& value) {
  RouteRequest outer(0, 0, ifinfomsg{});
  outer.add(type, value);
  return outer.bytes(0).substr(sizeof(nlmsghdr) + sizeof(ifinfomsg));
}

// False where the kernel refuses.
bool make_pair_of_devices(const std::string& name) {
  RouteRequest request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.add(IFLA_IFNAME, name + '\0');
  request.add(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, "veth"));
  try {
    RouteSocket().ask(request);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// A network namespace beside the caller's, which stays where it is.
Fd make_network_namespace() {
  const Fd home = open_own_namespace(oci::NamespaceType::network);
  check(::unshare(CLONE_NEWNET), "unshare");
  Fd made = open_own_namespace(oci::NamespaceType::network);
  join_namespace(home, oci::NamespaceType::network);
  return made;
}

unsigned index_in(const Fd& network_namespace, const char* name) {
  const Fd home = open_own_namespace(oci::NamespaceType::network);
  join_namespace(network_namespace, oci::NamespaceType::network);
  const unsigned index = ::if_nametoindex(name);
  join_namespace(home, oci::NamespaceType::network);
  return index;
}

bool kernel_has_veth() {
  std::optional<Child> child = clone_child(CLONE_NEWNET, Fd());
  if (!child) exit_now(make_pair_of_devices("probe0") ? 0 : 1);
  return exit_code_of(child->wait()) == 0;
}

class MoveNetDevices : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kernel_has_veth()) GTEST_SKIP() << "this kernel has no veth devices";
  }
};

TEST(RouteSocket, ListsTheLoopbackOfANewNamespace) {
  in_mount_namespace(
      [] {
        const auto links = RouteSocket().ask({RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}});
        ASSERT_GE(links.size(), 1U);
        EXPECT_EQ(links[0].header<ifinfomsg>().ifi_index, 1);
        std::string name;
        for (const auto& [type, value] : links[0].attributes(sizeof(ifinfomsg))) {
          if (type == IFLA_IFNAME) name = value;
        }
        EXPECT_STREQ(name.c_str(), "lo");
      },
      CLONE_NEWNET);
}

TEST(RouteSocket, ThrowsWhatTheKernelSays) {
  in_mount_namespace(
      [] {
        ifinfomsg header{};
        header.ifi_index = 4711;
        RouteSocket socket;
        EXPECT_EQ(error_of([&] {
                    socket.ask({RTM_NEWLINK, NLM_F_ACK, header});
                  }),
                  "No such device");
        // It can be asked again afterwards.
        EXPECT_FALSE(socket.ask({RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}}).empty());
      },
      CLONE_NEWNET);
}

TEST(RouteSocket, AddsTheWordsOfTheKernelWhereItHasSome) {
  in_mount_namespace(
      [] {
        RouteRequest request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
        request.add(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, "nonsense"));
        EXPECT_EQ(error_of([&] { RouteSocket().ask(request); }),
                  "Operation not supported (Unknown device type)");
      },
      CLONE_NEWNET);
}

TEST(RouteMessage, TakesNothingFromAttributesThatAreCutShort) {
  const std::string whole = std::string(sizeof(ifinfomsg), '\0') + attribute(IFLA_IFNAME, "lo");
  EXPECT_EQ(RouteMessage(whole).attributes(sizeof(ifinfomsg)).size(), 1U);
  for (size_t size = 0; size < sizeof(ifinfomsg) + sizeof(nlattr) + 2; ++size) {
    EXPECT_TRUE(RouteMessage(whole.substr(0, size)).attributes(sizeof(ifinfomsg)).empty()) << size;
  }
  std::string lying = whole;
  lying[sizeof(ifinfomsg)] = '\1';  // shorter than its own header
  EXPECT_TRUE(RouteMessage(lying).attributes(sizeof(ifinfomsg)).empty());
  EXPECT_EQ(RouteMessage("").header<ifinfomsg>().ifi_index, 0);
}

TEST_F(MoveNetDevices, MovesAndRenames) {
  in_mount_namespace(
      [] {
        make_pair_of_devices("dev0");
        const Fd inside = make_network_namespace();
        move_net_devices({{"dev0", {.name = "eth0"}}}, inside);
        EXPECT_EQ(::if_nametoindex("dev0"), 0U);
        EXPECT_NE(index_in(inside, "eth0"), 0U);
      },
      CLONE_NEWNET);
}

TEST_F(MoveNetDevices, FillsInTemplatesOneAfterTheOther) {
  in_mount_namespace(
      [] {
        make_pair_of_devices("dev0");
        make_pair_of_devices("dev1");
        const Fd inside = make_network_namespace();
        move_net_devices({{"dev0", {.name = "eth%d"}}, {"dev1", {.name = "eth%d"}}}, inside);
        EXPECT_NE(index_in(inside, "eth0"), 0U);
        EXPECT_NE(index_in(inside, "eth1"), 0U);
      },
      CLONE_NEWNET);
}

TEST_F(MoveNetDevices, MovesNothingWhereOneIsMissing) {
  in_mount_namespace(
      [] {
        make_pair_of_devices("dev0");
        const Fd inside = make_network_namespace();
        EXPECT_EQ(error_of([&] {
                    move_net_devices({{"dev0", {}}, {"dev9", {}}}, inside);
                  }),
                  "move network device dev9: there is no such network device on the host");
        EXPECT_NE(::if_nametoindex("dev0"), 0U);
      },
      CLONE_NEWNET);
}

TEST_F(MoveNetDevices, LoopbackCannotBeMoved) {
  in_mount_namespace(
      [] {
        const Fd inside = make_network_namespace();
        const std::string error = error_of([&] {
          move_net_devices({{"lo", {.name = "lo1"}}}, inside);
        });
        EXPECT_TRUE(error.starts_with("move network device lo: Invalid argument")) << error;
      },
      CLONE_NEWNET);
}

}  // namespace
}  // namespace gocker
