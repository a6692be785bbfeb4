#include "runtime/base/process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

Command shell(const std::string& script) {
  Command command;
  command.path = "/bin/sh";
  command.args = {"sh", "-c", script};
  command.env = {"PATH=/usr/bin:/bin"};
  return command;
}

// Longer than anything takes that works, also on a busy machine.
constexpr auto kPatience = 60s;

bool process_exists(pid_t pid) {
  return process_start_time(pid).has_value();
}

// It was killed, and dies when it gets its next turn.
bool ends_soon(pid_t pid) {
  const auto deadline = Clock::now() + kPatience;
  while (process_exists(pid) && Clock::now() < deadline) std::this_thread::sleep_for(5ms);
  return !process_exists(pid);
}

TEST(RunCommand, TellsExitCodesAndSignals) {
  EXPECT_EQ(exit_code_of(run_command(shell("exit 0")).wait_status), 0);
  EXPECT_EQ(exit_code_of(run_command(shell("exit 42")).wait_status), 42);
  EXPECT_EQ(exit_code_of(run_command(shell("kill -TERM $$")).wait_status), 128 + SIGTERM);
}

TEST(RunCommand, KeepsOutputAndErrorsApart) {
  const CommandResult result = run_command(shell("echo out; echo err >&2"));
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.errors, "err\n");
  EXPECT_FALSE(result.timed_out);
}

TEST(RunCommand, PassesArgumentsEnvironmentAndInput) {
  Command command = shell("echo \"$0|$1|$X\"; cat");
  command.args.insert(command.args.end(), {"zero", "a b"});
  command.env.push_back("X=y");
  command.input = std::string(300000, 'i');
  const CommandResult result = run_command(command);
  EXPECT_EQ(result.output.substr(0, 11), "zero|a b|y\n");
  EXPECT_EQ(result.output.size(), CommandResult::kOutputLimit);
}

TEST(RunCommand, ArgvIsThePathWhereNoneIsGiven) {
  Command command;
  command.path = "/bin/true";
  EXPECT_EQ(run_command(command).wait_status, 0);
}

TEST(RunCommand, AnUnreadStdinIsFine) {
  Command command = shell("exec <&-; exit 3");
  command.input = std::string(1 << 20, 'i');
  EXPECT_EQ(exit_code_of(run_command(command).wait_status), 3);
}

TEST(RunCommand, TheProgramHasNoFurtherDescriptorsAndDiesOfSigpipe) {
  // 0, 1, 2, and the one that lists them.
  EXPECT_EQ(trim(run_command(shell("ls /proc/self/fd | wc -l")).output), "4");
  EXPECT_EQ(exit_code_of(run_command(shell("kill -PIPE $$; exit 0")).wait_status), 128 + SIGPIPE);
}

TEST(RunCommand, TellsThePidBeforeTheProgramHasItsInput) {
  Command command = shell("read -r line; echo $$ $line");
  command.input = "input\n";
  pid_t told = 0;
  command.started = [&](pid_t pid) { told = pid; };
  const std::string output = run_command(command).output;
  EXPECT_EQ(output, std::to_string(told) + " input\n");
}

TEST(RunCommand, EndsTheProgramWhereTheCallerThrows) {
  Command command = shell("exec sleep 30");
  pid_t told = 0;
  command.started = [&](pid_t pid) {
    told = pid;
    throw Error("no");
  };
  EXPECT_THROW(run_command(command), Error);
  EXPECT_FALSE(process_exists(told));
}

TEST(RunCommand, SaysWhyAProgramCannotBeExecuted) {
  Command command;
  command.path = "/does/not/exist";
  try {
    run_command(command);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "execute /does/not/exist: No such file or directory");
    EXPECT_EQ(error.code(), ENOENT);
  }
  command.path = "/etc/passwd";
  EXPECT_THROW(run_command(command), Error);
}

TEST(RunCommand, KeepsTheStartOfALongOutput) {
  const CommandResult result = run_command(shell("echo first; head -c 3000000 /dev/zero"));
  EXPECT_EQ(result.wait_status, 0);
  EXPECT_EQ(result.output.size(), CommandResult::kOutputLimit);
  EXPECT_EQ(result.output.substr(0, 6), "first\n");
}

TEST(RunCommand, ReadsAllThatWasWrittenBeforeTheEnd) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(run_command(shell("head -c 60000 /dev/zero")).output.size(), 60000u);
  }
}

TEST(RunCommand, ATimeoutKillsTheWholeGroup) {
  const TempDir dir;
  // A shell that was too slow to start its child has shown nothing: it gets more time then.
  for (auto timeout = 300ms;; timeout *= 2) {
    Command command = shell("sleep 300 & echo $! >" + dir.path() + "/pid; wait");
    command.timeout = timeout;
    const CommandResult result = run_command(command);
    EXPECT_TRUE(result.timed_out);
    EXPECT_EQ(exit_code_of(result.wait_status), 128 + SIGKILL);
    const Fd folder = open_directory(dir.path());
    const auto grandchild = parse_u32(trim(read_if_exists_at(folder, "pid").value_or("")));
    if (!grandchild && timeout < kPatience) continue;
    ASSERT_TRUE(grandchild);
    EXPECT_TRUE(ends_soon(static_cast<pid_t>(*grandchild)));
    return;
  }
}

TEST(RunCommand, ATimeoutHoldsForAProgramThatNeverStopsWriting) {
  Command command = shell("exec yes");
  command.timeout = 300ms;
  EXPECT_TRUE(run_command(command).timed_out);
}

