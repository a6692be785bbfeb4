// Each program is held against what its rules say, read one by one, and against libseccomp's for
// the same rules. The latter only where the library (2.5.4) can be trusted. With x32 beside x86_64
// it may forget to load the number before rules with arguments; of several rules for one call it
// may lose one; and it takes minutes for some hundred of them.
#include "runtime/linux/seccomp_compiler.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/linux/seccomp_library.h"
#include "tests/unit/linux/filter_machine.h"

namespace gocker {
namespace {

using oci::SeccompOperator;

constexpr uint32_t kX32Bit = 0x40000000;
constexpr std::array<uint32_t, 3> kArchitectures = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
                                                    AUDIT_ARCH_ARM};
constexpr uint32_t kDenied = SECCOMP_RET_ERRNO | 1;

// The rules point to the names and the arguments.
struct Profile {
  struct Rule {
    std::string name;
    uint32_t action = SECCOMP_RET_ALLOW;
    std::vector<oci::SeccompArg> args = {};
  };
  uint32_t default_action = kDenied;
  std::vector<uint32_t> architectures = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
  std::vector<Rule> rules = {};

  SeccompRules get() const {
    SeccompRules result{default_action, architectures, {}};
    for (const Rule& rule : rules) {
      if (rule.action == default_action) continue;
      result.rules.push_back({rule.name.c_str(), rule.action, rule.args});
    }
    return result;
  }
};

std::vector<sock_filter> by_library(const SeccompRules& rules) {
  const Fd file(check(::memfd_create("by-library", MFD_CLOEXEC), "memfd_create"));
  compile_with_library(rules, file);
  std::vector<sock_filter> program(static_cast<size_t>(stat_fd(file, "filter").st_size) /
                                   sizeof(sock_filter));
  const size_t size = program.size() * sizeof(sock_filter);
  EXPECT_EQ(::pread(file.get(), program.data(), size, 0), static_cast<ssize_t>(size));
  return program;
}

// All names of two architectures: x86_64's, and what only i386 has.
std::vector<std::string> all_names() {
  std::set<std::string> names;
  for (const uint32_t token : std::array<uint32_t, 2>{SCMP_ARCH_X86_64, SCMP_ARCH_X86}) {
    for (int number = -230; number < 600; ++number) {
      char* name = ::seccomp_syscall_resolve_num_arch(token, number);
      if (name != nullptr) names.insert(name);
      std::free(name);
    }
  }
  return {names.begin(), names.end()};
}

// Those around a value are the ones where a comparison may err, in either half.
std::vector<uint64_t> telling_values(const Profile& profile) {
  std::set<uint64_t> values = {0, 1, 21, 0xffffffff, ~uint64_t{0}};
  for (const Profile::Rule& rule : profile.rules) {
    for (const oci::SeccompArg& arg : rule.args) {
      for (const uint64_t value : {arg.value, arg.value_two}) {
        values.insert({value - 1, value, value + 1, value ^ (uint64_t{1} << 32), value << 32});
      }
    }
  }
  return {values.begin(), values.end()};
}

std::vector<uint32_t> telling_numbers() {
  std::vector<uint32_t> numbers = {0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  for (uint32_t number = 0; number < 550; ++number) {
    numbers.push_back(number);
    numbers.push_back(kX32Bit + number);
  }
  return numbers;
}

bool holds(const oci::SeccompArg& arg, uint64_t value, bool wide) {
  const uint64_t width = wide ? ~uint64_t{0} : 0xffffffff;
  const uint64_t found = value & width;
  const uint64_t wanted = arg.value & width;
  switch (arg.op) {
    case SeccompOperator::ne:
      return found != wanted;
    case SeccompOperator::lt:
      return found < wanted;
    case SeccompOperator::le:
      return found <= wanted;
    case SeccompOperator::eq:
      return found == wanted;
    case SeccompOperator::ge:
      return found >= wanted;
    case SeccompOperator::gt:
      return found > wanted;
    case SeccompOperator::masked_eq:
      break;
  }
  return (found & wanted) == (arg.value_two & wanted);
}

// The rules read one by one, for each call anew.
class Reading {
 public:
  explicit Reading(const Profile& profile) : profile_(profile) {
    for (const uint32_t token : profile.architectures) {
      for (const Profile::Rule& rule : profile.rules) {
        numbers_[token].push_back(::seccomp_syscall_resolve_name_arch(token, rule.name.c_str()));
      }
    }
  }

  uint32_t decide(const seccomp_data& call) const {
    const uint32_t token = token_of(call);
    const auto numbers = numbers_.find(token);
    if (numbers == numbers_.end()) return SECCOMP_RET_KILL_THREAD;
    uint32_t action = profile_.default_action;
    for (size_t i = profile_.rules.size(); i-- > 0;) {
      const Profile::Rule& rule = profile_.rules[i];
      if (rule.action == profile_.default_action) continue;
      if (compare(rule, numbers->second[i], token, call) != Match::none) action = rule.action;
    }
    // The first without any condition decides, whatever is said beside it.
    for (size_t i = 0; i < profile_.rules.size(); ++i) {
      const Profile::Rule& rule = profile_.rules[i];
      if (rule.action == profile_.default_action) continue;
      if (compare(rule, numbers->second[i], token, call) == Match::always) return rule.action;
    }
    return action;
  }

 private:
  enum class Match { none, now, always };

  uint32_t token_of(const seccomp_data& call) const {
    if (call.arch == AUDIT_ARCH_I386) return SCMP_ARCH_X86;
    if (call.arch != AUDIT_ARCH_X86_64) return call.arch;
    const bool is_x32 = static_cast<uint32_t>(call.nr) >= kX32Bit && call.nr != -1;
    return is_x32 ? SCMP_ARCH_X32 : SCMP_ARCH_X86_64;
  }

  // socketcall and ipc, which i386 has, tell by their first argument which call is meant.
  static Match compare(const Profile::Rule& rule, int number, uint32_t token,
                       const seccomp_data& call) {
    const bool wide = token == SCMP_ARCH_X86_64 || token == SCMP_ARCH_AARCH64;
    bool multiplexed = false;
    if (number < 0 && number > -300) {
      char* name = ::seccomp_syscall_resolve_num_arch(token, call.nr);
      const bool direct = name != nullptr && rule.name == name;
      std::free(name);
      multiplexed = call.nr == (number > -200 ? 102 : 117) &&
                    static_cast<uint32_t>(call.args[0]) == static_cast<uint32_t>(-number % 100);
      if (!direct && !multiplexed) return Match::none;
    } else if (number != call.nr) {
      return Match::none;
    }
    for (const oci::SeccompArg& arg : rule.args) {
      if (multiplexed && arg.index == 0) continue;
      if (!holds(arg, call.args[arg.index], wide)) return Match::none;
    }
    return rule.args.empty() && !multiplexed ? Match::always : Match::now;
  }

  const Profile& profile_;
  std::map<uint32_t, std::vector<int>> numbers_;
};

enum class Library { yes, no };

class Comparison {
 public:
  Comparison(const Profile& profile, Library library)
      : values_(telling_values(profile)), reading_(profile) {
    const SeccompRules rules = profile.get();
    if (const auto ours = compile_rules(rules)) ours_ = *ours;
    if (library == Library::yes) theirs_ = by_library(rules);
  }

  void expect_equal(unsigned calls_a_number) {
    ASSERT_FALSE(ours_.empty()) << "left to libseccomp";
    for (const uint32_t architecture : kArchitectures) {
      for (const uint32_t number : telling_numbers()) {
        for (unsigned i = 0; i < calls_a_number; ++i) {
          const seccomp_data call = any_call(architecture, number);
          const uint32_t decision = decide(ours_, call);
          ASSERT_EQ(decision, reading_.decide(call)) << describe(call);
          if (theirs_.empty()) continue;
          ASSERT_EQ(decision, decide(theirs_, call)) << "libseccomp: " << describe(call);
        }
      }
    }
  }

 private:
  seccomp_data any_call(uint32_t architecture, uint32_t number) {
    seccomp_data call{};
    call.arch = architecture;
    call.nr = static_cast<int>(number);
    for (auto& arg : call.args) arg = values_[random_() % values_.size()];
    return call;
  }
  static std::string describe(const seccomp_data& call) {
    std::string text = "architecture " + std::to_string(call.arch) + ", call " +
                       std::to_string(static_cast<uint32_t>(call.nr)) + ", arguments";
    for (const uint64_t arg : call.args) text += " " + std::to_string(arg);
    return text;
  }

  std::mt19937 random_{7};  // NOLINT(*-msc51-cpp): the same calls each time
  std::vector<uint64_t> values_;
  Reading reading_;
  std::vector<sock_filter> ours_;
  std::vector<sock_filter> theirs_;
};

void expect_equal(const Profile& profile, Library library = Library::yes,
                  unsigned calls_a_number = 1) {
  Comparison(profile, library).expect_equal(calls_a_number);
}

const std::vector<uint32_t> kWithoutX32 = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};

oci::SeccompArg argument(uint32_t index, SeccompOperator op, uint64_t value, uint64_t two = 0) {
  return {.index = index, .value = value, .value_two = two, .op = op};
}

TEST(SeccompCompiler, DecidesAsTheLibraryForEachCallByItself) {
  for (const std::string& name : all_names()) {
    SCOPED_TRACE(name);
    expect_equal({.rules = {{.name = name}}});
  }
}

TEST(SeccompCompiler, DecidesAsTheLibraryForAllowListsAndDenyLists) {
  const std::vector<std::string> names = all_names();
  std::mt19937 random(1);  // NOLINT(*-msc51-cpp): the same profiles each time
  constexpr std::array kActions = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 38U, SECCOMP_RET_LOG,
                                   SECCOMP_RET_KILL_PROCESS};
  for (int i = 0; i < 6; ++i) {
    SCOPED_TRACE("profile " + std::to_string(i));
    Profile profile{.default_action = i % 2 == 0 ? kDenied : SECCOMP_RET_ALLOW};
    for (const std::string& name : names) {
      if (random() % 10 < 2) continue;
      profile.rules.push_back({.name = name, .action = kActions[random() % (i < 4 ? 2 : 4)]});
    }
    std::shuffle(profile.rules.begin(), profile.rules.end(), random);
    expect_equal(profile);
  }
}

