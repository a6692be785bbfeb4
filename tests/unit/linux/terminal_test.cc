#include "runtime/linux/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

class TerminalTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    make_directories(dir_.path() + "/dev/pts", 0755);
    root_ = RootDir::open_host_path(dir_.path());
  }

  // To be called in a mount namespace of the test's own; a root that is opened then sees it.
  RootDir mount_devpts() const {
    const std::string path = dir_.path() + "/dev/pts";
    check(::mount("devpts", path.c_str(), "devpts", 0, "newinstance,ptmxmode=0666,mode=0620,gid=5"),
          "mount");
    return RootDir::open_host_path(dir_.path());
  }

  TempDir dir_;
  RootDir root_;
};

TEST_F(TerminalTest, IsAPairOfTheContainersOwnDevpts) {
  in_mount_namespace([&] {
    const RootDir root = mount_devpts();
    const Terminal terminal = open_terminal(root, std::nullopt, 1000);
    const struct stat device = stat_fd(terminal.device, "device");
    EXPECT_EQ(device.st_uid, 1000u);
    EXPECT_EQ(device.st_gid, 5u);
    EXPECT_EQ(device.st_rdev, makedev(136, 0));
    EXPECT_EQ(stat_fd(root.open("dev/pts/0", O_PATH), "0").st_ino, device.st_ino);
    write_all(terminal.device, "out", "device");
    char text[3];
    EXPECT_EQ(::read(terminal.controller.get(), text, 3), 3);
    EXPECT_EQ(std::string(text, 3), "out");
    EXPECT_EQ(::fcntl(terminal.controller.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(terminal.device.get(), F_GETFD), FD_CLOEXEC);
  });
}

TEST_F(TerminalTest, HasTheSizeOfTheConfiguration) {
  in_mount_namespace([&] {
    const Terminal terminal =
        open_terminal(mount_devpts(), oci::Box{.height = 33, .width = 65535}, 0);
    winsize size{};
    ASSERT_EQ(::ioctl(terminal.device.get(), TIOCGWINSZ, &size), 0);
    EXPECT_EQ(size.ws_row, 33);
    EXPECT_EQ(size.ws_col, 65535);
  });
}

TEST_F(TerminalTest, OpeningItMakesItNobodysControllingTerminal) {
  in_mount_namespace([&] {
    ASSERT_GE(::setsid(), 0);
    const Terminal terminal = open_terminal(mount_devpts(), std::nullopt, 0);
    EXPECT_LT(::open("/dev/tty", O_RDWR), 0);
  });
}

TEST_F(TerminalTest, SomethingElseAtDevPtsIsRefused) {
  in_mount_namespace([&] {
    make_file(dir_.path() + "/dev/pts/ptmx");
    EXPECT_EQ(error_of([&] { open_terminal(root_, std::nullopt, 0); }),
              "open a terminal: no devpts is mounted at /dev/pts");
  });
}

TEST_F(TerminalTest, AMountOverPtmxIsRefused) {
  in_mount_namespace([&] {
    const RootDir root = mount_devpts();
    make_file(dir_.path() + "/other");
    ASSERT_EQ(::mount((dir_.path() + "/other").c_str(), (dir_.path() + "/dev/pts/ptmx").c_str(),
                      nullptr, MS_BIND, nullptr),
              0);
    EXPECT_EQ(error_of([&] { open_terminal(root, std::nullopt, 0); }),
              "open a terminal: open /dev/pts/ptmx: Invalid cross-device link");
  });
}

TEST_F(TerminalTest, OfTheCallersOwnRoot) {
  if (::access("/dev/pts/ptmx", F_OK) != 0) GTEST_SKIP() << "no devpts at /dev/pts";
  const Terminal terminal = open_terminal(oci::Box{.height = 5, .width = 6}, 0);
  EXPECT_EQ(::isatty(terminal.device.get()), 1);
}

// rdev of dev/console below the root; 0 where it is no device.
dev_t console_device(const RootDir& root) {
  const struct stat status = stat_fd(root.open("dev/console", O_PATH), "console");
  return S_ISCHR(status.st_mode) ? status.st_rdev : 0;
}

TEST_F(TerminalTest, ConsoleIsTheTerminal) {
  in_mount_namespace([&] {
    const RootDir root = mount_devpts();
    const Terminal terminal = open_terminal(root, std::nullopt, 0);
    bind_console(root, terminal.device);
    EXPECT_EQ(console_device(root), makedev(136, 0));
    write_all(root.open("dev/console", O_WRONLY | O_NOCTTY), "x", "console");
    char c = 0;
    EXPECT_EQ(::read(terminal.controller.get(), &c, 1), 1);
    EXPECT_EQ(c, 'x');
  });
}

TEST_F(TerminalTest, ConsoleGoesOverAFileOrADevice) {
  in_mount_namespace([&] {
    const RootDir root = mount_devpts();
    const Terminal terminal = open_terminal(root, std::nullopt, 0);
    make_file(dir_.path() + "/dev/console", "image");
    bind_console(root, terminal.device);
    EXPECT_EQ(console_device(root), makedev(136, 0));
    ASSERT_EQ(::umount((dir_.path() + "/dev/console").c_str()), 0);
    EXPECT_EQ(content_of(dir_.path() + "/dev/console"), "image");
    ASSERT_EQ(::unlink((dir_.path() + "/dev/console").c_str()), 0);
    ASSERT_EQ(::mknod((dir_.path() + "/dev/console").c_str(), S_IFCHR | 0600, makedev(5, 1)), 0);
    bind_console(root, terminal.device);
    EXPECT_EQ(console_device(root), makedev(136, 0));
  });
}

TEST_F(TerminalTest, ConsoleIsNeverPutWhereALinkPoints) {
  in_mount_namespace([&] {
    const RootDir root = mount_devpts();
    const Terminal terminal = open_terminal(root, std::nullopt, 0);
    const std::string console = dir_.path() + "/dev/console";
    make_file(dir_.path() + "/canary", "alive");
    for (const char* target : {"/canary", "../canary", "/planted", "pts/0"}) {
      ASSERT_EQ(::symlink(target, console.c_str()), 0);
      EXPECT_EQ(error_of([&] { bind_console(root, terminal.device); }),
                "mount the terminal at /dev/console: it is neither a plain file nor a device");
      ASSERT_EQ(::unlink(console.c_str()), 0);
    }
    ASSERT_EQ(::mkdir(console.c_str(), 0755), 0);
    EXPECT_NE(error_of([&] { bind_console(root, terminal.device); }), "");
    EXPECT_EQ(content_of(dir_.path() + "/canary"), "alive");
    EXPECT_NE(::access((dir_.path() + "/planted").c_str(), F_OK), 0);
  });
}

TEST_F(TerminalTest, ConsoleOfALinkedDevStaysInside) {
  in_mount_namespace([&] {
    const RootDir root = mount_devpts();
    const Terminal terminal = open_terminal(root, std::nullopt, 0);
    const TempDir outside;
    const TempDir other;
    ASSERT_EQ(::symlink(outside.path().c_str(), (other.path() + "/dev").c_str()), 0);
    make_directories(other.path() + outside.path(), 0755);
    bind_console(RootDir::open_host_path(other.path()), terminal.device);
    EXPECT_TRUE(list_directory(open_file(outside.path(), O_RDONLY), "outside").empty());
    // It lies where the link points to inside; mounted, it could not be removed.
    EXPECT_EQ(::umount((other.path() + outside.path() + "/console").c_str()), 0);
  });
}

TEST_F(TerminalTest, TakeMakesItTheSessionsTerminal) {
  in_mount_namespace([&] {
    const Terminal terminal = open_terminal(mount_devpts(), std::nullopt, 0);
    ASSERT_GE(::setsid(), 0);
    ::signal(SIGHUP, SIG_IGN);  // comes when the controller is closed
    const int kept[] = {::dup(0), ::dup(1), ::dup(2)};
    take_terminal(terminal.device);
    bool good = ::tcgetsid(STDIN_FILENO) == ::getpid();
    for (const int stream : {0, 1, 2}) {
      good = good && ::isatty(stream) == 1 && ::fcntl(stream, F_GETFD) == 0;
    }
    for (const int stream : {0, 1, 2}) ::dup2(kept[stream], stream);
    EXPECT_TRUE(good);
  });
}

TEST_F(TerminalTest, TakeWorksWhereTheDeviceIsAStandardStreamAlready) {
  in_mount_namespace([&] {
    const Terminal terminal = open_terminal(mount_devpts(), std::nullopt, 0);
    ASSERT_GE(::setsid(), 0);
    ::signal(SIGHUP, SIG_IGN);
    const int kept = ::dup(0);
    ::dup3(terminal.device.get(), 0, O_CLOEXEC);
    const int out = ::dup(1);
    const int err = ::dup(2);
    Fd device(0);
    take_terminal(device);
    const bool good = ::fcntl(0, F_GETFD) == 0 && ::isatty(1) == 1;
    device.release();
    ::dup2(kept, 0);
    ::dup2(out, 1);
    ::dup2(err, 2);
    EXPECT_TRUE(good);
  });
}

TEST(SendConsole, IsOneMessageWithANameAndOneDescriptor) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd left(ends[0]);
  Fd right(ends[1]);
  const Fd sent = open_file("/dev/zero", O_RDONLY);
  send_console(left, sent, "/dev/pts/0");
  const auto packet = receive_packet(right);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->bytes, "/dev/pts/0");
  ASSERT_EQ(packet->fds.size(), 1u);
  EXPECT_EQ(stat_fd(packet->fds[0], "fd").st_rdev, makedev(1, 5));
  right.reset();
  EXPECT_EQ(error_of([&] { send_console(left, sent, "/dev/pts/0"); }),
            "send the terminal to the console socket: sendmsg: Broken pipe");
}

}  // namespace
}  // namespace gocker