TEST(RunCommand, ItsEndIsNotThatOfItsDescendants) {
  const auto start = Clock::now();
  const CommandResult silent = run_command(shell("echo done; sleep 300 & echo $! >&2"));
  EXPECT_EQ(silent.output, "done\n");
  const CommandResult busy = run_command(shell("yes & echo $! >&2"));
  EXPECT_EQ(busy.wait_status, 0);
  EXPECT_LT(Clock::now() - start, 200s);
  for (const CommandResult* result : {&silent, &busy}) {
    const auto pid = parse_u32(trim(result->errors));
    ASSERT_TRUE(pid);
    ::kill(static_cast<pid_t>(*pid), SIGKILL);
  }
}

TEST(RunCommand, WorksWhereStandardStreamsAreClosed) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const int fd : {0, 1, 2}) ::close(fd);
    Command command = shell("cat; echo err >&2");
    command.input = "in";
    const CommandResult result = run_command(command);
    ::_exit(result.output == "in" && result.errors == "err\n" ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

TEST(CloneChild, GivesAPidfdThatShowsTheEnd) {
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) exit_now(7);
  pollfd ended{child->pidfd().get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 60'000), 1);
  EXPECT_EQ(exit_code_of(child->wait()), 7);
  EXPECT_FALSE(*child);
}

TEST(ChildTest, IsKilledAndReapedByItsDestructor) {
  pid_t pid = 0;
  {
    const std::optional<Child> child = clone_child(0, Fd());
    if (!child) {
      ::pause();
      exit_now(0);
    }
    pid = child->pid();
    EXPECT_TRUE(process_exists(pid));
  }
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ChildTest, LivesOnAfterRelease) {
  pid_t pid = 0;
  {
    std::optional<Child> child = clone_child(0, Fd());
    if (!child) {
      ::pause();
      exit_now(0);
    }
    pid = child->release();
  }
  EXPECT_TRUE(process_exists(pid));
  ::kill(pid, SIGKILL);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

TEST(ChildTest, MovingKillsWhatIsReplaced) {
  const auto pausing = [] {
    std::optional<Child> child = clone_child(0, Fd());
    if (!child) {
      ::pause();
      exit_now(0);
    }
    return std::move(*child);
  };
  Child first = pausing();
  const pid_t replaced = first.pid();
  Child second = pausing();
  const pid_t kept = second.pid();
  first = std::move(second);
  EXPECT_EQ(first.pid(), kept);
  EXPECT_FALSE(second);
  EXPECT_FALSE(process_exists(replaced));
  first.signal(SIGTERM);
  EXPECT_EQ(exit_code_of(first.wait()), 128 + SIGTERM);
}

TEST(EndWithParent, KillsTheChildOfWhoIsKilled) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::optional<Child> parent = clone_child(0, Fd());
  if (!parent) {
    const pid_t own = ::getpid();
    const std::optional<Child> child = clone_child(0, Fd());
    if (!child) {
      end_with_parent(own);
      if (::write(pipe[1], "lives", 5) != 5) exit_now(1);
    }
    while (true) ::pause();
  }
  ::close(pipe[1]);
  char first = 0;
  EXPECT_EQ(::read(pipe[0], &first, 1), 1);  // with its parent it lives
  parent->kill_and_reap();
  std::array<char, 8> rest{};
  EXPECT_EQ(::read(pipe[0], rest.data(), rest.size()), 4);
  EXPECT_EQ(::read(pipe[0], rest.data(), rest.size()), 0);  // nobody holds the other end
  ::close(pipe[0]);
}

TEST(EndWithParent, EndsTheChildOfWhoWasKilledBefore) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::optional<Child> parent = clone_child(0, Fd());
  if (!parent) {
    const pid_t own = ::getpid();
    std::optional<Child> child = clone_child(0, Fd());
    if (child) {
      child->release();
      exit_now(0);
    }
    while (::getppid() == own) std::this_thread::sleep_for(1ms);
    end_with_parent(own);
    exit_now(::write(pipe[1], "lives", 5) == 5 ? 0 : 1);
  }
  ::close(pipe[1]);
  EXPECT_EQ(exit_code_of(parent->wait()), 0);
  char first = 0;
  EXPECT_EQ(::read(pipe[0], &first, 1), 0);
  ::close(pipe[0]);
}

TEST(ProcessStartTime, NamesAProcessForGood) {
  const auto own = process_start_time(::getpid());
  ASSERT_TRUE(own);
  EXPECT_GT(*own, 0u);
  EXPECT_EQ(process_start_time(::getpid()), own);
  EXPECT_NE(process_start_time(1), own);
  EXPECT_FALSE(process_start_time(1 << 30));
}

TEST(ProcessStartTime, AZombieIsAbsent) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(process_start_time(pid));
  ::waitpid(pid, nullptr, 0);
  EXPECT_FALSE(process_start_time(pid));
}

TEST(ProcessStartTime, IsNotMisledByTheName) {
  const TempDir dir;
  const std::string program = dir.path() + "/a) Z 1 (";
  ASSERT_EQ(::symlink("/bin/sleep", program.c_str()), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl(program.c_str(), program.c_str(), "60", nullptr);
    ::_exit(1);
  }
  const std::string comm = "/proc/" + std::to_string(pid) + "/comm";
  const auto deadline = Clock::now() + kPatience;
  while (read_file(comm) != "a) Z 1 (\n" && Clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(read_file(comm), "a) Z 1 (\n");
  const auto start = process_start_time(pid);
  EXPECT_TRUE(start && *start >= *process_start_time(::getpid()));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST(CStrings, EndsWithNull) {
  const std::vector<std::string> strings = {"a", ""};
  const std::vector<char*> pointers = c_strings(strings);
  ASSERT_EQ(pointers.size(), 3u);
  EXPECT_STREQ(pointers[0], "a");
  EXPECT_STREQ(pointers[1], "");
  EXPECT_EQ(pointers[2], nullptr);
}

}  // namespace
}  // namespace gocker
