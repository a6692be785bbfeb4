#include "runtime/linux/seccomp_names.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace gocker {
namespace {

using Action = oci::SeccompAction;

struct NamedFlag {
  std::string_view name;
  uint32_t flag;
};
constexpr std::array<NamedFlag, 4> kFlags = {{
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
}};

constexpr std::string_view kArchitecturePrefix = "SCMP_ARCH_";
// The architectures of the specification. libseccomp names them "x86_64"; some are newer than the
// library.
constexpr std::array<std::string_view, 23> kArchitectures = {
    "X86",    "X86_64",   "X32",         "ARM",         "AARCH64", "MIPS",    "MIPS64", "MIPS64N32",
    "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC",         "PPC64",   "PPC64LE", "S390",   "S390X",
    "PARISC", "PARISC64", "RISCV64",     "LOONGARCH64", "M68K",    "SH",      "SHEB",
};

// As the kernel lists them in actions_avail.
constexpr std::array<std::pair<Action, std::string_view>, 9> kKernelActions = {{
    {Action::kill, "kill_thread"},
    {Action::kill_process, "kill_process"},
    {Action::kill_thread, "kill_thread"},
    {Action::trap, "trap"},
    {Action::error, "errno"},
    {Action::trace, "trace"},
    {Action::allow, "allow"},
    {Action::log, "log"},
    {Action::notify, "user_notif"},
}};

uint16_t return_value_of(std::optional<uint32_t> wanted, uint32_t maximum) {
  const uint32_t value = wanted.value_or(EPERM);
  if (value <= maximum) return static_cast<uint16_t>(value);
  throw Error("errno " + std::to_string(value) + " is above " + std::to_string(maximum), EINVAL);
}

uint32_t library_token(std::string_view architecture) {
  return ::seccomp_arch_resolve_name(to_lower(architecture).c_str());
}

// The kernel looks at the flags before it looks at the filter, which is missing here.
bool kernel_takes(uint32_t flag) {
  // This one needs a listener to wait for.
  if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, nullptr) < 0 && errno == EFAULT;
}

std::vector<std::string> available_actions() {
  const Fd file = open_if_exists("/proc/sys/kernel/seccomp/actions_avail", O_RDONLY);
  std::vector<std::string> names;
  if (!file) return names;
  const std::string content = read_all(file, "actions_avail");
  const std::vector<std::string_view> available = split(trim(content), ' ');
  for (const auto& [action, kernel_name] : kKernelActions) {
    if (std::find(available.begin(), available.end(), kernel_name) == available.end()) continue;
    names.emplace_back(oci::name_of(action));
  }
  return names;
}

std::vector<std::string> operators() {
  using Operator = oci::SeccompOperator;
  std::vector<std::string> names;
  for (const Operator op : {Operator::ne, Operator::lt, Operator::le, Operator::eq, Operator::ge,
                            Operator::gt, Operator::masked_eq}) {
    names.emplace_back(oci::name_of(op));
  }
  return names;
}

// A filter holds architectures of one byte order only: this machine's.
std::vector<std::string> usable_architectures() {
  const SeccompFilter filter(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release);
  std::vector<std::string> names;
  for (const std::string_view name : kArchitectures) {
    const uint32_t token = library_token(name);
    if (token == 0) continue;
    const int result = ::seccomp_arch_add(filter.get(), token);
    if (result != 0 && result != -EEXIST) continue;
    names.push_back(std::string(kArchitecturePrefix).append(name));
  }
  return names;
}

}  // namespace

uint32_t seccomp_action(oci::SeccompAction action, std::optional<uint32_t> errno_ret) {
  constexpr uint32_t kMaxErrno = 4095;
  constexpr uint32_t kMaxTraceData = 65535;
  if (action == Action::error) return SCMP_ACT_ERRNO(return_value_of(errno_ret, kMaxErrno));
  if (action == Action::trace) return SCMP_ACT_TRACE(return_value_of(errno_ret, kMaxTraceData));
  if (errno_ret) {
    throw Error(std::string(oci::name_of(action)).append(" takes no errno"), EINVAL);
  }
  switch (action) {
    case Action::kill_process:
      return SCMP_ACT_KILL_PROCESS;
    case Action::trap:
      return SCMP_ACT_TRAP;
    case Action::allow:
      return SCMP_ACT_ALLOW;
    case Action::log:
      return SCMP_ACT_LOG;
    case Action::notify:
      return SCMP_ACT_NOTIFY;
    default:
      return SCMP_ACT_KILL_THREAD;  // which is what SCMP_ACT_KILL means
  }
}

scmp_compare seccomp_comparison(oci::SeccompOperator op) {
  switch (op) {
    case oci::SeccompOperator::ne:
      return SCMP_CMP_NE;
    case oci::SeccompOperator::lt:
      return SCMP_CMP_LT;
    case oci::SeccompOperator::le:
      return SCMP_CMP_LE;
    case oci::SeccompOperator::eq:
      return SCMP_CMP_EQ;
    case oci::SeccompOperator::ge:
      return SCMP_CMP_GE;
    case oci::SeccompOperator::gt:
      return SCMP_CMP_GT;
    case oci::SeccompOperator::masked_eq:
      break;
  }
  return SCMP_CMP_MASKED_EQ;
}

uint32_t seccomp_architecture(const std::string& name) {
  std::string_view plain(name);
  if (!plain.starts_with(kArchitecturePrefix)) throw Error("unknown architecture " + name, EINVAL);
  plain.remove_prefix(kArchitecturePrefix.size());
  if (std::find(kArchitectures.begin(), kArchitectures.end(), plain) == kArchitectures.end()) {
    throw Error("unknown architecture " + name, EINVAL);
  }
  const uint32_t token = library_token(plain);
  if (token != 0) return token;
  throw Error("the architecture " + name + " is newer than this build's libseccomp " +
                  seccomp_library_version() + ": leave it out",
              EINVAL);
}

uint32_t seccomp_flag(const std::string& name) {
  for (const NamedFlag& flag : kFlags) {
    if (flag.name == name) return flag.flag;
  }
  throw Error("unknown flag " + name, EINVAL);
}

oci::SeccompFeatures seccomp_features() {
  oci::SeccompFeatures features;
  features.actions = available_actions();
  features.enabled = !features.actions.empty();
  features.operators = operators();
  features.archs = usable_architectures();
  for (const NamedFlag& flag : kFlags) {
    features.known_flags.emplace_back(flag.name);
    if (kernel_takes(flag.flag)) features.supported_flags.emplace_back(flag.name);
  }
  return features;
}

std::string seccomp_library_version() {
  const scmp_version* version = ::seccomp_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->micro);
}

}  // namespace gocker
