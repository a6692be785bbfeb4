// The base of all system tests: a directory, a container named `box`, more of them on demand, and
// at the end the proof that nothing of them is left.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/file.h"
#include "tests/system/container.h"
#include "tests/system/leftovers.h"
#include "tests/system/runtime.h"

namespace gocker::test {

class SystemTest : public ::testing::Test {
  // First, so that it is made before and checked after everything else.
  Leftovers leftovers_;
  TempDir directory_{"gocker-system"};
  std::vector<std::unique_ptr<Container>> containers_;

 protected:
  const Runtime runtime;
  Container& box;

  SystemTest();
  // Skips where the user is not root. A class that overrides it calls it first.
  void SetUp() override;
  // Deletes what is still there (--force), then looks for leftovers.
  void TearDown() override;

  // Another container with a name and a bundle of its own.
  Container& add_container();
  // A path below the test's directory, which is removed with it.
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  // Fails where anything of the containers is left now.
  void expect_nothing_left() const;

 private:
  std::vector<std::string> ids() const;
};

// EXPECT_TRUE(succeeds(box.create())): says what was printed where it did not.
::testing::AssertionResult succeeds(const Outcome& outcome);
// A failed command: exit code 1, nothing on stdout, one line on stderr. Of gocker-runtime the line
// must match the POSIX extended regular expression; other runtimes have words of their own.
::testing::AssertionResult fails_with(const Outcome& outcome, const std::string& expression);

}  // namespace gocker::test
