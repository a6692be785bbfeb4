#include <gtest/gtest.h>

#include "oci-spec/validate.h"
#include "tests/unit/oci-spec/rule.h"

namespace oci {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

class SysctlRule : public TestWithParam<Case> {};
TEST_P(SysctlRule, Holds) {
  expect_rule(GetParam());
}

Case sysctl(std::string name, std::string parameter, std::string error) {
  return {std::move(name),
          [parameter](Spec& s) {
            s.linux_.sysctl = {{parameter, "1"}};
          },
          std::move(error)};
}

Case sysctl_without(std::string name, NamespaceType type, std::string parameter) {
  const std::string error = "/linux/sysctl/" + parameter + ": needs an entry of type " +
                            std::string(name_of(type)) +
                            " in /linux/namespaces, or the host's would change";
  return {std::move(name),
          [=](Spec& s) {
            s.hostname.clear();
            if (type == NamespaceType::user) without_user_namespace(s);
            remove_namespace(s, type);
            s.linux_.sysctl = {{parameter, "1"}};
          },
          error};
}

std::string no_name(const std::string& text) {
  return "\"" + text + "\" is no name of a kernel parameter";
}

constexpr std::string_view kOfTheHost =
    "is not kept apart by any namespace, so the host's would change";

const std::vector<Case> kSysctlCases = {
    sysctl("SysctlMsgmax", "kernel.msgmax", ""),
    sysctl("SysctlMsgmnb", "kernel.msgmnb", ""),
    sysctl("SysctlMsgmni", "kernel.msgmni", ""),
    sysctl("SysctlSem", "kernel.sem", ""),
    sysctl("SysctlShmall", "kernel.shmall", ""),
    sysctl("SysctlShmmax", "kernel.shmmax", ""),
    sysctl("SysctlShmmni", "kernel.shmmni", ""),
    sysctl("SysctlShmRmid", "kernel.shm_rmid_forced", ""),
    sysctl("SysctlMqueue", "fs.mqueue.msg_max", ""),
    sysctl("SysctlNet", "net.ipv4.ip_forward", ""),
    sysctl("SysctlNetSlashes", "net/ipv4/ip_forward", ""),
    sysctl("SysctlNetVlan", "net.ipv4.conf.eth0/1.forwarding", ""),
    sysctl("SysctlUser", "user.max_user_namespaces", ""),
    sysctl("SysctlDomainname", "kernel.domainname", ""),
    sysctl("SysctlCorePattern", "kernel.core_pattern",
           "/linux/sysctl/kernel.core_pattern: " + std::string(kOfTheHost)),
    sysctl("SysctlCorePatternSlashes", "kernel/core_pattern",
           "/linux/sysctl/kernel~1core_pattern: " + std::string(kOfTheHost)),
    sysctl("SysctlVm", "vm.swappiness", "/linux/sysctl/vm.swappiness: " + std::string(kOfTheHost)),
    sysctl("SysctlFs", "fs.file-max", "/linux/sysctl/fs.file-max: " + std::string(kOfTheHost)),
    sysctl("SysctlNearMiss", "kernel.shmmaxx",
           "/linux/sysctl/kernel.shmmaxx: " + std::string(kOfTheHost)),
    sysctl("SysctlUp", "net/../kernel/core_pattern",
           "/linux/sysctl/net~1..~1kernel~1core_pattern: " + no_name("net/../kernel/core_pattern")),
    sysctl("SysctlUpBySlashes", "net.//.kernel.core_pattern",
           "/linux/sysctl/net.~1~1.kernel.core_pattern: " + no_name("net.//.kernel.core_pattern")),
    sysctl("SysctlEmptyStep", "net..ip_forward",
           "/linux/sysctl/net..ip_forward: " + no_name("net..ip_forward")),
    sysctl("SysctlEmpty", "", "/linux/sysctl/: " + no_name("")),
    sysctl("SysctlFromTheRoot", "/net/ipv4/ip_forward",
           "/linux/sysctl/~1net~1ipv4~1ip_forward: " + no_name("/net/ipv4/ip_forward")),
    sysctl("SysctlEndsOpen", "net.", "/linux/sysctl/net.: " + no_name("net.")),
    sysctl_without("SysctlWithoutIpc", NamespaceType::ipc, "kernel.sem"),
    sysctl_without("SysctlMqueueWithoutIpc", NamespaceType::ipc, "fs.mqueue.msg_max"),
    sysctl_without("SysctlWithoutNetwork", NamespaceType::network, "net.core.somaxconn"),
    sysctl_without("SysctlWithoutUts", NamespaceType::uts, "kernel.hostname"),
    sysctl_without("SysctlWithoutUser", NamespaceType::user, "user.max_mnt_namespaces"),
    sysctl("SysctlAgainstHostname", "kernel.hostname",
           "/linux/sysctl/kernel.hostname: conflicts with /hostname"),
    {"SysctlAgainstDomainname",
     [](Spec& s) {
       s.domainname = "d";
       s.linux_.sysctl = {{"kernel/domainname", "1"}};
     },
     "/linux/sysctl/kernel~1domainname: conflicts with /domainname"},
    {"SysctlInsteadOfHostname",
     [](Spec& s) {
       s.hostname.clear();
       s.linux_.sysctl = {{"kernel.hostname", "h"}};
     },
     ""},
    {"SysctlInJoinedNetwork",
     [](Spec& s) {
       s.linux_.namespaces[1].path = "/run/netns/a";
       s.linux_.sysctl = {{"net.core.somaxconn", "1"}};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Sysctl, SysctlRule, ValuesIn(kSysctlCases), named);

TEST(SysctlPath, IsTheSameForBothSpellings) {
  EXPECT_EQ(sysctl_path("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
  EXPECT_EQ(sysctl_path("net/ipv4/ip_forward"), "net/ipv4/ip_forward");
  EXPECT_EQ(sysctl_path("net.ipv4.conf.eth0/1.forwarding"), "net/ipv4/conf/eth0.1/forwarding");
  EXPECT_EQ(sysctl_path("net/ipv4/conf/eth0.1/forwarding"), "net/ipv4/conf/eth0.1/forwarding");
  EXPECT_EQ(sysctl_path("single"), "single");
}

}  // namespace
}  // namespace oci