TEST(SeccompCompiler, DecidesAsTheLibraryForEachArchitecture) {
  const std::vector<Profile::Rule> rules = {
      {.name = "read"}, {.name = "socket"}, {.name = "semop"}};
  using Tokens = std::vector<uint32_t>;
  for (const Tokens& tokens : {Tokens{SCMP_ARCH_X86_64}, Tokens{SCMP_ARCH_X86_64, SCMP_ARCH_X86},
                               Tokens{SCMP_ARCH_X86_64, SCMP_ARCH_X32},
                               Tokens{SCMP_ARCH_X86_64, SCMP_ARCH_X32, SCMP_ARCH_X86},
                               Tokens{SCMP_ARCH_X86_64, SCMP_ARCH_ARM, SCMP_ARCH_AARCH64}}) {
    expect_equal({.architectures = tokens, .rules = rules});
  }
}

TEST(SeccompCompiler, DecidesAsTheLibraryForEachComparison) {
  constexpr uint64_t kWide = 0x0000000500000007;
  for (const SeccompOperator op :
       {SeccompOperator::ne, SeccompOperator::lt, SeccompOperator::le, SeccompOperator::eq,
        SeccompOperator::ge, SeccompOperator::gt, SeccompOperator::masked_eq}) {
    for (const uint64_t value : {uint64_t{0}, uint64_t{7}, uint64_t{0xffffffff}, kWide}) {
      SCOPED_TRACE(std::string(oci::name_of(op)) + " " + std::to_string(value));
      const oci::SeccompArg one = argument(2, op, value, 5);
      const std::vector<Profile::Rule> rules = {
          {.name = "read", .args = {one}},
          {.name = "socket", .args = {one}},
          {.name = "dup", .args = {argument(1, op, 3, 3), one}}};
      expect_equal({.architectures = kWithoutX32, .rules = rules}, Library::yes, 4);
      expect_equal({.rules = rules}, Library::no, 4);
    }
  }
}

