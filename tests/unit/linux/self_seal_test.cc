#include "runtime/linux/self_seal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

struct Started {
  Child process;
  Fd input;  // its end ends the program
  std::string line;

  std::string field(size_t index) const { return std::string(split(line, '|').at(index)); }
  std::string exe() const { return "/proc/" + std::to_string(process.pid()) + "/exe"; }
};

std::string read_line(const Fd& fd) {
  std::string line;
  char c = 0;
  while (::read(fd.get(), &c, 1) == 1 && c != '\n') line += c;
  return line;
}

// Starts the program at `path` as `uid`, with descriptor 20 open.
Started start(const std::string& path, uid_t uid = 0, std::vector<std::string> more_env = {}) {
  int input[2];
  int output[2];
  check(::pipe2(input, O_CLOEXEC), "pipe2");
  check(::pipe2(output, O_CLOEXEC), "pipe2");
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    ::dup2(input[0], 0);
    ::dup2(output[1], 1);
    ::dup2(0, 20);
    if (uid != 0 && ::setresuid(uid, uid, uid) != 0) exit_now(126);
    std::vector<std::string> env = {"KEPT=value=1"};
    env.insert(env.end(), more_env.begin(), more_env.end());
    const std::vector<std::string> args = {"the first argument", "--flag", ""};
    ::execve(path.c_str(), c_strings(args).data(), c_strings(env).data());
    exit_now(127);
  }
  ::close(input[0]);
  ::close(output[1]);
  Started started{std::move(*child), Fd(input[1]), {}};
  started.line = read_line(Fd(output[0]));
  return started;
}

class SelfSeal : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    check(::chmod(dir_.path().c_str(), 0755), "chmod");
    install(program_);
    content_ = read_file(program_);
  }
  static void install(const std::string& path) {
    write_all(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0755), read_file(SEALED_PROGRAM), path);
  }

  TempDir dir_;
  std::string program_ = dir_.path() + "/sealed-program";
  std::string content_;
};

TEST_F(SelfSeal, RunsFromAnOverlay) {
  const Started started = start(program_);
  EXPECT_EQ(started.line, "overlay|the first argument|3|value=1|unmarked|0");
}

TEST_F(SelfSeal, RunsFromSealedMemoryWithoutPrivilege) {
  const Started started = start(program_, 65534);
  EXPECT_EQ(started.line, "memory|the first argument|3|value=1|unmarked|0");
}

TEST_F(SelfSeal, ItsNameInTheProcessListStays) {
  const Started started = start(program_);
  EXPECT_EQ(read_file("/proc/" + std::to_string(started.process.pid()) + "/comm"),
            "sealed-program\n");
}

TEST_F(SelfSeal, AMarkerFromElsewhereIsNotBelieved) {
  EXPECT_EQ(start(program_, 0, {"GOCKER_SEALED_BINARY=1"}).field(0), "overlay");
  EXPECT_EQ(start(program_, 0, {"GOCKER_SEALED_BINARY="}).field(0), "overlay");
}

TEST_F(SelfSeal, WorksInFoldersWithOddNames) {
  for (const std::string name : {"a:b", "a,b", "a\\b", "a b", "upperdir=x"}) {
    const std::string folder = dir_.path() + "/" + name;
    make_directories(folder, 0755);
    install(folder + "/program");
    EXPECT_EQ(start(folder + "/program").field(0), "overlay") << name;
  }
}

TEST_F(SelfSeal, WorksOnAnOverlayAndOnATmpfs) {
  in_mount_namespace([&] {
    const std::string base = dir_.path() + "/";
    for (const char* name : {"tmp", "merged"}) make_directories(base + name, 0755);
    ASSERT_EQ(::mount("tmpfs", (base + "tmp").c_str(), "tmpfs", 0, "mode=0755"), 0);
    for (const char* name : {"tmp/lower", "tmp/upper", "tmp/work"}) {
      make_directories(base + name, 0755);
    }
    install(base + "tmp/lower/program");
    EXPECT_EQ(start(base + "tmp/lower/program").field(0), "overlay");
    const std::string options = "lowerdir=" + base + "tmp/lower,upperdir=" + base +
                                "tmp/upper,workdir=" + base + "tmp/work";
    ASSERT_EQ(::mount("o", (base + "merged").c_str(), "overlay", 0, options.c_str()), 0);
    const Started started = start(base + "merged/program");
    EXPECT_EQ(started.field(0), "overlay");
    EXPECT_NE(write_error(started.exe()), 0);
    // No third layer of overlays is allowed: memory it is.
    for (const char* name : {"tmp/upper2", "tmp/work2", "twice"})
      make_directories(base + name, 0755);
    const std::string twice =
        "lowerdir=" + base + "merged,upperdir=" + base + "tmp/upper2,workdir=" + base + "tmp/work2";
    ASSERT_EQ(::mount("o", (base + "twice").c_str(), "overlay", 0, twice.c_str()), 0);
    EXPECT_EQ(start(base + "twice/program").field(0), "memory");
  });
}

TEST_F(SelfSeal, WorksWhereTheBinaryIsGoneFromItsPath) {
  const Fd binary = open_file(program_, O_RDONLY);
  ASSERT_EQ(::unlink(program_.c_str()), 0);
  EXPECT_EQ(start(descriptor_path(binary)).field(0), "memory");
}

