// Every step of every command fails, or is the last one that its process takes.
#include <algorithm>

#include "tests/faults/faulty_run.h"

namespace gocker::test {
namespace {

class Faults : public FaultyRun {
 protected:
  void create_box(const Words& command = {"sleep"}) {
    box.bundle.set_command(command);
    ASSERT_TRUE(succeeds(box.create()));
  }
  // A process that dies has let go of its gate a moment before it is gone, which looks as if it
  // were running; so it may take a moment until the status is one of these.
  void expect_status(const Words& wanted) const {
    std::string status;
    EXPECT_TRUE(wait_until([&] {
      status = box.status();
      return std::find(wanted.begin(), wanted.end(), status) != wanted.end();
    })) << status;
  }
  // Where init dies after it was ready, `start` will tell.
  void expect_all_or_nothing(const Outcome& outcome) const {
    expect_status(outcome ? Words{"created", "stopped"} : Words{""});
  }
  Program exec_program() const {
    return runtime.program({"exec", box.id(), "/inside", "exit", "0"});
  }
};

TEST_F(Faults, OfCreate) {
  use_many_features();
  strike_each(
      Meddling::fail, [&] { return box.program("create"); },
      [&](const Struck& struck, const Outcome& outcome) {
        expect_report(struck, outcome, 1);
        expect_all_or_nothing(outcome);
      });
}

TEST_F(Faults, OfCreateWithAUserNamespace) {
  use_many_features();
  box.bundle.use_user_namespace();
  strike_each(
      Meddling::fail, [&] { return box.program("create"); },
      [&](const Struck& struck, const Outcome& outcome) {
        expect_report(struck, outcome, 1);
        expect_all_or_nothing(outcome);
      });
}

TEST_F(Faults, OfStart) {
  use_many_features();
  const auto prepare = [&] {
    create_box({"sleep"});
    return runtime.program({"start", box.id()});
  };
  strike_each(Meddling::fail, prepare, [&](const Struck& struck, const Outcome& outcome) {
    expect_report(struck, outcome, 1);
    // It failed before it did anything, or took the container with it.
    expect_status(outcome ? Words{"running"} : Words{"created", ""});
  });
}

TEST_F(Faults, OfRun) {
  use_many_features();
  strike_each(
      Meddling::fail, [&] { return box.program("run"); },
      [&](const Struck& struck, const Outcome& outcome) { expect_report(struck, outcome, 1); });
}

TEST_F(Faults, OfExec) {
  use_many_features();
  const auto prepare = [&] {
    create_box({"sleep"});
    EXPECT_TRUE(succeeds(box.start()));
    return exec_program();
  };
  strike_each(Meddling::fail, prepare, [&](const Struck& struck, const Outcome& outcome) {
    // The standard streams are looked at before the command is.
    const bool early = struck.call == "poll" && outcome.code == 1;
    expect_report(struck, outcome, early ? 1 : 255);
    EXPECT_EQ(box.status(), "running");
  });
}

TEST_F(Faults, OfDelete) {
  use_many_features();
  const auto prepare = [&] {
    create_box({"sleep"});
    return runtime.program({"delete", "--force", box.id()});
  };
  strike_each(Meddling::fail, prepare, [&](const Struck& struck, const Outcome& outcome) {
    expect_report(struck, outcome, 1);
  });
}

TEST_F(Faults, KilledCreate) {
  use_many_features();
  strike_each(
      Meddling::kill, [&] { return box.program("create"); },
      [&](const Struck&, const Outcome&) { EXPECT_TRUE(succeeds(box.remove_by_force())); });
}

TEST_F(Faults, KilledStart) {
  use_many_features();
  const auto prepare = [&] {
    create_box({"sleep"});
    return runtime.program({"start", box.id()});
  };
  strike_each(Meddling::kill, prepare,
              [&](const Struck&, const Outcome&) { EXPECT_TRUE(succeeds(box.remove_by_force())); });
}

TEST_F(Faults, KilledExec) {
  use_many_features();
  const auto prepare = [&] {
    create_box({"sleep"});
    EXPECT_TRUE(succeeds(box.start()));
    return exec_program();
  };
  strike_each(Meddling::kill, prepare, [&](const Struck&, const Outcome&) {
    EXPECT_EQ(box.status(), "running");
    EXPECT_TRUE(succeeds(box.remove_by_force()));
  });
}

TEST_F(Faults, KilledDelete) {
  use_many_features();
  const auto prepare = [&] {
    create_box({"sleep"});
    return runtime.program({"delete", "--force", box.id()});
  };
  strike_each(Meddling::kill, prepare,
              [&](const Struck&, const Outcome&) { EXPECT_TRUE(succeeds(box.remove_by_force())); });
}

}  // namespace
}  // namespace gocker::test