std::vector<oci::SeccompArg> any_arguments(std::mt19937& random) {
  constexpr std::array kOperators = {
      SeccompOperator::ne, SeccompOperator::lt, SeccompOperator::le,       SeccompOperator::eq,
      SeccompOperator::ge, SeccompOperator::gt, SeccompOperator::masked_eq};
  constexpr std::array<uint64_t, 5> kValues = {0, 1, 16, 0x7e020000, 0x100000002};
  std::vector<oci::SeccompArg> args;
  for (uint32_t index = 0; index < 6; ++index) {
    if (random() % 4 != 0) continue;
    args.push_back(argument(index, kOperators[random() % kOperators.size()],
                            kValues[random() % kValues.size()],
                            kValues[random() % kValues.size()]));
  }
  return args;
}

// Some hundred calls, alternatives, and calls without arguments beside the same with some.
TEST(SeccompCompiler, DecidesAsTheRulesSayWithManyArguments) {
  const std::vector<std::string> names = all_names();
  std::mt19937 random(2);  // NOLINT(*-msc51-cpp): the same profiles each time
  for (int i = 0; i < 4; ++i) {
    SCOPED_TRACE("profile " + std::to_string(i));
    Profile profile;
    for (const std::string& name : names) {
      for (auto count = random() % 3; count > 0; --count) {
        profile.rules.push_back({.name = name, .args = any_arguments(random)});
      }
    }
    expect_equal(profile, Library::no, 3);
  }
}

