// A seccomp profile as what compiles it takes it: one system call a rule.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// Both pointers are into the profile, which outlives the rules.
struct SeccompRule {
  const char* name = nullptr;             // a call that libseccomp knows
  uint32_t action = 0;                    // SECCOMP_RET_* and its data; never the default action
  std::span<const oci::SeccompArg> args;  // joined by "and"; each index below 6 and there once
};

struct SeccompRules {
  uint32_t default_action = 0;
  std::vector<uint32_t> architectures;  // libseccomp's tokens, the native one first
  std::vector<SeccompRule> rules;       // as the profile orders them
};

}  // namespace gocker
