// Network devices that move into the container (config-linux.md, "Network Devices").
#include <net/if.h>
#include <sched.h>

#include "tests/system/namespace_holder.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

// ip(8) of iproute2, on the host.
bool ip(Words words, pid_t network_namespace_of = 0) {
  const std::string target = std::to_string(network_namespace_of);
  Words args = {"/usr/bin/nsenter", "--net", "--target", target, "/sbin/ip"};
  if (network_namespace_of == 0) args = {"/sbin/ip"};
  args.insert(args.end(), words.begin(), words.end());
  const Outcome outcome = run_program({.args = std::move(args)});
  return outcome.code == 0;
}

class NetDevices : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    if (IsSkipped()) return;
    if (!ip({"link", "add", device(), "type", "veth", "peer", "name", peer()})) {
      GTEST_SKIP() << "this machine can't make a veth pair";
    }
    ip({"link", "set", peer(), "up"});
  }
  void TearDown() override {
    // Whichever end is still there takes the other one along.
    for (const std::string& name : {device(), peer()}) ip({"link", "delete", name});
    SystemTest::TearDown();
  }
  // Fifteen characters at most.
  std::string device() const { return "gk" + box.id().substr(box.id().size() - 6) + "a"; }
  std::string peer() const { return "gk" + box.id().substr(box.id().size() - 6) + "b"; }
  void hand_over(const std::string& name_inside = "") {
    const Value entry =
        name_inside.empty() ? "{}"_json : Value::parse(R"({"name": ")" + name_inside + "\"}");
    box.config().set("/linux/netDevices/" + device(), entry);
  }
  bool is_on_host(const std::string& name) const { return ::if_nametoindex(name.c_str()) != 0; }
};

bool has_address(const Value& report, const std::string& address) {
  for (const std::string& text : report["/addresses"].texts()) {
    if (text == address) return true;
  }
  return false;
}

TEST_F(NetDevices, DeviceIsInsideAndUpAndGoneFromTheHost) {
  KNOWN_GAP(kRunc, "it does not know the property");
  hand_over();
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach"})));
  EXPECT_FALSE(is_on_host(device()));
  ASSERT_TRUE(succeeds(box.remove_by_force()));
  // A virtual one goes with its namespace, and so does its peer.
  EXPECT_TRUE(wait_until([&] { return !is_on_host(peer()); }));
}

TEST_F(NetDevices, DeviceIsUpUnderItsName) {
  KNOWN_GAP(kRunc, "it does not know the property");
  hand_over();
  const Value report = box.report();
  EXPECT_EQ(report["/interfaces/" + device()], "up");
  EXPECT_EQ(report["/interfaces/lo"], "up");
}

TEST_F(NetDevices, DeviceIsRenamed) {
  KNOWN_GAP(kRunc, "it does not know the property");
  hand_over("inside0");
  const Value report = box.report();
  EXPECT_EQ(report["/interfaces/inside0"], "up");
  EXPECT_FALSE(report.has("/interfaces/" + device()));
}

TEST_F(NetDevices, TemplateIsFilledInByTheKernel) {
  KNOWN_GAP(kRunc, "it does not know the property");
  hand_over("net%d");
  EXPECT_EQ(box.report()["/interfaces/net0"], "up");
}

TEST_F(NetDevices, AddressesOfGlobalScopeAreKept) {
  KNOWN_GAP(kRunc, "it does not know the property");
  ASSERT_TRUE(ip({"address", "add", "192.0.2.17/28", "dev", device()}));
  ASSERT_TRUE(ip({"address", "add", "192.0.2.18/28", "dev", device()}));
  const bool six = ip({"address", "add", "2001:db8::17/64", "dev", device(), "nodad"});
  ASSERT_TRUE(ip({"address", "add", "198.51.100.3/24", "dev", device(), "scope", "link"}));
  ASSERT_TRUE(ip({"link", "set", device(), "up"}));
  hand_over("inside0");
  const Value report = box.report();
  EXPECT_TRUE(has_address(report, "inside0 192.0.2.17/28")) << report["/addresses"];
  EXPECT_TRUE(has_address(report, "inside0 192.0.2.18/28")) << report["/addresses"];
  EXPECT_EQ(has_address(report, "inside0 2001:db8::17/64"), six) << report["/addresses"];
  EXPECT_FALSE(has_address(report, "inside0 198.51.100.3/24")) << report["/addresses"];
}

TEST_F(NetDevices, GoesIntoAJoinedNamespaceToo) {
  KNOWN_GAP(kRunc, "it does not know the property");
  const NamespaceHolder holder(CLONE_NEWNET);
  box.bundle.set_namespace("network", holder.path("net"));
  hand_over("inside0");
  EXPECT_EQ(box.report()["/interfaces/inside0"], "up");
}

TEST_F(NetDevices, GoesIntoAUserNamespacedContainer) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.bundle.use_user_namespace();
  hand_over("inside0");
  EXPECT_EQ(box.report()["/interfaces/inside0"], "up");
}

TEST_F(NetDevices, AbsentDeviceIsNamed) {
  KNOWN_GAP(kRunc, "it does not know the property");
  hand_over();
  box.config().set("/linux/netDevices/gk-none0", "{}"_json);
  EXPECT_TRUE(fails_with(
      box.create(), "move network device gk-none0: there is no such network device on the host"));
  EXPECT_TRUE(is_on_host(device()));
}

TEST_F(NetDevices, NameThatIsTakenInsideIsAnErrorAndNothingMoves) {
  KNOWN_GAP(kRunc, "it does not know the property");
  hand_over("lo");
  EXPECT_TRUE(fails_with(box.create(), "namespace has a device lo already"));
  EXPECT_TRUE(is_on_host(device()));
}

TEST_F(NetDevices, NeedANetworkNamespace) {
  KNOWN_GAP(kRunc, "it does not know the property");
  box.bundle.remove_namespace("network");
  hand_over();
  EXPECT_TRUE(fails_with(box.create(), "/linux/netDevices: needs an entry of type network"));
  EXPECT_TRUE(is_on_host(device()));
}

}  // namespace
}  // namespace gocker::test
