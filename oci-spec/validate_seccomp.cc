// The rules for config.json's "linux.seccomp".
#include <algorithm>
#include <array>

#include "oci-spec/validate_parts.h"

namespace oci {
namespace {

constexpr uint32_t kLargestErrno = 4095;      // what the kernel takes for an error
constexpr uint32_t kLargestMessage = 0xFFFF;  // SECCOMP_RET_DATA

constexpr std::array<std::string_view, 23> kArchitectures = {
    "SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",         "SCMP_ARCH_ARM",
    "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",
    "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
    "SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",        "SCMP_ARCH_S390X",
    "SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",     "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",    "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB"};

constexpr std::array<std::string_view, 4> kFlags = {
    "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};

void check_errno(SeccompAction action, const std::optional<uint32_t>& number, const JsonPlace& at) {
  if (!number) return;
  if (action != SeccompAction::error && action != SeccompAction::trace) {
    at.refuse("needs the action SCMP_ACT_ERRNO or SCMP_ACT_TRACE, not " +
              std::string(name_of(action)));
  }
  const uint32_t largest = action == SeccompAction::error ? kLargestErrno : kLargestMessage;
  if (*number > largest) {
    at.refuse("must be at most " + std::to_string(largest) + ", not " + std::to_string(*number));
  }
}

bool notifies(const Seccomp& seccomp) {
  return std::ranges::any_of(seccomp.syscalls, [](const SeccompSyscall& rule) {
    return rule.action == SeccompAction::notify;
  });
}

void check_listener(const Seccomp& seccomp, const JsonPlace& at) {
  const JsonPlace path(at, "listenerPath");
  if (notifies(seccomp)) {
    if (seccomp.listener_path.empty()) path.refuse("is required with SCMP_ACT_NOTIFY");
    check_absolute(seccomp.listener_path, path);
  }
  if (seccomp.listener_path.empty() && !seccomp.listener_metadata.empty()) {
    JsonPlace(at, "listenerMetadata").refuse("needs listenerPath");
  }
}

void check_rule(const SeccompSyscall& rule, const JsonPlace& at) {
  check_errno(rule.action, rule.errno_ret, JsonPlace(at, "errnoRet"));
  if (rule.action != SeccompAction::notify) return;
  // The container's init, held up by its own filter, could not report that it is ready.
  if (std::ranges::find(rule.names, "write") != rule.names.end()) {
    JsonPlace(at, "names").refuse("write cannot have the action SCMP_ACT_NOTIFY");
  }
}

}  // namespace

void check_seccomp(const Seccomp& seccomp, const JsonPlace& at) {
  at.attempt([&] {
    if (seccomp.default_action != SeccompAction::notify) return;
    JsonPlace(at, "defaultAction").refuse("must not be SCMP_ACT_NOTIFY");
  });
  at.attempt([&] {
    check_errno(seccomp.default_action, seccomp.default_errno_ret,
                JsonPlace(at, "defaultErrnoRet"));
  });
  JsonPlace(at, "architectures")
      .for_each(seccomp.architectures, [](const std::string& name, const JsonPlace& here) {
        check_known(name, kArchitectures, here);
      });
  JsonPlace(at, "flags")
      .for_each(seccomp.flags, [](const std::string& name, const JsonPlace& here) {
        check_known(name, kFlags, here);
      });
  JsonPlace(at, "syscalls").for_each(seccomp.syscalls, check_rule);
  at.attempt([&] { check_listener(seccomp, at); });
}

}  // namespace oci
