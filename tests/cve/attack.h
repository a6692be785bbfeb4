// The base of all attacks: a directory of the host that no container is given, with a canary in it,
// and one row of the table that the program prints at its end.
//
// A test that fails says that the attack succeeded; one that is skipped, that it could not be
// tried.
#pragma once

#include <string>
#include <vector>

#include "tests/system/suite.h"

namespace gocker::test {

class Attack : public SystemTest {
 protected:
  // What the row says: the weaknesses of the past ("CVE-2016-3697", several with commas), and what
  // is tried. First thing in a test.
  void row(const std::string& names, const std::string& attempt);
  // Without rules for devices: crun 1.8 can't load them where CAP_SYS_RESOURCE is missing.
  Container& add_container();
  // `box`, running, for execs; the outcome of create or start.
  Outcome start_sleeping();
  Outcome exec(const Words& options, const Words& command) const;

  // Figures for the row's last column.
  void note(const std::string& figures) { figures_ = figures; }

  void SetUp() override;
  void TearDown() override;

  // The directory of the host, and what is in it: `canary` is there from the start.
  std::string outside(const std::string& name = "") const { return path("outside") + name; }
  // Fails where anything in there has changed since the test began; even a new owner that is the
  // old one is seen.
  void expect_outside_untouched() const;

  // A path that leads to one of the host for whoever follows it on the host: "../../../tmp/x".
  static std::string climbing(const std::string& host_path);
  // Both ways out of the rootfs for a link: absolute and climbing.
  static std::vector<std::string> ways_to(const std::string& host_path);
  // Puts a symlink into the container's rootfs in place of what is there.
  static void plant_link(const Container& container, const std::string& name,
                         const std::string& target);
  // Takes the mounts at /dev and /dev/pts out of the configuration: the image's own /dev is used.
  static void use_own_dev(Container& container);
  // A directory with a file, to be mounted into containers.
  std::string make_volume() const;

 private:
  std::string names_;
  std::string attempt_;
  std::string figures_;
  std::vector<std::string> before_;
};

// What an attack rests on. Where another runtime can't do it here, nothing was tried.
#define NEEDED(outcome)                                                          \
  if (const Outcome& needed = (outcome); ::gocker::test::Runtime::is_gocker()) { \
    ASSERT_TRUE(succeeds(needed));                                               \
  } else if (!needed)                                                            \
  GTEST_SKIP() << "it does not run here: " << needed.err

}  // namespace gocker::test
