#include "runtime/cgroup/device_rules.h"

#include <gtest/gtest.h>

#include <random>

#include "runtime/base/error.h"
#include "runtime/cgroup/device_filter.h"
#include "tests/unit/cgroup/test_groups.h"

namespace gocker {
namespace {

constexpr auto kAny = std::nullopt;
using Rules = std::vector<oci::DeviceRule>;
using Writes = std::vector<DeviceWrite>;

const oci::DeviceRule kDenyAll{false, 'a', kAny, kAny, "rwm"};
const oci::DeviceRule kAllowAll{true, 'a', kAny, kAny, "rwm"};

DeviceList list_of(const Rules& rules) {
  return device_list_of(decide_devices(rules));
}

std::vector<std::string> texts(const DeviceList& list) {
  std::vector<std::string> lines;
  for (const DeviceAccess& exception : list.exceptions) lines.push_back(exception.text());
  return lines;
}

bool contains(const DeviceList& list, const std::string& text) {
  const std::vector<std::string> lines = texts(list);
  return std::find(lines.begin(), lines.end(), text) != lines.end();
}

// What the rules mean: for each kind of access by itself, the last decision that fits.
bool is_allowed(const std::vector<DeviceDecision>& decisions, const DeviceAccess& request) {
  for (unsigned bit = 1; bit < kDeviceAll; bit <<= 1) {
    if ((request.access & bit) == 0) continue;
    bool allowed = false;
    for (const DeviceDecision& decision : decisions) {
      if (decision.what.covers(request) && (decision.what.access & bit) != 0) {
        allowed = decision.allow;
      }
    }
    if (!allowed) return false;
  }
  return true;
}

// As the kernel's devices controller judges: to allow, one exception must have all the access that
// is asked for; to deny, any part of it.
bool is_allowed_v1(const DeviceList& list, const DeviceAccess& request) {
  for (const DeviceAccess& exception : list.exceptions) {
    if (!exception.covers(request)) continue;
    if (list.allow_by_default && (exception.access & request.access) != 0) return false;
    if (!list.allow_by_default && (request.access & ~exception.access) == 0) return true;
  }
  return list.allow_by_default;
}

// Runs the few instructions that a filter is made of.
bool is_allowed_by_filter(const std::vector<bpf_insn>& code, const DeviceAccess& request) {
  const uint32_t context[]{(request.access << 16) | (request.type == 'b' ? 1U : 2U), *request.major,
                           *request.minor};
  uint64_t registers[11]{};
  for (size_t at = 0; at < code.size(); ++at) {
    const bpf_insn& step = code[at];
    uint64_t& to = registers[step.dst_reg];
    const auto operand = static_cast<uint32_t>(step.imm);
    switch (step.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        EXPECT_EQ(step.src_reg, BPF_REG_1);
        to = context[step.off / 4];
        break;
      case BPF_ALU | BPF_MOV | BPF_X:
        to = registers[step.src_reg];
        break;
      case BPF_ALU | BPF_MOV | BPF_K:
        to = operand;
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        to >>= operand;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        to &= operand;
        break;
      case BPF_ALU64 | BPF_MOV | BPF_X:
        to = registers[step.src_reg];
        break;
      case BPF_ALU64 | BPF_LSH | BPF_K:
        to <<= operand;
        break;
      case BPF_ALU64 | BPF_OR | BPF_X:
        to |= registers[step.src_reg];
        break;
      case BPF_LD | BPF_IMM | BPF_DW:
        to = operand | uint64_t{static_cast<uint32_t>(code[++at].imm)} << 32;
        break;
      case BPF_JMP | BPF_JA:
        at += static_cast<size_t>(step.off);
        break;
      case BPF_JMP | BPF_JEQ | BPF_X:
        if (to == registers[step.src_reg]) at += static_cast<size_t>(step.off);
        break;
      case BPF_JMP32 | BPF_JNE | BPF_K:
        if (to != operand) at += static_cast<size_t>(step.off);
        break;
      case BPF_JMP32 | BPF_JEQ | BPF_K:
        if (to == operand) at += static_cast<size_t>(step.off);
        break;
      case BPF_JMP | BPF_EXIT:
        return registers[0] != 0;
      default:
        ADD_FAILURE() << "unknown instruction " << int{step.code};
        return false;
    }
  }
  ADD_FAILURE() << "the filter runs past its end";
  return false;
}

TEST(DeviceRules, DenyAllButTheDefaultDevicesWhereNothingIsSaid) {
  const DeviceList list = list_of({});
  EXPECT_FALSE(list.allow_by_default);
  EXPECT_EQ(texts(list),
            (std::vector<std::string>{"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",
                                      "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm",
                                      "c 136:* rwm", "c 10:200 rwm"}));
  EXPECT_EQ(texts(list_of({kDenyAll})), texts(list));
}

TEST(DeviceRules, TakeTheLettersInAnyOrder) {
  EXPECT_TRUE(contains(list_of({{true, 'c', 10, 229, "rmw"}}), "c 10:229 rwm"));
  EXPECT_TRUE(contains(list_of({{true, 'c', 10, 229, "mr"}}), "c 10:229 rm"));
  EXPECT_TRUE(contains(list_of({{true, 'c', 10, 229, ""}}), "c 10:229 rwm"));
  EXPECT_EQ(error_of([] {
              list_of({kDenyAll, {true, 'c', 10, 229, "rx"}});
            }),
            "/linux/resources/devices/1/access: \"rx\": letters are r, w and m");
}

TEST(DeviceRules, TakeAbsentNumbersForAll) {
  EXPECT_TRUE(contains(list_of({{true, 'b', 8, kAny, "rmw"}}), "b 8:* rwm"));
  EXPECT_TRUE(contains(list_of({{true, 'c', kAny, kAny, "r"}}), "c *:* rm"));
}

TEST(DeviceRules, TakeTypeAForBothKinds) {
  const DeviceList list = list_of({{true, 'a', 8, kAny, "rw"}});
  EXPECT_TRUE(contains(list, "b 8:* rw"));
  EXPECT_TRUE(contains(list, "c 8:* rw"));
}

TEST(DeviceRules, HoldInTheirOrder) {
  EXPECT_FALSE(contains(list_of({{true, 'c', 10, 229, "rw"}, kDenyAll}), "c 10:229 rw"));
  EXPECT_TRUE(contains(list_of({kDenyAll, {true, 'c', 10, 229, "rw"}}), "c 10:229 rw"));
  EXPECT_TRUE(
      contains(list_of({{true, 'c', 10, 229, "rw"}, {false, 'c', 10, 229, "w"}}), "c 10:229 r"));
}

TEST(DeviceRules, DenySomeOfAll) {
  const DeviceList list = list_of({kAllowAll, {false, 'c', 1, 11, "rw"}});
  EXPECT_TRUE(list.allow_by_default);
  EXPECT_EQ(texts(list), std::vector<std::string>{"c 1:11 rw"});
}

TEST(DeviceRules, GiveTheDefaultDevicesBackAfterAUsersDenial) {
  EXPECT_TRUE(contains(list_of({kDenyAll, {false, 'c', 1, 3, "rwm"}}), "c 1:3 rwm"));
  EXPECT_TRUE(list_of({kAllowAll, {false, 'c', 1, 3, "rwm"}}).exceptions.empty());
}

TEST(DeviceRules, TellWhatCgroupV1CantExpress) {
  EXPECT_EQ(error_of([] {
              list_of({{true, 'c', 10, kAny, "rw"}, {false, 'c', 10, 229, "rw"}});
            }),
            "/linux/resources/devices/1: denies c 10:229 rw, a part of c 10:* rw before it: "
            "cgroup v1 can't express that");
}

TEST(DeviceRules, KnowWhenNoFilterIsNeeded) {
  EXPECT_TRUE(allows_everything(decide_devices({kAllowAll})));
  EXPECT_TRUE(allows_everything(decide_devices({kDenyAll, kAllowAll, {true, 'c', 1, 1, "r"}})));
  EXPECT_FALSE(allows_everything(decide_devices({})));
  EXPECT_FALSE(allows_everything(decide_devices({kAllowAll, {false, 'c', 1, 1, "r"}})));
  EXPECT_FALSE(allows_everything(decide_devices({kAllowAll, kDenyAll})));
}

TEST(DeviceRules, AreReadBackFromTheKernel) {
  const DeviceList list = parse_device_list("b *:* m\nc 136:* rwm\nc 10:200 r\n");
  EXPECT_FALSE(list.allow_by_default);
  EXPECT_EQ(texts(list), (std::vector<std::string>{"b *:* m", "c 136:* rwm", "c 10:200 r"}));
  EXPECT_TRUE(parse_device_list("a *:* rwm\n").allow_by_default);
  EXPECT_TRUE(parse_device_list("").exceptions.empty());
}

TEST(DeviceRules, ChangeOnlyWhatDiffers) {
  const DeviceList before = parse_device_list("c 1:3 rwm\nc 10:229 rw\nb 8:0 r\n");
  const DeviceList after = parse_device_list("c 1:3 rwm\nc 10:229 rm\nc 10:1 w\n");
  EXPECT_EQ(
      device_list_changes(before, after),
      (Writes{
          {false, "c 10:229 w"}, {false, "b 8:0 r"}, {true, "c 10:229 m"}, {true, "c 10:1 w"}}));
  EXPECT_TRUE(device_list_changes(after, after).empty());
}

TEST(DeviceRules, StartOverWhereTheDefaultChanges) {
  const DeviceList all = parse_device_list("a *:* rwm");
  const DeviceList few = parse_device_list("c 1:3 rwm");
  EXPECT_EQ(device_list_changes(all, few), (Writes{{false, "a"}, {true, "c 1:3 rwm"}}));
  EXPECT_EQ(device_list_changes(few, all), (Writes{{true, "a"}}));
  DeviceList all_but = all;
  all_but.exceptions = few.exceptions;
  EXPECT_EQ(device_list_changes(all, all_but), (Writes{{true, "a"}, {false, "c 1:3 rwm"}}));
}

class RandomRules : public ::testing::TestWithParam<unsigned> {
 protected:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  oci::DeviceRule rule() {
    static constexpr const char* kAccess[]{"rwm", "r", "w", "m", "rw", "wm", ""};
    const auto number = [this]() -> std::optional<uint32_t> {
      return below(3) == 0 ? kAny : std::optional<uint32_t>(below(3));
    };
    oci::DeviceRule made{below(2) == 0, "abc"[below(3)], number(), kAny, kAccess[below(7)]};
    if (made.major) made.minor = number();
    return made;
  }

