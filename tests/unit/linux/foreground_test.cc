#include "runtime/linux/foreground.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"
#include "runtime/linux/terminal.h"

namespace gocker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

[[noreturn]] void execute_script(const std::string& script, const ForegroundSignals& signals) {
  ::sigprocmask(SIG_SETMASK, &signals.mask_before(), nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
  exit_now(127);
}

// What `run` does: a process on a pty of its own, served in the foreground. Returns its exit code.
int run_with_terminal(const std::string& script) {
  const ForegroundSignals signals;
  Terminal terminal = open_terminal(std::nullopt, 0);
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    ::setsid();
    take_terminal(terminal.device);
    execute_script(script, signals);
  }
  terminal.device.reset();
  TerminalProxy proxy(std::move(terminal.controller));
  wait_in_foreground(
      child->pidfd(), signals,
      [&](int number) { sys::pidfd_send_signal(child->pidfd().get(), number); }, &proxy);
  return exit_code_of(child->wait());
}

int run_without_terminal(const std::string& script) {
  const ForegroundSignals signals;
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) execute_script(script, signals);
  wait_in_foreground(
      child->pidfd(), signals,
      [&](int number) { sys::pidfd_send_signal(child->pidfd().get(), number); }, nullptr);
  return exit_code_of(child->wait());
}

// A caller of its own process; what it sees as stdin and stdout is the test's to choose.
template <class Body>
Child start_caller(int input, int output, Body body) {
  std::optional<Child> caller = clone_child(0, Fd());
  if (caller) return std::move(*caller);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  close_all_from(3);
  try {
    exit_now(body());
  } catch (const Error& error) {
    write_all(Fd(2), std::string(error.what()) + "\n", "stderr");
    exit_now(125);
  }
}

// Longer than anything takes that works, also on a busy machine.
constexpr std::chrono::seconds kPatience = 60s;

// -1 where it does not end.
int exit_code_of_end(Child& child) {
  constexpr std::chrono::duration<int, std::milli> kLimit = kPatience;
  pollfd ended{child.pidfd().get(), POLLIN, 0};
  if (::poll(&ended, 1, kLimit.count()) != 1) return -1;
  return exit_code_of(child.wait());
}

// The terminal that a person sits at: the test holds the far end.
class Person {
 public:
  Person() : screen_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    check(screen_.get(), "posix_openpt");
    check(::unlockpt(screen_.get()), "unlockpt");
    line_ = Fd(check(::ioctl(screen_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "peer"));
  }

  Child run(const std::string& script) {
    const int line = line_.get();
    return start_caller(line, line, [&script] {
      ::setsid();
      ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
      return run_with_terminal(script);
    });
  }
  void type(std::string_view text) { write_all(screen_, text, "screen"); }
  void resize(unsigned short rows, unsigned short columns) {
    const winsize size{rows, columns, 0, 0};
    check(::ioctl(screen_.get(), TIOCSWINSZ, &size), "resize");
  }
  termios modes() const {
    termios now{};
    check(::tcgetattr(line_.get(), &now), "tcgetattr");
    return now;
  }
  bool is_raw() const { return (modes().c_lflag & (ICANON | ECHO | ISIG)) == 0; }
  const Fd& line() const { return line_; }

  // Reads what is shown until `text` is in it; false where it does not come.
  bool sees(std::string_view text) {
    const auto deadline = Clock::now() + kPatience;
    while (shown_.find(text) == std::string::npos) {
      pollfd readable{screen_.get(), POLLIN, 0};
      if (Clock::now() > deadline || ::poll(&readable, 1, 1000) < 0) return false;
      std::array<char, 65536> buffer;
      if (readable.revents == 0) continue;
      const ssize_t got = ::read(screen_.get(), buffer.data(), buffer.size());
      if (got > 0) shown_.append(buffer.data(), static_cast<size_t>(got));
    }
    return true;
  }
  const std::string& shown() const { return shown_; }

 private:
  Fd screen_;
  Fd line_;
  std::string shown_;
};

class Foreground : public testing::Test {
 protected:
  void SetUp() override {
    if (::access("/dev/pts/ptmx", R_OK | W_OK) != 0) GTEST_SKIP() << "no devpts at /dev/pts";
  }
};

