#include "runtime/linux/capabilities.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/linux/user.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

constexpr uint64_t bit(unsigned number) {
  return uint64_t{1} << number;
}

// "CapBnd", "CapEff", ... of this process as the kernel shows them.
uint64_t kernel_set(const std::string& name) {
  const std::string status = read_file("/proc/self/status");
  const size_t line = status.find(name + ":\t") + name.size() + 2;
  uint64_t mask = 0;
  std::from_chars(status.data() + line, status.data() + line + 16, mask, 16);
  return mask;
}

void become(const oci::Capabilities& capabilities, uint32_t uid) {
  const CapabilitySets wanted = parse_capabilities(capabilities);
  drop_bounding_set(wanted);
  keep_capabilities_over_setuid();
  set_user({.uid = uid, .gid = uid});
  set_capabilities(wanted, 0);
  set_ambient_capabilities(wanted);
}

TEST(ParseCapabilities, MapsNamesToBits) {
  const CapabilitySets sets = parse_capabilities({.bounding = {"CAP_CHOWN", "CAP_SYS_ADMIN"},
                                                  .effective = {"CAP_SETFCAP"},
                                                  .inheritable = {"CAP_KILL", "CAP_KILL"},
                                                  .permitted = {"CAP_CHECKPOINT_RESTORE"},
                                                  .ambient = {}});
  EXPECT_EQ(sets.bounding, bit(CAP_CHOWN) | bit(CAP_SYS_ADMIN));
  EXPECT_EQ(sets.effective, bit(CAP_SETFCAP));
  EXPECT_EQ(sets.inheritable, bit(CAP_KILL));
  EXPECT_EQ(sets.permitted, bit(CAP_CHECKPOINT_RESTORE));
  EXPECT_EQ(sets.ambient, 0u);
}

TEST(ParseCapabilities, RefusesWhatIsNoName) {
  for (const std::string name : {"CAP_SYS_ADMN", "cap_chown", "CHOWN", "", "CAP_", "ALL", "0"}) {
    const std::string text = error_of([&] { parse_capabilities({.effective = {name}}); });
    EXPECT_EQ(text.rfind("unknown capability " + name, 0), 0u) << text;
  }
  EXPECT_EQ(error_of([] { parse_capabilities({.ambient = {"CAP_SYS_ADMN"}}); }),
            "unknown capability CAP_SYS_ADMN (is CAP_SYS_ADMIN meant?)");
}

TEST(KnownCapabilities, AreThoseOfTheKernel) {
  const std::vector<std::string> names = known_capabilities();
  const size_t last = std::stoul(read_file("/proc/sys/kernel/cap_last_cap"));
  EXPECT_EQ(names.size(), std::min<size_t>(last, CAP_CHECKPOINT_RESTORE) + 1);
  EXPECT_EQ(names.at(CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
  EXPECT_EQ(names.at(CAP_AUDIT_READ), "CAP_AUDIT_READ");
}

class Capabilities : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

TEST_F(Capabilities, AllFiveSetsBecomeWhatIsAsked) {
  in_child([] {
    become({.bounding = {"CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"},
            .effective = {"CAP_CHOWN"},
            .inheritable = {"CAP_KILL"},
            .permitted = {"CAP_CHOWN", "CAP_KILL"},
            .ambient = {"CAP_KILL"}},
           1000);
    EXPECT_EQ(kernel_set("CapBnd"), bit(CAP_CHOWN) | bit(CAP_KILL) | bit(CAP_NET_RAW));
    EXPECT_EQ(kernel_set("CapEff"), bit(CAP_CHOWN));
    EXPECT_EQ(kernel_set("CapInh"), bit(CAP_KILL));
    EXPECT_EQ(kernel_set("CapPrm"), bit(CAP_CHOWN) | bit(CAP_KILL));
    EXPECT_EQ(kernel_set("CapAmb"), bit(CAP_KILL));
  });
}

TEST_F(Capabilities, NothingAskedLeavesNothing) {
  for (const uint32_t uid : {0u, 1000u}) {
    in_child([&] {
      become({}, uid);
      for (const char* set : {"CapBnd", "CapEff", "CapInh", "CapPrm", "CapAmb"}) {
        EXPECT_EQ(kernel_set(set), 0u) << set;
      }
    });
  }
}

TEST_F(Capabilities, WhatTheCallerHadAsAmbientIsGone) {
  in_child([] {
    const CapabilitySets before = {
        .effective = bit(CAP_SETPCAP) | bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_KILL),
        .inheritable = bit(CAP_KILL) | bit(CAP_CHOWN),
        .permitted =
            bit(CAP_SETPCAP) | bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_KILL) | bit(CAP_CHOWN),
        .ambient = bit(CAP_KILL)};
    set_capabilities(before, 0);
    set_ambient_capabilities(before);
    ASSERT_EQ(kernel_set("CapAmb"), bit(CAP_KILL));
    become({.bounding = {"CAP_KILL"}, .inheritable = {"CAP_KILL"}, .permitted = {"CAP_KILL"}}, 0);
    EXPECT_EQ(kernel_set("CapInh"), bit(CAP_KILL));
    EXPECT_EQ(kernel_set("CapAmb"), 0u);
  });
  in_child([] {
    const CapabilitySets before = {.effective = bit(CAP_SETPCAP) | bit(CAP_KILL),
                                   .inheritable = bit(CAP_KILL),
                                   .permitted = bit(CAP_SETPCAP) | bit(CAP_KILL),
                                   .ambient = bit(CAP_KILL)};
    set_capabilities(before, 0);
    set_ambient_capabilities(before);
    // CVE-2022-24769: nothing inheritable unless asked for, and ambient follows it.
    const CapabilitySets wanted = {.permitted = bit(CAP_KILL)};
    set_capabilities(wanted, 0);
    set_ambient_capabilities(wanted);
    EXPECT_EQ(kernel_set("CapInh"), 0u);
    EXPECT_EQ(kernel_set("CapAmb"), 0u);
  });
}

