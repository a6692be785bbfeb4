// Kernel parameters (config-linux.md, "Sysctl").
#include <fstream>

#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Sysctl : public SystemTest {
 protected:
  static std::string host_value(const std::string& path) {
    std::string line;
    std::getline(std::ifstream("/proc/sys/" + path), line);
    return line;
  }
};

TEST_F(Sysctl, OfTheNetworkNamespaceAreSet) {
  const std::string before = host_value("net/ipv4/ip_forward");
  box.config().set("/linux/sysctl", R"({"net.ipv4.ip_forward": "1", "net.core.somaxconn": "256",
                                        "net.ipv4.ping_group_range": "0 1000"})"_json);
  const Value report =
      box.report({"net.ipv4.ip_forward", "net.core.somaxconn", "net.ipv4.ping_group_range"});
  EXPECT_EQ(report["/sysctl/net.ipv4.ip_forward"], "1");
  EXPECT_EQ(report["/sysctl/net.core.somaxconn"], "256");
  EXPECT_EQ(report["/sysctl/net.ipv4.ping_group_range"], "0\t1000");
  EXPECT_EQ(host_value("net/ipv4/ip_forward"), before);
}

TEST_F(Sysctl, OfTheIpcNamespaceAreSet) {
  box.config().set("/linux/sysctl", R"({"kernel.shmmni": "1234", "fs.mqueue.msg_max": "20"})"_json);
  const Value report = box.report({"kernel.shmmni", "fs.mqueue.msg_max"});
  EXPECT_EQ(report["/sysctl/kernel.shmmni"], "1234");
  EXPECT_EQ(report["/sysctl/fs.mqueue.msg_max"], "20");
}

TEST_F(Sysctl, AreSetBeforeTheirPathBecomesReadOnly) {
  box.config().set("/linux/sysctl", R"({"kernel.msgmax": "4321"})"_json);
  box.config().set("/linux/readonlyPaths", Words{"/proc/sys"});
  EXPECT_EQ(box.report({"kernel.msgmax"})["/sysctl/kernel.msgmax"], "4321");
}

TEST_F(Sysctl, AreSetWithoutAProcMountOfTheContainer) {
  KNOWN_GAP(kRunc, "it writes below the container's /proc");
  box.config().set("/linux/sysctl", R"({"net.ipv4.ip_forward": "1"})"_json);
  box.config().remove("/mounts/0");
  box.bundle.set_command({"exit", "0"});
  EXPECT_TRUE(succeeds(box.run()));
}

TEST_F(Sysctl, DotsInsideANameAreWrittenAsSlashes) {
  box.config().set("/linux/sysctl", R"({"net/ipv4/conf/lo/forwarding": "1"})"_json);
  EXPECT_EQ(box.report({"net.ipv4.conf.lo.forwarding"})["/sysctl/net.ipv4.conf.lo.forwarding"],
            "1");
}

// CVE-2022-0811: what belongs to the host is not a container's to set.
class HostSysctl : public Sysctl, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Sysctl, HostSysctl,
                         ::testing::Values("kernel.core_pattern", "vm.swappiness",
                                           "kernel.printk_ratelimit", "fs.file-max", "../../tmp/x",
                                           "kernel.shm_rmid_forced+"));

TEST_P(HostSysctl, IsRefused) {
  box.config().set(std::string("/linux/sysctl"), "{}"_json);
  Value sysctl = Value::parse(std::string("{\"") + GetParam() + "\": \"1\"}");
  box.config().set("/linux/sysctl", sysctl);
  EXPECT_TRUE(fails_with(box.run(), "sysctl"));
  expect_nothing_left();
}

TEST_F(Sysctl, OfTheNetworkIsRefusedWithoutANetworkNamespace) {
  box.config().set("/linux/sysctl", R"({"net.core.somaxconn": "256"})"_json);
  box.bundle.remove_namespace("network");
  EXPECT_TRUE(fails_with(box.run(), "net.core.somaxconn"));
}

TEST_F(Sysctl, OfIpcIsRefusedWithoutAnIpcNamespace) {
  box.config().set("/linux/sysctl", R"({"kernel.msgmax": "4321"})"_json);
  box.bundle.remove_namespace("ipc");
  EXPECT_TRUE(fails_with(box.run(), "kernel.msgmax"));
}

}  // namespace
}  // namespace gocker::test
