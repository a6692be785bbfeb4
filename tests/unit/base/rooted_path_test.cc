#include "runtime/base/rooted_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

template <class Body>
int code_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

void create(const std::string& path, std::string_view content = {}) {
  write_all(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), content, path);
}

// dir/root is the root; dir/host is what no path of a container may reach.
class RootDirTest : public testing::Test {
 protected:
  RootDirTest() {
    make_directories(host_, 0755);
    make_directories(root_path_ + "/etc", 0755);
    create(host_ + "/canary", "host");
    create(root_path_ + "/etc/passwd", "inside");
    root_ = RootDir::open_host_path(root_path_);
  }

  void link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), (root_path_ + "/" + name).c_str()), 0);
  }
  std::string read(const std::string& path) const {
    return read_all(root_.open(path, O_RDONLY), path);
  }
  bool is_there(const std::string& path) const {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
  }
  std::vector<std::string> host_names() const { return list_directory(open_host(), host_); }
  Fd open_host() const { return open_file(host_, O_RDONLY | O_DIRECTORY); }

  TempDir dir_;
  std::string host_ = dir_.path() + "/host";
  std::string root_path_ = dir_.path() + "/root";
  RootDir root_;
};

TEST_F(RootDirTest, OpensAbsoluteAndRelativePathsFromTheRoot) {
  EXPECT_EQ(read("/etc/passwd"), "inside");
  EXPECT_EQ(read("etc/passwd"), "inside");
  EXPECT_EQ(read("//etc/./passwd"), "inside");
  EXPECT_EQ(::fcntl(root_.open("etc/passwd", O_RDONLY).get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(RootDirTest, EmptyAndSlashAreTheRootItself) {
  const ino_t inode = stat_fd(root_.fd(), "root").st_ino;
  for (const char* path : {"", "/", ".", "..", "/.."}) {
    EXPECT_EQ(stat_fd(root_.open(path, O_PATH), path).st_ino, inode) << path;
  }
}

TEST_F(RootDirTest, DotsEndAtTheRoot) {
  EXPECT_EQ(read("../../../../etc/passwd"), "inside");
  EXPECT_EQ(read("/etc/../../../etc/passwd"), "inside");
  EXPECT_EQ(code_of([&] { read("../host/canary"); }), ENOENT);
}

TEST_F(RootDirTest, LinksStayInside) {
  link("/etc/passwd", "absolute");
  link("../../../etc/passwd", "dots");
  link(host_ + "/canary", "out");
  link("/", "slash");
  EXPECT_EQ(read("absolute"), "inside");
  EXPECT_EQ(read("dots"), "inside");
  EXPECT_EQ(read("slash/slash/slash/etc/passwd"), "inside");
  EXPECT_EQ(code_of([&] { read("out"); }), ENOENT);
}

TEST_F(RootDirTest, ChainsOfLinksStayInside) {
  link("b/../../..", "a");
  link("/etc", "b");
  link("a/host/canary", "c");
  EXPECT_EQ(code_of([&] { read("c"); }), ENOENT);
  EXPECT_EQ(read("a/etc/passwd"), "inside");
  link("loop2", "loop1");
  link("loop1", "loop2");
  EXPECT_EQ(code_of([&] { read("loop1"); }), ELOOP);
}

TEST_F(RootDirTest, MagicLinksAreRefused) {
  const RootDir proc = RootDir::open_host_path("/proc");
  for (const char* path : {"self/root", "self/cwd", "self/exe", "self/fd/0", "self/ns/mnt"}) {
    EXPECT_EQ(code_of([&] { proc.open(path, O_PATH); }), ELOOP) << path;
  }
}

TEST_F(RootDirTest, ResolveFlagsAreAdded) {
  link("etc", "link");
  EXPECT_EQ(code_of([&] { root_.open("link/passwd", O_RDONLY, 0, RESOLVE_NO_SYMLINKS); }), ELOOP);
}

TEST_F(RootDirTest, CreatesWithTheMode) {
  const Fd fd = root_.open("new", O_WRONLY | O_CREAT | O_EXCL, 0600);
  EXPECT_EQ(stat_fd(fd, "new").st_mode & 07777, 0600u);
  // O_TMPFILE shares a bit with O_DIRECTORY: a mode that nothing is made with is no error.
  EXPECT_TRUE(root_.open("etc", O_PATH | O_DIRECTORY, 0755));
  EXPECT_TRUE(root_.open("etc", O_TMPFILE | O_RDWR, 0600));
}

TEST_F(RootDirTest, AbsenceIsAnInvalidDescriptor) {
  EXPECT_FALSE(root_.open_if_exists("none", O_PATH));
  EXPECT_FALSE(root_.open_if_exists("none/below", O_PATH));
  EXPECT_FALSE(root_.open_if_exists("etc/passwd/below", O_PATH));
  EXPECT_TRUE(root_.open_if_exists("etc/passwd", O_PATH));
  link("self", "self");
  EXPECT_EQ(code_of([&] { root_.open_if_exists("self", O_PATH); }), ELOOP);
  EXPECT_FALSE(root_.try_open("self", O_PATH));
  EXPECT_EQ(errno, ELOOP);
}

TEST_F(RootDirTest, MakesDirectories) {
  const Fd made = root_.make_directories("/a/b/c", 0750);
  EXPECT_EQ(stat_fd(made, "c").st_ino, stat_fd(root_.open("a/b/c", O_PATH), "c").st_ino);
  EXPECT_EQ(stat_fd(made, "c").st_mode & 07777, 0750u);
  EXPECT_TRUE(root_.make_directories("/a/b/c/", 0750));
  EXPECT_TRUE(root_.make_directories("", 0750));
  EXPECT_TRUE(root_.make_directories("/", 0750));
}

TEST_F(RootDirTest, MakesWhatDotsLeadTo) {
  root_.make_directories("x/../y", 0755);
  EXPECT_TRUE(is_there(root_path_ + "/y"));
  EXPECT_FALSE(is_there(root_path_ + "/x/y"));
  const Fd up = root_.make_directories("p/q/..", 0755);
  EXPECT_EQ(stat_fd(up, "p").st_ino, stat_fd(root_.open("p", O_PATH), "p").st_ino);
  root_.make_directories("../../host/z", 0755);
  EXPECT_TRUE(is_there(root_path_ + "/host/z"));
  EXPECT_EQ(host_names(), std::vector<std::string>{"canary"});
}

TEST_F(RootDirTest, MakesDirectoriesThroughLinksInsideOnly) {
  link("/etc", "link");
  link(host_, "out");
  root_.make_directories("link/new", 0755);
  EXPECT_TRUE(is_there(root_path_ + "/etc/new"));
  root_.make_directories("out/new", 0755);  // the link's target, but below the root
  EXPECT_TRUE(is_there(root_path_ + host_ + "/new"));
  EXPECT_EQ(host_names(), std::vector<std::string>{"canary"});
}

TEST_F(RootDirTest, RefusesAFileWhereADirectoryIsWanted) {
  EXPECT_EQ(code_of([&] { root_.make_directories("etc/passwd", 0755); }), ENOTDIR);
  EXPECT_EQ(code_of([&] { root_.make_directories("etc/passwd/a", 0755); }), ENOTDIR);
  EXPECT_EQ(code_of([&] { root_.make_file("etc/passwd/a", 0644); }), ENOTDIR);
}

TEST_F(RootDirTest, MakesAFileWithItsParents) {
  const Fd made = root_.make_file("/run/deep/file", 0640);
  EXPECT_TRUE(S_ISREG(stat_fd(made, "file").st_mode));
  EXPECT_EQ(stat_fd(made, "file").st_mode & 07777, 0640u);
  EXPECT_TRUE(root_.make_file("/run/deep/file", 0600));  // stays as it is
  EXPECT_EQ(stat_fd(made, "file").st_mode & 07777, 0640u);
  EXPECT_EQ(code_of([&] { root_.make_file("new/", 0644); }), EISDIR);
}

TEST_F(RootDirTest, MakesWhatADanglingLinkPointsTo) {
  link("../run/resolve/stub.conf", "etc/resolv.conf");
  link("/etc/resolv.conf", "chained");
  const Fd made = root_.make_file("chained", 0644);
  const Fd target = root_.open("run/resolve/stub.conf", O_PATH, 0, RESOLVE_NO_SYMLINKS);
  EXPECT_EQ(stat_fd(made, "made").st_ino, stat_fd(target, "target").st_ino);
  link("/run/lock", "etc/lock");
  root_.make_directories("etc/lock/sub", 0755);
  EXPECT_TRUE(is_there(root_path_ + "/run/lock/sub"));
}

TEST_F(RootDirTest, ADanglingLinkOutMakesNothingOutside) {
  link("../../../" + host_.substr(1) + "/planted", "relative");
  link(host_ + "/planted", "absolute");
  root_.make_file("relative", 0644);
  root_.make_file("absolute", 0644);
  EXPECT_EQ(host_names(), std::vector<std::string>{"canary"});
}

TEST_F(RootDirTest, ALinkThatGrowsForEverIsAnError) {
  link("none/../grow/x", "grow");  // each target is missing, too
  EXPECT_NE(code_of([&] { root_.make_directories("grow/y", 0755); }), 0);
  EXPECT_EQ(host_names(), std::vector<std::string>{"canary"});
}

TEST_F(RootDirTest, ARemovedRootIsAnError) {
  const std::string path = dir_.path() + "/gone";
  make_directories(path, 0755);
  const RootDir gone = RootDir::open_host_path(path);
  ASSERT_EQ(::rmdir(path.c_str()), 0);
  EXPECT_EQ(code_of([&] { gone.make_directories("a/b", 0755); }), ENOENT);
}

// Another process exchanges a directory of the root with a link to the host, as fast as it can.
class Exchanger {
 public:
  Exchanger(const std::string& first, const std::string& second) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (::renameat2(AT_FDCWD, first.c_str(), AT_FDCWD, second.c_str(), RENAME_EXCHANGE) == 0) {
    }
    ::_exit(1);
  }
  Exchanger(const Exchanger&) = delete;
  Exchanger& operator=(const Exchanger&) = delete;
  ~Exchanger() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  bool runs() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  pid_t pid_;
};

TEST_F(RootDirTest, NothingReachesTheHostWhileLinksAreSwapped) {
  make_directories(root_path_ + "/desk/sub", 0755);
  link(host_, "swap");
  make_directories(root_path_ + host_ + "/sub", 0755);  // so that both ways lead somewhere
  const ino_t host_inode = stat_fd(open_host(), "host").st_ino;
  const Exchanger attacker(root_path_ + "/desk", root_path_ + "/swap");
  int opened = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string name = "desk/d" + std::to_string(i % 7);
    try {
      EXPECT_NE(stat_fd(root_.open("desk/../desk", O_PATH), "desk").st_ino, host_inode);
      root_.make_directories(name + "/x", 0755);
      root_.make_file(name + "/f", 0644);
      ++opened;
    } catch (const Error& error) {
      // A lost race may end in an error; what must not be is a path outside.
      ASSERT_TRUE(error.code() == ENOENT || error.code() == EAGAIN || error.code() == EEXIST)
          << error.what();
    }
  }
  EXPECT_TRUE(attacker.runs());
  EXPECT_GT(opened, 0);
  EXPECT_EQ(host_names(), std::vector<std::string>{"canary"});
  EXPECT_EQ(read_file(host_ + "/canary"), "host");
}

TEST(SplitPathTest, SplitsAtTheLastSlash) {
  const auto is = [](std::string_view path, std::string_view parent, std::string_view name) {
    const SplitPath parts = split_path(path);
    return parts.parent == parent && parts.name == name;
  };
  EXPECT_TRUE(is("/a/b/c", "/a/b", "c"));
  EXPECT_TRUE(is("/c", "", "c"));
  EXPECT_TRUE(is("c", "", "c"));
  EXPECT_TRUE(is("a/", "a", ""));
  EXPECT_TRUE(is("/", "", ""));
  EXPECT_TRUE(is("", "", ""));
}

TEST(DescriptorPath, NamesTheOpenFile) {
  const Fd fd = open_directory("/etc");
  EXPECT_EQ(real_path(descriptor_path(fd)), "/etc");
}

}  // namespace
}  // namespace gocker
