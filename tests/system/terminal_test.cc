// Terminals: through the engine's console socket, and proxied where `run` stays in the foreground.
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <filesystem>

#include "tests/system/descriptor_socket.h"
#include "tests/system/suite.h"

namespace gocker::test {
namespace {

class Terminal : public SystemTest {
 protected:
  void SetUp() override {
    SystemTest::SetUp();
    box.config().set("/process/terminal", true);
  }
  std::string socket_path() const { return path("console.sock"); }
};

TEST_F(Terminal, MasterIsSentToTheConsoleSocket) {
  const DescriptorSocket socket(socket_path());
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create({"--console-socket", socket_path()})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  EXPECT_EQ(delivery.fds.size(), 1U);
  EXPECT_TRUE(delivery.name.starts_with("/dev/p")) << delivery.name;
  EXPECT_LT(delivery.name.size(), 4096U);
  EXPECT_TRUE(delivery.closed);
  ASSERT_FALSE(delivery.fds.empty());
  int number = -1;
  EXPECT_EQ(::ioctl(delivery.fds[0].get(), TIOCGPTN, &number), 0) << "not a terminal's master";
}

TEST_F(Terminal, IsTheProgramsInputAndOutput) {
  const DescriptorSocket socket(socket_path());
  box.bundle.set_command({"terminal"});
  ASSERT_TRUE(succeeds(box.create({"--console-socket", socket_path()})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  ASSERT_TRUE(succeeds(box.start()));
  const Fd& master = delivery.fds[0];
  EXPECT_NE(read_until(master, "\n").find("size "), std::string::npos);
  ASSERT_EQ(::write(master.get(), "hello\n", 6), 6);
  EXPECT_NE(read_until(master, "read hello\r\n").find("read hello\r\n"), std::string::npos);
  ASSERT_EQ(::write(master.get(), "\x03", 1), 1);
  EXPECT_NE(read_until(master, "interrupted").find("interrupted"), std::string::npos);
  ASSERT_EQ(::write(master.get(), "quit\n", 5), 5);
  EXPECT_TRUE(box.wait_for_status("stopped"));
}

TEST_F(Terminal, IsControllingAndOfTheConfiguredSize) {
  const DescriptorSocket socket(socket_path());
  box.config().set("/process/consoleSize", R"({"height": 33, "width": 101})"_json);
  box.bundle.set_command({"report"});
  ASSERT_TRUE(succeeds(box.create({"--console-socket", socket_path()})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  ASSERT_TRUE(succeeds(box.start()));
  const Value report = Value::parse(read_until(delivery.fds[0], "}\r\n"));
  EXPECT_EQ(report["/terminal/rows"], 33);
  EXPECT_EQ(report["/terminal/columns"], 101);
  EXPECT_EQ(report["/terminal/controlling"], true);
  EXPECT_EQ(report["/terminal/foreground"], report["/pgid"]);
  EXPECT_EQ(report["/sid"], report["/pid"]);
  EXPECT_TRUE(report["/terminal/name"].text().starts_with("/dev/")) << report["/terminal"];
  for (const Value& fd : report["/fds"].elements()) {
    EXPECT_LE(fd["/fd"].number(), 2) << report["/fds"];
  }
}

TEST_F(Terminal, IsBoundToDevConsole) {
  const DescriptorSocket socket(socket_path());
  box.bundle.set_command({"report"});
  ASSERT_TRUE(succeeds(box.create({"--console-socket", socket_path()})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  ASSERT_TRUE(succeeds(box.start()));
  const Value report = Value::parse(read_until(delivery.fds[0], "}\r\n"));
  EXPECT_EQ(mount_at(report, "/dev/console")["/type"], "devpts");
  EXPECT_EQ(device_at(report, "/dev/console")["/major"], 136);
}

TEST_F(Terminal, BelongsToTheProcesssUser) {
  const DescriptorSocket socket(socket_path());
  box.config().set("/process/user", R"({"uid": 1000, "gid": 1000})"_json);
  box.bundle.set_command({"report"});
  ASSERT_TRUE(succeeds(box.create({"--console-socket", socket_path()})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  ASSERT_TRUE(succeeds(box.start()));
  const Value report = Value::parse(read_until(delivery.fds[0], "}\r\n"));
  EXPECT_EQ(report["/terminal/uid"], 1000);
}

TEST_F(Terminal, WorksInAUserNamespace) {
  const DescriptorSocket socket(socket_path());
  box.bundle.use_user_namespace();
  box.bundle.set_command({"report"});
  ASSERT_TRUE(succeeds(box.create({"--console-socket", socket_path()})));
  const DescriptorSocket::Delivery delivery = socket.receive();
  ASSERT_EQ(delivery.fds.size(), 1U);
  ASSERT_TRUE(succeeds(box.start()));
  const Value report = Value::parse(read_until(delivery.fds[0], "}\r\n"));
  EXPECT_EQ(report["/terminal/uid"], 0);
  EXPECT_EQ(report["/terminal/controlling"], true);
}

// Engines put their sockets below directories with long names.
TEST_F(Terminal, SocketsPathMayBeLong) {
  KNOWN_GAP(kRunc, "it takes paths of up to 107 bytes only");
  const std::string directory = path(std::string(120, 'd'));
  std::filesystem::create_directory(directory);
  const DescriptorSocket socket(socket_path());
  std::filesystem::rename(socket_path(), directory + "/s");
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.create({"--console-socket", directory + "/s"})));
  EXPECT_EQ(socket.receive().fds.size(), 1U);
}

TEST_F(Terminal, RunDetachedSendsItToo) {
  const DescriptorSocket socket(socket_path());
  box.bundle.set_command({"sleep"});
  ASSERT_TRUE(succeeds(box.run({"--detach", "--console-socket", socket_path()})));
  EXPECT_EQ(socket.receive().fds.size(), 1U);
}

TEST_F(Terminal, CreateWithoutASocketIsAnError) {
  EXPECT_TRUE(fails_with(box.create(), "console-socket"));
  expect_nothing_left();
}

TEST_F(Terminal, SocketWithoutATerminalIsAnError) {
  const DescriptorSocket socket(socket_path());
  box.config().set("/process/terminal", false);
  EXPECT_TRUE(fails_with(box.create({"--console-socket", socket_path()}), "console-socket"));
}

TEST_F(Terminal, MissingSocketIsNamed) {
  EXPECT_TRUE(fails_with(box.create({"--console-socket", path("none")}), path("none")));
  expect_nothing_left();
}

TEST_F(Terminal, SizeIsIgnoredWithoutATerminal) {
  box.config().set("/process/terminal", false);
  box.config().set("/process/consoleSize", R"({"height": 33, "width": 101})"_json);
  EXPECT_TRUE(box.report()["/terminal"].is_null());
}

// The person's terminal: `run` gets one end as its own, the test plays the person at the other.
class ForegroundTerminal : public Terminal {
 protected:
  void SetUp() override {
    Terminal::SetUp();
    int master = -1;
    int terminal = -1;
    struct winsize size = {.ws_row = 40, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(::openpty(&master, &terminal, nullptr, nullptr, &size), 0);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(terminal, F_SETFD, FD_CLOEXEC);
    master_.reset(master);
    terminal_.reset(terminal);
  }
  void TearDown() override {
    master_.reset();
    terminal_.reset();
    Terminal::TearDown();
  }
  Running run_box() const {
    Program program = box.program("run");
    program.input = program.output = program.errors = terminal_.get();
    program.session = Program::Session::own_terminal;
    return Running(program);
  }
  void type(const std::string& text) const {
    ASSERT_EQ(::write(master_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  bool shows(const std::string& text) const {
    return read_until(master_, text).find(text) != std::string::npos;
  }
  struct termios modes() const {
    struct termios modes = {};
    ::tcgetattr(terminal_.get(), &modes);
    return modes;
  }

  Fd master_;
  Fd terminal_;
};

TEST_F(ForegroundTerminal, ProgramAndPersonTalkThroughIt) {
  box.bundle.set_command({"terminal"});
  Running run = run_box();
  EXPECT_TRUE(shows("40x132"));
  type("hello\n");
  EXPECT_TRUE(shows("read hello\r\n"));
  type("quit\n");
  EXPECT_EQ(run.wait().code, 7);
}

TEST_F(ForegroundTerminal, LinesEndOnce) {
  box.bundle.set_command({"terminal"});
  Running run = run_box();
  const std::string seen = read_until(master_, "40x132\r\n");
  EXPECT_TRUE(seen.ends_with("40x132\r\n")) << seen;
  EXPECT_EQ(seen.find("\r\r"), std::string::npos) << seen;
  type("quit\n");
  run.wait();
}

TEST_F(ForegroundTerminal, SizeIsRightFromTheStart) {
  KNOWN_GAP(kRunc, "the program may see 0x0 first");
  box.bundle.set_command({"terminal"});
  Running run = run_box();
  EXPECT_EQ(read_until(master_, "\n"), "size 40x132\r\n");
  type("quit\n");
  run.wait();
}

TEST_F(ForegroundTerminal, KeysGoToTheProgram) {
  box.bundle.set_command({"terminal"});
  Running run = run_box();
  ASSERT_TRUE(shows("size"));
  type("\x03");  // Ctrl-C must not end the runtime
  EXPECT_TRUE(shows("interrupted"));
  type("quit\n");
  EXPECT_EQ(run.wait().code, 7);
}

TEST_F(ForegroundTerminal, NewWindowSizeReachesTheProgram) {
  box.bundle.set_command({"terminal"});
  Running run = run_box();
  ASSERT_TRUE(shows("40x132"));
  struct winsize size = {.ws_row = 50, .ws_col = 90, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(master_.get(), TIOCSWINSZ, &size), 0);
  EXPECT_TRUE(shows("changed 50x90"));
  type("quit\n");
  EXPECT_EQ(run.wait().code, 7);
}

TEST_F(ForegroundTerminal, ModesAreRestoredAtTheEnd) {
  const struct termios before = modes();
  box.bundle.set_command({"terminal"});
  Running run = run_box();
  ASSERT_TRUE(shows("size"));
  EXPECT_EQ(modes().c_lflag & (ECHO | ICANON), 0U) << "raw while the container runs";
  type("quit\n");
  EXPECT_EQ(run.wait().code, 7);
  EXPECT_EQ(modes().c_lflag, before.c_lflag);
  EXPECT_EQ(modes().c_oflag, before.c_oflag);
  EXPECT_EQ(modes().c_iflag, before.c_iflag);
}

TEST_F(ForegroundTerminal, ModesAreRestoredWhenTheStartFails) {
  const struct termios before = modes();
  box.config().set("/process/args", Words{"/no/such/program"});
  Running run = run_box();
  EXPECT_NE(run.wait().code, 0);
  EXPECT_EQ(modes().c_lflag, before.c_lflag);
  EXPECT_EQ(modes().c_oflag, before.c_oflag);
}

TEST_F(ForegroundTerminal, AllOutputArrivesBeforeTheEnd) {
  box.bundle.set_command({"report"});
  Running run = run_box();
  const std::string text = read_until(master_, "}\r\n");
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_EQ(Value::parse(text)["/pid"], 1);
}

TEST_F(ForegroundTerminal, SignalsToTheRuntimeReachTheProgram) {
  box.bundle.set_command({"terminal"});
  Running run = run_box();
  ASSERT_TRUE(shows("size"));
  run.signal(SIGTERM);
  EXPECT_TRUE(shows("terminated"));
  type("quit\n");
  EXPECT_EQ(run.wait().code, 7);
}

TEST_F(ForegroundTerminal, HangUpEndsTheRun) {
  box.bundle.set_command({"print-signal"});
  Running run = run_box();
  ASSERT_TRUE(shows("ready"));
  terminal_.reset();
  master_.reset();  // the person's window closes: SIGHUP to the runtime, which passes it on
  EXPECT_FALSE(run.wait().timed_out);
}

}  // namespace
}  // namespace gocker::test
