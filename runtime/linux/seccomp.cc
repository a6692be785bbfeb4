#include "runtime/linux/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/rooted_path.h"
#include "runtime/linux/seccomp_enosys.h"
#include "runtime/linux/seccomp_names.h"

namespace gocker {
namespace {

using Filter = SeccompFilter;

// libseccomp returns errno's value negated.
void check_library(int result, const char* call, std::string_view argument = {}) {
  if (result < 0) throw_errno_value(-result, call, argument);
}

std::vector<scmp_arg_cmp> comparisons_of(const std::vector<oci::SeccompArg>& args) {
  std::vector<scmp_arg_cmp> comparisons;
  comparisons.reserve(args.size());
  for (const oci::SeccompArg& arg : args) {
    comparisons.push_back({arg.index, seccomp_comparison(arg.op), arg.value, arg.value_two});
  }
  return comparisons;
}

// libseccomp takes no argument twice in one rule.
bool names_an_argument_twice(const std::vector<oci::SeccompArg>& args) {
  for (auto arg = args.begin(); arg != args.end(); ++arg) {
    const auto same = [&](const oci::SeccompArg& other) { return other.index == arg->index; };
    if (std::any_of(args.begin(), arg, same)) return true;
  }
  return false;
}

void add_rule(const Filter& filter, uint32_t action, int number, const std::string& name,
              const std::vector<scmp_arg_cmp>& comparisons) {
  const int result = ::seccomp_rule_add_array(
      filter.get(), action, number, static_cast<unsigned>(comparisons.size()), comparisons.data());
  if (result == -EEXIST) return;  // a profile may say the same twice
  check_library(result, "add rule for", name);
}

// Conditions are joined by "and", but those of a list that names an argument twice are joined by
// "or": one rule each, as every runtime reads such profiles.
void add_rules(const Filter& filter, const oci::SeccompSyscall& entry, uint32_t action) {
  const std::vector<scmp_arg_cmp> comparisons = comparisons_of(entry.args);
  const bool alternatives = names_an_argument_twice(entry.args);
  for (const std::string& name : entry.names) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) {
      warn("/linux/seccomp/syscalls", "unknown system call " + name + ": left out");
      continue;
    }
    if (!alternatives) {
      add_rule(filter, action, number, name, comparisons);
      continue;
    }
    for (const scmp_arg_cmp& one : comparisons) add_rule(filter, action, number, name, {one});
  }
}

// The native architecture is always there: a filter that kills every system call of the container
// serves nobody.
std::vector<uint32_t> add_architectures(const Filter& filter, const oci::Seccomp& seccomp) {
  std::vector<uint32_t> tokens = {::seccomp_arch_native()};
  for (const std::string& name : seccomp.architectures) {
    const uint32_t token = seccomp_architecture(name);
    if (std::find(tokens.begin(), tokens.end(), token) != tokens.end()) continue;
    const int result = ::seccomp_arch_add(filter.get(), token);
    if (result == -EDOM) throw Error(name + " has another byte order than this machine", EDOM);
    check_library(result, "add architecture", name);
    tokens.push_back(token);
  }
  return tokens;
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

Filter make_filter(uint32_t default_action) {
  // Says what the kernel can do instead of letting the library try it out by a dozen system calls,
  // so that the result depends on the profile alone. Level 6 is that of libseccomp 2.5.4.
  ::seccomp_api_set(6);
  Filter filter(::seccomp_init(default_action), ::seccomp_release);
  if (!filter) throw Error("seccomp_init: refused");
  check_library(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0), "leave no_new_privs");
  return filter;
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
  const uint32_t default_action = seccomp_action(seccomp.default_action, seccomp.default_errno_ret);
  const Filter filter = make_filter(default_action);
  const std::vector<uint32_t> architectures = add_architectures(filter, seccomp);
  for (const oci::SeccompSyscall& entry : seccomp.syscalls) {
    const uint32_t action = seccomp_action(entry.action, entry.errno_ret);
    if (action != default_action) add_rules(filter, entry, action);
  }
  program.bpf = Fd(check(::memfd_create("seccomp-filter", MFD_CLOEXEC), "memfd_create"));
  if (answers_with_errno(seccomp)) {
    write_instructions(program.bpf, enosys_prologue(highest_syscalls(seccomp, architectures)));
  }
  check_library(::seccomp_export_bpf(filter.get(), program.bpf.get()), "export");
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
