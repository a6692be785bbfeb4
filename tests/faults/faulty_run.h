// The base of all fault tests: runs a command of the runtime once for each of its system calls, and
// meddles with that one.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/system/suite.h"

namespace gocker::test {

// A system call that was struck: "1:57 mount_setattr /proc".
struct Struck {
  std::string step;
  std::string call;
  std::string path;
};

enum class Meddling { fail, kill };

class FaultyRun : public SystemTest {
 protected:
  // A configuration that takes many steps: mounts, masked paths, limits, sysctls, seccomp, hooks.
  void use_many_features();

  // Runs the command that `prepare` returns with the first call struck, then with the second, ...,
  // of the launcher and then of each process that it makes; `judge` looks at what came of it.
  // Both start and end with nothing of a container there.
  using Prepare = std::function<Program()>;
  using Judge = std::function<void(const Struck&, const Outcome&)>;
  void strike_each(Meddling meddling, const Prepare& prepare, const Judge& judge);

  // That a failed command says why in one line, or that the call may fail unnoticed: the table in
  // the source says which, and why.
  static void expect_report(const Struck& struck, const Outcome& outcome, int exit_code);

 private:
  std::optional<Struck> strike(Meddling meddling, const std::string& step, const Prepare& prepare,
                               const Judge& judge);
};

}  // namespace gocker::test