TEST_F(Foreground, ShowsTheOutputAndReturnsAtTheEnd) {
  Person person;
  Child caller = person.run("echo hello; exit 7");
  EXPECT_TRUE(person.sees("hello\r\n"));
  EXPECT_EQ(exit_code_of_end(caller), 7);
}

TEST_F(Foreground, TypedTextArrivesAndIsEchoedOnce) {
  Person person;
  Child caller = person.run("echo ready; read line; echo \"got $line\"");
  ASSERT_TRUE(person.sees("ready"));
  person.type("some words\r");
  EXPECT_TRUE(person.sees("got some words"));
  EXPECT_EQ(exit_code_of_end(caller), 0);
  const size_t first = person.shown().find("some words");
  EXPECT_EQ(person.shown().substr(first, 12), "some words\r\n");
  EXPECT_NE(person.shown().find("got some words", first), std::string::npos);
}

TEST_F(Foreground, KeysThatMakeSignalsGoToTheProcess) {
  Person person;
  Child caller =
      person.run("trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(person.sees("ready"));
  person.type("\x03");
  EXPECT_TRUE(person.sees("interrupted"));
  EXPECT_EQ(exit_code_of_end(caller), 3);
}

TEST_F(Foreground, TheCallersTerminalIsRawMeanwhileAndAsBeforeAfterwards) {
  Person person;
  const termios before = person.modes();
  const int flags = ::fcntl(person.line().get(), F_GETFL);
  Child caller = person.run("echo ready; read line");
  ASSERT_TRUE(person.sees("ready"));
  EXPECT_TRUE(person.is_raw());
  EXPECT_EQ(::fcntl(person.line().get(), F_GETFL), flags);
  person.type("\r");
  EXPECT_EQ(exit_code_of_end(caller), 0);
  const termios after = person.modes();
  EXPECT_EQ(before.c_lflag, after.c_lflag);
  EXPECT_EQ(before.c_iflag, after.c_iflag);
  EXPECT_EQ(before.c_oflag, after.c_oflag);
  EXPECT_EQ(::fcntl(person.line().get(), F_GETFL), flags);
}

TEST_F(Foreground, ASignalIsPassedOnAndTheTerminalPutBack) {
  Person person;
  const termios before = person.modes();
  Child caller =
      person.run("trap 'echo asked; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(person.sees("ready"));
  caller.signal(SIGTERM);
  EXPECT_TRUE(person.sees("asked"));
  EXPECT_EQ(exit_code_of_end(caller), 5);
  EXPECT_EQ(before.c_lflag, person.modes().c_lflag);
}

TEST_F(Foreground, TheSizeFollowsTheCallersTerminal) {
  Person person;
  person.resize(31, 97);
  Child caller = person.run(
      "stty size; trap 'echo now $(stty size); exit 0' WINCH; echo ready; while :; do sleep 0.05; "
      "done");
  EXPECT_TRUE(person.sees("ready"));
  EXPECT_NE(person.shown().find("31 97"), std::string::npos) << person.shown();
  person.resize(40, 120);
  EXPECT_TRUE(person.sees("now 40 120"));
  EXPECT_EQ(exit_code_of_end(caller), 0);
}

TEST_F(Foreground, ALongOutputIsComplete) {
  Person person;
  Child caller = person.run("head -c 400000 /dev/zero | tr '\\0' x; echo the end");
  EXPECT_TRUE(person.sees("the end"));
  EXPECT_EQ(exit_code_of_end(caller), 0);
  EXPECT_EQ(person.shown().find_first_not_of('x'), 400000u);
}

TEST_F(Foreground, WhatIsWrittenJustBeforeTheEndIsShown) {
  for (int i = 0; i < 20; ++i) {
    Person person;
    Child caller = person.run("printf '%03000d' 1; printf last");
    EXPECT_EQ(exit_code_of_end(caller), 0);
    EXPECT_TRUE(person.sees("last"));
  }
}

TEST_F(Foreground, AProcessMayCloseItsTerminalAndOpenItAgain) {
  Person person;
  Child caller = person.run(
      "exec </dev/null >/dev/null 2>&1; sleep 0.3; echo again >/dev/tty; sleep 0.3; echo more "
      ">/dev/tty");
  EXPECT_TRUE(person.sees("again"));
  EXPECT_TRUE(person.sees("more"));
  EXPECT_EQ(exit_code_of_end(caller), 0);
}

TEST_F(Foreground, ADescendantThatKeepsTheTerminalDoesNotKeepTheCaller) {
  Person person;
  Child caller = person.run("(trap '' HUP; exec sleep 300) & echo $! up");
  EXPECT_TRUE(person.sees(" up"));
  EXPECT_EQ(exit_code_of_end(caller), 0);
  const auto descendant = parse_u32(person.shown().substr(0, person.shown().find(' ')));
  ASSERT_TRUE(descendant);
  ::kill(static_cast<pid_t>(*descendant), SIGKILL);
}

struct Pipe {
  Fd read;
  Fd write;
};
Pipe make_pipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

// Without its end, which may come by itself.
std::string read_line(const Fd& pipe) {
  std::string line;
  char c = 0;
  while (::read(pipe.get(), &c, 1) == 1 && c != '\n') line += c;
  return line;
}

TEST_F(Foreground, TheEndOfAPipeIsTheEndOfTheFile) {
  for (const char* input : {"one\ntwo\n", "one\ntwo", ""}) {
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Child caller = start_caller(in.read.get(), out.write.get(), [] {
      return run_with_terminal("stty -echo; echo go; cat; echo over");
    });
    out.write.reset();
    ASSERT_EQ(read_line(out.read), "go\r");  // the terminal is set up now
    write_all(in.write, input, "pipe");
    in.write.reset();
    EXPECT_EQ(exit_code_of_end(caller), 0) << '"' << input << '"';
    const std::string shown = read_all(out.read, "pipe");
    EXPECT_NE(shown.find("over"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("two") != std::string::npos, input[0] != '\0') << shown;
  }
}

TEST_F(Foreground, AStdinWithNothingInItIsAnEndOfFile) {
  const Fd null = open_file("/dev/null", O_RDONLY);
  Pipe out = make_pipe();
  Child caller =
      start_caller(null.get(), out.write.get(), [] { return run_with_terminal("cat; echo over"); });
  out.write.reset();
  EXPECT_NE(read_all(out.read, "pipe").find("over"), std::string::npos);
  EXPECT_EQ(exit_code_of_end(caller), 0);
}

TEST_F(Foreground, WhereStdoutIsGoneTheTerminalHangsUp) {
  const Fd null = open_file("/dev/null", O_RDONLY);
  Pipe out = make_pipe();
  Child caller =
      start_caller(null.get(), out.write.get(), [] { return run_with_terminal("exec yes"); });
  out.write.reset();
  char some[100];
  ASSERT_GT(::read(out.read.get(), some, sizeof some), 0);
  out.read.reset();  // as `head -n 1` does
  EXPECT_EQ(exit_code_of_end(caller), 128 + SIGHUP);
}

TEST(ForegroundWithoutTerminal, WaitsAndPassesSignalsOn) {
  Pipe out = make_pipe();
  Child caller = start_caller(STDIN_FILENO, out.write.get(), [] {
    return run_without_terminal(
        "trap 'echo usr1' USR1; trap 'echo term; exit 4' TERM; echo ready; while :; do sleep 0.05; "
        "done");
  });
  out.write.reset();
  const auto next_line = [&] { return read_line(out.read); };
  EXPECT_EQ(next_line(), "ready");
  caller.signal(SIGUSR1);
  EXPECT_EQ(next_line(), "usr1");
  caller.signal(SIGTERM);
  EXPECT_EQ(next_line(), "term");
  EXPECT_EQ(exit_code_of_end(caller), 4);
}

TEST(ForegroundSignalsTest, PutTheMaskBack) {
  sigset_t before;
  sigset_t after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  {
    const ForegroundSignals signals;
    sigset_t now;
    ::sigprocmask(SIG_SETMASK, nullptr, &now);
    EXPECT_EQ(::sigismember(&now, SIGTERM), 1);
    EXPECT_EQ(::sigismember(&now, SIGSEGV), 0);
  }
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  for (int number = 1; number < SIGRTMAX; ++number) {
    EXPECT_EQ(::sigismember(&before, number), ::sigismember(&after, number)) << number;
  }
}

}  // namespace
}  // namespace gocker
