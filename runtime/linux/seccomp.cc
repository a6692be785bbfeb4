#include "runtime/linux/seccomp.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/rooted_path.h"
#include "runtime/linux/seccomp_compiler.h"
#include "runtime/linux/seccomp_enosys.h"
#include "runtime/linux/seccomp_library.h"
#include "runtime/linux/seccomp_names.h"
#include "runtime/linux/seccomp_rules.h"

namespace gocker {
namespace {

// What a rule asks of an argument twice, it asks alternatively.
bool names_an_argument_twice(const std::vector<oci::SeccompArg>& args) {
  for (auto arg = args.begin(); arg != args.end(); ++arg) {
    const auto same = [&](const oci::SeccompArg& other) { return other.index == arg->index; };
    if (std::any_of(args.begin(), arg, same)) return true;
  }
  return false;
}

void check_arguments(const oci::SeccompSyscall& entry) {
  constexpr uint32_t kMost = 5;
  for (const oci::SeccompArg& arg : entry.args) {
    if (arg.index <= kMost) continue;
    throw Error("argument " + std::to_string(arg.index) + ": the last one is 5", EINVAL);
  }
}

// Conditions are joined by "and", but those of a list that names an argument twice are joined by
// "or": one rule each, as every runtime reads such profiles.
void add_rules(SeccompRules& rules, const oci::SeccompSyscall& entry, uint32_t action) {
  check_arguments(entry);
  const std::span<const oci::SeccompArg> args(entry.args);
  const bool alternatives = names_an_argument_twice(entry.args);
  for (const std::string& name : entry.names) {
    if (::seccomp_syscall_resolve_name(name.c_str()) == __NR_SCMP_ERROR) {
      warn("/linux/seccomp/syscalls", "unknown system call " + name + ": left out");
      continue;
    }
    if (!alternatives) {
      rules.rules.push_back({name.c_str(), action, args});
      continue;
    }
    for (size_t i = 0; i < args.size(); ++i) {
      rules.rules.push_back({name.c_str(), action, args.subspan(i, 1)});
    }
  }
}

// The native architecture is always there: a filter that kills every system call of the container
// serves nobody.
std::vector<uint32_t> architectures_of(const oci::Seccomp& seccomp) {
  std::vector<uint32_t> tokens = {::seccomp_arch_native()};
  for (const std::string& name : seccomp.architectures) {
    const uint32_t token = seccomp_architecture(name);
    if (((token ^ tokens[0]) & __AUDIT_ARCH_LE) != 0) {
      throw Error(name + " has another byte order than this machine", EDOM);
    }
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) tokens.push_back(token);
  }
  return tokens;
}

SeccompRules rules_of(const oci::Seccomp& seccomp) {
  SeccompRules rules;
  rules.default_action = seccomp_action(seccomp.default_action, seccomp.default_errno_ret);
  rules.architectures = architectures_of(seccomp);
  for (const oci::SeccompSyscall& entry : seccomp.syscalls) {
    const uint32_t action = seccomp_action(entry.action, entry.errno_ret);
    if (action != rules.default_action) add_rules(rules, entry, action);
  }
  return rules;
}

uint32_t filter_flags(const oci::Seccomp& seccomp, bool notify) {
  uint32_t flags = 0;
  for (const std::string& name : seccomp.flags) {
    flags |= seccomp_flag(name);
  }
  if (!notify) return flags & ~static_cast<uint32_t>(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  // Both want the return value for themselves, unless a failed TSYNC is told as ESRCH.
  if ((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  return flags;
}

// Whether something is handed to a listener. What would leave the container's own start waiting for
// an answer that nobody can give yet is refused.
bool check_notify(const oci::Seccomp& seccomp) {
  constexpr auto kNotify = oci::SeccompAction::notify;
  if (seccomp.default_action == kNotify) {
    throw Error("SCMP_ACT_NOTIFY can't be the default action", EINVAL);
  }
  bool notify = false;
  for (const oci::SeccompSyscall& entry : seccomp.syscalls) {
    if (entry.action != kNotify) continue;
    notify = true;
    if (std::find(entry.names.begin(), entry.names.end(), "write") != entry.names.end()) {
      throw Error("SCMP_ACT_NOTIFY can't be used for write", EINVAL);
    }
  }
  return notify;
}

bool answers_with_errno(const oci::Seccomp& seccomp) {
  return seccomp.default_action == oci::SeccompAction::error &&
         seccomp.default_errno_ret.value_or(EPERM) != ENOSYS;
}

std::vector<HighestSyscall> highest_syscalls(const oci::Seccomp& seccomp,
                                             const std::vector<uint32_t>& architectures) {
  std::vector<HighestSyscall> highest;
  for (const uint32_t architecture : architectures) {
    if (architecture == SCMP_ARCH_X32) continue;  // its numbers are never compared
    HighestSyscall one{architecture, 0};
    for (const oci::SeccompSyscall& entry : seccomp.syscalls) {
      for (const std::string& name : entry.names) {
        one.include(::seccomp_syscall_resolve_name_arch(architecture, name.c_str()));
      }
    }
    highest.push_back(one);
  }
  return highest;
}

void write_instructions(const Fd& memfd, const std::vector<sock_filter>& instructions) {
  const std::string_view bytes(reinterpret_cast<const char*>(instructions.data()),
                               instructions.size() * sizeof instructions[0]);
  write_all(memfd, bytes, "seccomp filter");
}

}  // namespace

SeccompProgram compile_seccomp(const oci::Seccomp& seccomp) {
  const Doing doing("compile seccomp filter");
  SeccompProgram program;
  program.notify = check_notify(seccomp);
  program.flags = filter_flags(seccomp, program.notify);
  const SeccompRules rules = rules_of(seccomp);
  program.bpf = Fd(check(::memfd_create("seccomp-filter", MFD_CLOEXEC), "memfd_create"));
  if (answers_with_errno(seccomp)) {
    write_instructions(program.bpf,
                       enosys_prologue(highest_syscalls(seccomp, rules.architectures)));
  }
  if (const auto code = compile_rules(rules)) {
    write_instructions(program.bpf, *code);
  } else {
    compile_with_library(rules, program.bpf);
  }
  return program;
}

Fd load_seccomp(const SeccompProgram& program) {
  const Doing doing("load seccomp filter");
  const auto size = static_cast<size_t>(stat_fd(program.bpf, "filter").st_size);
  std::vector<sock_filter> instructions(size / sizeof(sock_filter));
  if (instructions.empty() || instructions.size() > BPF_MAXINSNS) {
    throw Error(std::to_string(instructions.size()) + " instructions; the kernel takes 1 to 4096",
                EINVAL);
  }
  // Not read(2): the file's position is shared with the process that compiled it.
  const ssize_t got = check(::pread(program.bpf.get(), instructions.data(), size, 0), "read");
  if (static_cast<size_t>(got) != size) throw Error("read: the filter was cut short", EIO);
  const sock_fprog filter{static_cast<unsigned short>(instructions.size()), instructions.data()};
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program.flags, &filter);
  check(result, "seccomp");
  return program.notify ? Fd(static_cast<int>(result)) : Fd();
}

}  // namespace gocker
