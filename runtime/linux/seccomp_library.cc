#include "runtime/linux/seccomp_library.h"

#include <seccomp.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/linux/seccomp_names.h"

namespace gocker {
namespace {

// libseccomp returns errno's value negated.
void check_library(int result, const char* call, std::string_view argument = {}) {
  if (result < 0) throw_errno_value(-result, call, argument);
}

SeccompFilter make_filter(uint32_t default_action) {
  // Says what the kernel can do instead of letting the library try it out by a dozen system calls,
  // so that the result depends on the profile alone. Level 6 is that of libseccomp 2.5.4.
  ::seccomp_api_set(6);
  SeccompFilter filter(::seccomp_init(default_action), ::seccomp_release);
  if (!filter) throw Error("seccomp_init: refused");
  check_library(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0), "leave no_new_privs");
  return filter;
}

void add_architecture(const SeccompFilter& filter, uint32_t token) {
  if (token == ::seccomp_arch_native()) return;  // it is there from the beginning
  check_library(::seccomp_arch_add(filter.get(), token), "add architecture");
}

void add_rule(const SeccompFilter& filter, const SeccompRule& rule) {
  std::vector<scmp_arg_cmp> comparisons;
  comparisons.reserve(rule.args.size());
  for (const oci::SeccompArg& arg : rule.args) {
    comparisons.push_back({arg.index, seccomp_comparison(arg.op), arg.value, arg.value_two});
  }
  const int result =
      ::seccomp_rule_add_array(filter.get(), rule.action, ::seccomp_syscall_resolve_name(rule.name),
                               static_cast<unsigned>(comparisons.size()), comparisons.data());
  if (result == -EEXIST) return;  // a profile may say the same twice
  check_library(result, "add rule for", rule.name);
}

}  // namespace

void compile_with_library(const SeccompRules& rules, const Fd& file) {
  const SeccompFilter filter = make_filter(rules.default_action);
  for (const uint32_t token : rules.architectures) add_architecture(filter, token);
  for (const SeccompRule& rule : rules.rules) add_rule(filter, rule);
  check_library(::seccomp_export_bpf(filter.get(), file.get()), "export");
}

}  // namespace gocker