TEST(SeccompCompiler, ActionsMayDifferWhereRulesExcludeEachOther) {
  const auto netlink = argument(0, SeccompOperator::eq, 16);
  const auto other_family = argument(0, SeccompOperator::ne, 16);
  const auto audit = argument(2, SeccompOperator::eq, 9);
  const auto other_protocol = argument(2, SeccompOperator::ne, 9);
  constexpr uint32_t kInvalid = SECCOMP_RET_ERRNO | 22;
  expect_equal({.architectures = kWithoutX32,
                .rules = {{.name = "socket", .action = kInvalid, .args = {netlink, audit}},
                          {.name = "socket", .args = {other_protocol}},
                          {.name = "socket", .args = {other_family}},
                          {.name = "socketcall"}}},
               Library::no, 50);
}

TEST(SeccompCompiler, LeavesContradictionsToTheLibrary) {
  constexpr uint32_t kInvalid = SECCOMP_RET_ERRNO | 22;
  const Profile profile{
      .rules = {{.name = "dup", .action = kInvalid, .args = {argument(0, SeccompOperator::ge, 7)}},
                {.name = "dup", .args = {argument(0, SeccompOperator::ge, 9)}}}};
  EXPECT_FALSE(compile_rules(profile.get()));
  // No contradiction: the one without arguments decides.
  Profile plain = profile;
  plain.rules.push_back({.name = "dup"});
  expect_equal(plain, Library::yes, 5);
  plain.rules.push_back({.name = "dup", .action = kInvalid});
  expect_equal(plain, Library::yes, 5);
}

TEST(SeccompCompiler, LeavesStrangeArchitecturesToTheLibrary) {
  const Profile profile{.architectures = {SCMP_ARCH_X86_64, SCMP_ARCH_MIPSEL64N32},
                        .rules = {{.name = "read"}}};
  EXPECT_FALSE(compile_rules(profile.get()));
}

}  // namespace
}  // namespace gocker