// Everything that a container's process with CAP_SYS_ADMIN could try on /proc/PID/exe, in a mount
// namespace of its own. Returns the ways that led to a descriptor open for writing.
std::vector<std::string> ways_to_write(const Started& started) {
  std::vector<std::string> ways;
  const std::string exe = started.exe();
  const auto attempt = [&](const std::string& way, const std::string& path) {
    for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_APPEND}) {
      if (const Fd fd{::open(path.c_str(), flags | O_CLOEXEC)}) ways.push_back(way);
    }
  };
  attempt("open", exe);
  if (::truncate(exe.c_str(), 0) == 0) ways.push_back("truncate");

  const Fd path(::open(exe.c_str(), O_PATH | O_CLOEXEC));
  attempt("through O_PATH", descriptor_path(path));
  mount_attr writable{};
  writable.attr_clr = MOUNT_ATTR_RDONLY;
  ::mount_setattr(path.get(), "", AT_EMPTY_PATH, &writable, sizeof writable);
  attempt("after mount_setattr", descriptor_path(path));

  const Fd clone(::open_tree(path.get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (clone) {
    ::mount_setattr(clone.get(), "", AT_EMPTY_PATH, &writable, sizeof writable);
    attempt("clone", descriptor_path(clone));
  }
  const TempDir dir;
  const std::string target = dir.path() + "/bound";
  make_file(target);
  if (::mount(exe.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0) {
    ::mount(nullptr, target.c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr);
    attempt("bind mount", target);
    ::mount(nullptr, target.c_str(), nullptr, MS_REMOUNT, nullptr);
    attempt("remounted file system", target);
    ::umount2(target.c_str(), MNT_DETACH);
  }
  const std::string maps = "/proc/" + std::to_string(started.process.pid()) + "/map_files";
  if (const Fd list = open_if_exists(maps, O_RDONLY | O_DIRECTORY)) {
    for (const std::string& name : list_directory(list, maps)) {
      std::string file(4096, '\0');
      const ssize_t length = ::readlinkat(list.get(), name.c_str(), file.data(), file.size());
      file.resize(length < 0 ? 0 : static_cast<size_t>(length));
      const bool is_library = file.find(".so") != std::string::npos;
      if (!is_library) attempt("map_files " + file, maps + "/" + name);
    }
  }
  return ways;
}

TEST_F(SelfSeal, NothingCanOpenTheRunningBinaryForWriting) {
  for (const uid_t uid : {uid_t{0}, uid_t{65534}}) {
    const Started started = start(program_, uid);
    ASSERT_EQ(started.field(0), uid == 0 ? "overlay" : "memory");
    in_mount_namespace([&] { EXPECT_EQ(ways_to_write(started), std::vector<std::string>{}); });
    EXPECT_EQ(read_file(program_), content_);
  }
}

// The classic: hold the binary, wait until it no longer runs, then write (CVE-2019-5736).
TEST_F(SelfSeal, NorWhenItHasEnded) {
  for (const uid_t uid : {uid_t{0}, uid_t{65534}}) {
    Started started = start(program_, uid);
    in_mount_namespace([&] {
      const Fd held(::open(started.exe().c_str(), O_PATH | O_CLOEXEC));
      ASSERT_TRUE(held);
      started.process.signal(SIGKILL);
      while (process_start_time(started.process.pid())) ::usleep(1000);
      for (const int flags : {O_WRONLY, O_RDWR}) {
        const Fd fd(::open(descriptor_path(held).c_str(), flags | O_CLOEXEC));
        // Sealed memory may be opened; it is the writing that is refused.
        const bool written =
            fd && (::write(fd.get(), "x", 1) == 1 || ::ftruncate(fd.get(), 0) == 0);
        EXPECT_FALSE(written);
        if (uid == 0) {
          EXPECT_FALSE(fd);
        }
      }
      const Fd clone(
          ::open_tree(held.get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
      mount_attr writable{};
      writable.attr_clr = MOUNT_ATTR_RDONLY;
      if (clone) ::mount_setattr(clone.get(), "", AT_EMPTY_PATH, &writable, sizeof writable);
      const Fd fd(clone ? ::open(descriptor_path(clone).c_str(), O_WRONLY | O_CLOEXEC) : -1);
      EXPECT_FALSE(fd && ::write(fd.get(), "x", 1) == 1);
    });
    EXPECT_EQ(read_file(program_), content_);
  }
}

// The test's own attempts must be able to succeed: against a program that is not guarded they do.
TEST_F(SelfSeal, TheAttemptsSucceedOnAPlainBinary) {
  const std::string plain = dir_.path() + "/plain";
  write_all(open_file(plain, O_WRONLY | O_CREAT, 0755), read_file("/bin/sleep"), plain);
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    ::execl(plain.c_str(), plain.c_str(), "60", nullptr);
    exit_now(127);
  }
  const std::string exe = "/proc/" + std::to_string(child->pid()) + "/exe";
  while (real_path(exe) != real_path(plain)) ::usleep(1000);
  const Fd held(::open(exe.c_str(), O_PATH | O_CLOEXEC));
  child->kill_and_reap();
  const Fd fd(::open(descriptor_path(held).c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_TRUE(fd);
}

}  // namespace
}  // namespace gocker
