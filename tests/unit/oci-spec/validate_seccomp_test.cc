#include <gtest/gtest.h>

#include "oci-spec/validate.h"
#include "tests/unit/oci-spec/refusal.h"
#include "tests/unit/oci-spec/rule.h"

namespace oci {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

Seccomp filter(SeccompAction action, std::vector<std::string> names = {"mkdir"}) {
  Seccomp seccomp;
  seccomp.syscalls = {{.names = std::move(names), .action = action}};
  return seccomp;
}

class SeccompRule : public TestWithParam<Case> {};
TEST_P(SeccompRule, Holds) {
  expect_rule(GetParam());
}

const std::vector<Case> kSeccompCases = {
    {"ErrnoOfAllow",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->syscalls[0].errno_ret = 1;
     },
     "/linux/seccomp/syscalls/0/errnoRet: needs the action SCMP_ACT_ERRNO or SCMP_ACT_TRACE, not "
     "SCMP_ACT_ALLOW"},
    {"ErrnoOfErrno",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::error);
       s.linux_.seccomp->syscalls[0].errno_ret = 4095;
     },
     ""},
    {"ErrnoTooLarge",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::error);
       s.linux_.seccomp->syscalls[0].errno_ret = 4096;
     },
     "/linux/seccomp/syscalls/0/errnoRet: must be at most 4095, not 4096"},
    {"TraceTooLarge",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::trace);
       s.linux_.seccomp->syscalls[0].errno_ret = 65536;
     },
     "/linux/seccomp/syscalls/0/errnoRet: must be at most 65535, not 65536"},
    {"DefaultErrno",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::error);
       s.linux_.seccomp->default_errno_ret = 38;
     },
     "/linux/seccomp/defaultErrnoRet: needs the action SCMP_ACT_ERRNO or SCMP_ACT_TRACE, not "
     "SCMP_ACT_ALLOW"},
    {"DefaultNotify",
     [](Spec& s) { s.linux_.seccomp = Seccomp{.default_action = SeccompAction::notify}; },
     "/linux/seccomp/defaultAction: must not be SCMP_ACT_NOTIFY"},
    {"NotifyWithoutListener", [](Spec& s) { s.linux_.seccomp = filter(SeccompAction::notify); },
     "/linux/seccomp/listenerPath: is required with SCMP_ACT_NOTIFY"},
    {"NotifyRelativeListener",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::notify);
       s.linux_.seccomp->listener_path = "agent.sock";
     },
     "/linux/seccomp/listenerPath: must be absolute, not \"agent.sock\""},
    {"Notify",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::notify);
       s.linux_.seccomp->listener_path = "/agent.sock";
       s.linux_.seccomp->listener_metadata = "m";
     },
     ""},
    {"NotifyOfWrite",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::notify, {"mkdir", "write"});
       s.linux_.seccomp->listener_path = "/agent.sock";
     },
     "/linux/seccomp/syscalls/0/names: write cannot have the action SCMP_ACT_NOTIFY"},
    {"ListenerWithoutNotifyIsIgnored",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->listener_path = "agent.sock";
     },
     ""},
    {"MetadataWithoutListener",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->listener_metadata = "m";
     },
     "/linux/seccomp/listenerMetadata: needs listenerPath"},
    {"Flag",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->flags = {"SECCOMP_FILTER_FLAG_TSYNC", "LOG"};
     },
     "/linux/seccomp/flags/1: must be one of SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, "
     "SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, not \"LOG\""},
    {"ArchitecturesOfTheSpecification",
     [](Spec& s) {
       s.linux_.seccomp = filter(SeccompAction::allow);
       s.linux_.seccomp->architectures = {
           "SCMP_ARCH_X86",      "SCMP_ARCH_X86_64",      "SCMP_ARCH_X32",
           "SCMP_ARCH_ARM",      "SCMP_ARCH_AARCH64",     "SCMP_ARCH_MIPS",
           "SCMP_ARCH_MIPS64",   "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
           "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
           "SCMP_ARCH_PPC64",    "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_S390",
           "SCMP_ARCH_S390X",    "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
           "SCMP_ARCH_RISCV64",  "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
           "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB"};
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(Seccomp, SeccompRule, ValuesIn(kSeccompCases), named);

TEST(SeccompArchitecture, IsNamedWhereItIsUnknown) {
  Spec spec = base();
  spec.linux_.seccomp = filter(SeccompAction::allow);
  spec.linux_.seccomp->architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_VAX"};
  const std::string error = refusal([&] { validate(spec, "config.json"); });
  EXPECT_TRUE(error.starts_with("config.json: /linux/seccomp/architectures/1: must be one of "));
  EXPECT_TRUE(error.ends_with(", not \"SCMP_ARCH_VAX\""));
}

}  // namespace
}  // namespace oci