  Rules rules() {
    Rules made(below(7));
    for (oci::DeviceRule& entry : made) entry = rule();
    return made;
  }

  // Numbers that rules name, and one that none does.
  static std::vector<DeviceAccess> requests() {
    std::vector<DeviceAccess> all;
    for (const char type : {'b', 'c'}) {
      for (uint32_t major = 0; major < 4; ++major) {
        for (uint32_t minor = 0; minor < 4; ++minor) {
          for (const unsigned access : {1U, 2U, 4U, 6U})
            all.push_back({type, major, minor, access});
        }
      }
    }
    return all;
  }

 private:
  std::minstd_rand random_{GetParam()};
};

std::string describe(const std::vector<DeviceDecision>& decisions) {
  std::string text;
  for (const DeviceDecision& decision : decisions) {
    text += (decision.allow ? "allow " : "deny ") + decision.what.text() + "\n";
  }
  return text;
}

TEST_P(RandomRules, MeanTheSameInTheFilterOfV2) {
  for (int round = 0; round < 50; ++round) {
    const std::vector<DeviceDecision> decisions = decide_devices(rules());
    const std::vector<bpf_insn> filter = compile_device_filter(decisions);
    for (const DeviceAccess& request : requests()) {
      ASSERT_EQ(is_allowed_by_filter(filter, request), is_allowed(decisions, request))
          << describe(decisions) << "asked for " << request.text();
    }
  }
}

TEST_P(RandomRules, MeanTheSameInTheListOfV1OrAreRefused) {
  int expressed = 0;
  for (int round = 0; round < 200; ++round) {
    const std::vector<DeviceDecision> decisions = decide_devices(rules());
    DeviceList list;
    try {
      list = device_list_of(decisions);
    } catch (const Error&) {
      continue;
    }
    ++expressed;
    for (const DeviceAccess& request : requests()) {
      ASSERT_EQ(is_allowed_v1(list, request), is_allowed(decisions, request))
          << describe(decisions) << "asked for " << request.text();
    }
  }
  EXPECT_GT(expressed, 20);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRules, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace gocker