TEST_F(Capabilities, ExtraEffectiveStaysUntilTheFinalCall) {
  in_child([] {
    const CapabilitySets wanted =
        parse_capabilities({.effective = {"CAP_CHOWN"}, .permitted = {"CAP_CHOWN"}});
    keep_capabilities_over_setuid();
    set_user({.uid = 1000, .gid = 1000});
    set_capabilities(wanted, bit(CAP_SYS_ADMIN));
    EXPECT_EQ(kernel_set("CapEff"), bit(CAP_CHOWN) | bit(CAP_SYS_ADMIN));
    set_capabilities(wanted, 0);
    EXPECT_EQ(kernel_set("CapEff"), bit(CAP_CHOWN));
    EXPECT_EQ(kernel_set("CapPrm"), bit(CAP_CHOWN));
  });
}

TEST_F(Capabilities, WhatTheRuntimeLacksIsLeftOut) {
  in_child([&] {
    // A runtime without CAP_SYS_BOOT, as in a restricted environment.
    const uint64_t own = kernel_set("CapPrm") & ~bit(CAP_SYS_BOOT);
    set_capabilities({.effective = own, .permitted = own}, 0);
    become({.bounding = {"CAP_CHOWN", "CAP_SYS_BOOT"},
            .effective = {"CAP_CHOWN", "CAP_SYS_BOOT"},
            .inheritable = {"CAP_CHOWN", "CAP_SYS_BOOT"},
            .permitted = {"CAP_CHOWN", "CAP_SYS_BOOT"},
            .ambient = {"CAP_CHOWN", "CAP_SYS_BOOT"}},
           1000);
    for (const char* set : {"CapEff", "CapInh", "CapPrm", "CapAmb"}) {
      EXPECT_EQ(kernel_set(set), bit(CAP_CHOWN)) << set;
    }
  });
}

// What warn_of_ungrantable() logs in a runtime without CAP_SYS_BOOT.
std::string warnings_about(const oci::Capabilities& capabilities) {
  const TempDir dir;
  const std::string path = dir.path() + "/log";
  make_file(path);
  in_child([&] {
    set_log(path, LogFormat::text, true);
    const uint64_t own = kernel_set("CapPrm") & ~bit(CAP_SYS_BOOT);
    set_capabilities({.effective = own, .permitted = own}, 0);
    warn_of_ungrantable(parse_capabilities(capabilities));
    write_held_lines();
  });
  return content_of(path);
}

TEST_F(Capabilities, WhatIsLeftOutIsWarnedAbout) {
  EXPECT_EQ(warnings_about({.bounding = {"CAP_CHOWN"},
                            .effective = {"CAP_KILL"},
                            .permitted = {"CAP_KILL", "CAP_CHOWN"}}),
            "");
  EXPECT_NE(warnings_about({.bounding = {"CAP_CHOWN", "CAP_SYS_BOOT"}})
                .find("level=warning msg=\"/process/capabilities: CAP_SYS_BOOT can't be granted: "
                      "the runtime"),
            std::string::npos);
  EXPECT_NE(warnings_about({.effective = {"CAP_KILL"}})
                .find("/process/capabilities/effective: CAP_KILL can't be effective"),
            std::string::npos);
  EXPECT_NE(warnings_about({.permitted = {"CAP_KILL"}, .ambient = {"CAP_KILL"}})
                .find("CAP_KILL can't be ambient"),
            std::string::npos);
}

TEST_F(Capabilities, AmbientNeedsInheritable) {
  in_child([] {
    become({.effective = {"CAP_KILL"}, .permitted = {"CAP_KILL"}, .ambient = {"CAP_KILL"}}, 1000);
    EXPECT_EQ(kernel_set("CapAmb"), 0u);
    EXPECT_EQ(kernel_set("CapPrm"), bit(CAP_KILL));
  });
}

TEST_F(Capabilities, ABoundingSetThatCannotBeDroppedIsAnError) {
  in_child([] {
    const uint64_t own = kernel_set("CapPrm") & ~bit(CAP_SETPCAP);
    set_capabilities({.effective = own, .permitted = own}, 0);
    EXPECT_EQ(error_of([] { drop_bounding_set({}); }),
              "drop from the bounding set CAP_CHOWN: Operation not permitted");
  });
}

TEST_F(Capabilities, ABoundingSetWithNothingToDropNeedsNoRight) {
  in_child([] {
    drop_bounding_set({.bounding = bit(CAP_KILL)});
    set_capabilities({.permitted = bit(CAP_KILL)}, 0);
    drop_bounding_set({.bounding = bit(CAP_KILL)});
    EXPECT_EQ(kernel_set("CapBnd"), bit(CAP_KILL));
  });
}

}  // namespace
}  // namespace gocker
