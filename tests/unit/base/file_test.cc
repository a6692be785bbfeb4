#include "runtime/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "runtime/base/error.h"

namespace gocker {
namespace {

// The code of the Error that `body` throws; 0 where it throws none.
template <class Body>
int code_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

void create(const std::string& path, std::string_view content = {}) {
  write_all(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), content, path);
}

class FileTest : public testing::Test {
 protected:
  TempDir dir_;
  std::string path_ = dir_.path();
  Fd fd_ = open_directory(path_);
};

using OpenFile = FileTest;
using ReadFile = FileTest;
using WriteFile = FileTest;
using ReplaceFile = FileTest;
using MakeDirectories = FileTest;
using RemoveTree = FileTest;

TEST_F(OpenFile, IsCloseOnExec) {
  create(path_ + "/a");
  EXPECT_EQ(::fcntl(open_file(path_ + "/a", O_RDONLY).get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(OpenFile, ToldApartFromAbsence) {
  EXPECT_FALSE(open_if_exists(path_ + "/none", O_RDONLY));
  EXPECT_FALSE(open_if_exists_at(fd_, "none", O_RDONLY));
  EXPECT_EQ(code_of([&] { open_file(path_ + "/none", O_RDONLY); }), ENOENT);
  create(path_ + "/file");
  EXPECT_EQ(code_of([&] { open_if_exists(path_ + "/file/below", O_RDONLY); }), ENOTDIR);
}

TEST_F(ReadFile, ReturnsTheWholeContent) {
  const std::string content(100000, 'x');
  create(path_ + "/a", content + std::string("\0end", 4));
  EXPECT_EQ(read_file(path_ + "/a"), content + std::string("\0end", 4));
  EXPECT_EQ(read_file_at(fd_, "a").size(), content.size() + 4);
}

TEST_F(ReadFile, TakesTheLimitAndNotOneByteMore) {
  create(path_ + "/a", std::string(20000, 'x'));
  EXPECT_EQ(read_file(path_ + "/a", 20000).size(), 20000u);
  EXPECT_EQ(code_of([&] { read_file(path_ + "/a", 19999); }), EFBIG);
  EXPECT_EQ(code_of([&] { read_file("/dev/zero", 1 << 20); }), EFBIG);
}

TEST_F(ReadFile, AbsentIsNoValue) {
  EXPECT_FALSE(read_if_exists_at(fd_, "none"));
  create(path_ + "/empty");
  EXPECT_EQ(read_if_exists_at(fd_, "empty"), "");
}

TEST_F(WriteFile, NeedsTheFile) {
  EXPECT_EQ(code_of([&] { write_file(path_ + "/none", "x"); }), ENOENT);
  create(path_ + "/a");
  write_file_at(fd_, "a", "text");
  EXPECT_EQ(read_file(path_ + "/a"), "text");
}

TEST_F(WriteFile, NamesTheFileInTheError) {
  try {
    write_file("/proc/self/oom_score_adj", "much");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "write /proc/self/oom_score_adj: Invalid argument");
  }
}

TEST_F(ReplaceFile, MakesAndReplacesWithTheMode) {
  replace_file_at(fd_, "state", "one", 0600);
  EXPECT_EQ(read_file(path_ + "/state"), "one");
  EXPECT_EQ(mode_of(path_ + "/state"), 0600u);
  replace_file_at(fd_, "state", "two", 0640, Sync::yes);
  EXPECT_EQ(read_file(path_ + "/state"), "two");
  EXPECT_EQ(mode_of(path_ + "/state"), 0640u);
  EXPECT_EQ(list_directory(fd_, path_), std::vector<std::string>{"state"});
}

TEST_F(ReplaceFile, ReadersSeeOldOrNew) {
  const std::string old_content(50000, 'o');
  const std::string new_content(60000, 'n');
  replace_file_at(fd_, "state", old_content, 0600);
  const pid_t writer = ::fork();
  if (writer == 0) {
    for (int i = 0; i < 300; ++i) {
      replace_file_at(fd_, "state", i % 2 == 0 ? new_content : old_content, 0600);
    }
    ::_exit(0);
  }
  int seen = 0;
  while (::waitpid(writer, nullptr, WNOHANG) == 0) {
    const std::string content = read_file(path_ + "/state");
    ASSERT_TRUE(content == old_content || content == new_content) << content.size();
    ++seen;
  }
  EXPECT_GT(seen, 0);
}

TEST_F(ReplaceFile, LeavesNothingBehindOnFailure) {
  ASSERT_EQ(::mkdirat(fd_.get(), "state", 0700), 0);
  EXPECT_EQ(code_of([&] { replace_file_at(fd_, "state", "x", 0600); }), EISDIR);
  EXPECT_EQ(list_directory(fd_, path_), std::vector<std::string>{"state"});
}

TEST_F(ReplaceFile, IsNotStoppedByWhatAKilledProcessLeft) {
  replace_file_at(fd_, "probe", "", 0600);
  // In a child, whose counter is where this process's is: the very names it will try.
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string prefix = path_ + "/.state." + std::to_string(::getpid()) + ".";
    for (int i = 0; i < 1000; ++i) create(prefix + std::to_string(i), "half");
    replace_file_at(fd_, "state", "whole", 0600);
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(path_ + "/state"), "whole");
}

TEST_F(MakeDirectories, GivesTheModeToTheLastOnly) {
  make_directories(path_ + "/a/b/c", 0700);
  EXPECT_EQ(mode_of(path_ + "/a/b/c"), 0700u);
  EXPECT_EQ(mode_of(path_ + "/a/b"), 0755u);
  make_directories(path_ + "/a/b/c", 0755);  // there already
  EXPECT_EQ(mode_of(path_ + "/a/b/c"), 0700u);
}

TEST_F(MakeDirectories, TrailingSlashesNameTheSame) {
  make_directories(path_ + "/a/b//", 0700);
  EXPECT_EQ(mode_of(path_ + "/a/b"), 0700u);
  make_directories("/", 0700);
}

TEST_F(MakeDirectories, RefusesAFileInTheWay) {
  create(path_ + "/file");
  EXPECT_EQ(code_of([&] { make_directories(path_ + "/file", 0700); }), ENOTDIR);
  EXPECT_EQ(code_of([&] { make_directories(path_ + "/file/a", 0700); }), ENOTDIR);
}

TEST_F(MakeDirectories, FollowsALinkToADirectory) {
  make_directories(path_ + "/real", 0755);
  ASSERT_EQ(::symlinkat("real", fd_.get(), "link"), 0);
  make_directories(path_ + "/link", 0700);
  make_directories(path_ + "/link/a", 0700);
  EXPECT_TRUE(exists(path_ + "/real/a"));
}

TEST_F(RemoveTree, TakesFilesDirectoriesAndWhatIsAbsent) {
  make_directories(path_ + "/tree/a/b", 0755);
  create(path_ + "/tree/a/file");
  ASSERT_EQ(::mkfifoat(fd_.get(), "tree/fifo", 0600), 0);
  remove_tree_at(fd_, "tree");
  EXPECT_FALSE(exists(path_ + "/tree"));
  remove_tree_at(fd_, "tree");
  create(path_ + "/plain");
  remove_tree_at(fd_, "plain");
  EXPECT_FALSE(exists(path_ + "/plain"));
}

TEST_F(RemoveTree, RemovesLinksAndNotWhatTheyPointTo) {
  make_directories(path_ + "/canary/sub", 0755);
  create(path_ + "/canary/file", "alive");
  make_directories(path_ + "/tree/a", 0755);
  ASSERT_EQ(::symlinkat("../canary", fd_.get(), "tree/link"), 0);
  ASSERT_EQ(::symlinkat((path_ + "/canary").c_str(), fd_.get(), "tree/a/link"), 0);
  ASSERT_EQ(::symlinkat("canary", fd_.get(), "top"), 0);
  remove_tree_at(fd_, "tree");
  remove_tree_at(fd_, "top");
  EXPECT_FALSE(exists(path_ + "/tree"));
  EXPECT_FALSE(exists(path_ + "/top"));
  EXPECT_EQ(read_file(path_ + "/canary/file"), "alive");
  EXPECT_TRUE(exists(path_ + "/canary/sub"));
}

TEST_F(RemoveTree, CopesWithATreeDeeperThanDescriptorsAndPaths) {
  constexpr int kLevels = 1500;  // of 9 bytes: three times PATH_MAX
  Fd level = fd_.duplicate();
  for (int i = 0; i < kLevels; ++i) {
    ASSERT_EQ(::mkdirat(level.get(), "deeper12", 0755), 0);
    open_file_at(level, "file", O_WRONLY | O_CREAT, 0600);
    level = open_file_at(level, "deeper12", O_RDONLY | O_DIRECTORY);
  }
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{200, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  remove_tree_at(fd_, "deeper12");
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(exists(path_ + "/deeper12"));
}

TEST_F(RemoveTree, DoesNotCrossIntoAMount) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  make_directories(path_ + "/tree/mounted", 0755);
  // Mounts stay in a namespace of the child's own.
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string target = path_ + "/tree/mounted";
    bool good = ::unshare(CLONE_NEWNS) == 0 &&
                ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                ::mount("canary", target.c_str(), "tmpfs", 0, nullptr) == 0;
    create(target + "/file", "alive");
    const Fd dir = open_directory(path_);  // as this namespace sees it
    good = good && code_of([&] { remove_tree_at(dir, "tree"); }) == EXDEV;
    good = good && read_file(target + "/file") == "alive";
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(TempDirTest, IsGoneWithItsContentAlsoOnAnotherMount) {
  std::string path;
  {
    const TempDir outer;
    const std::string real = outer.path() + "/real";
    make_directories(real, 0700);
    ASSERT_EQ(::symlink("real", (outer.path() + "/link").c_str()), 0);
    const char* before = std::getenv("TMPDIR");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("TMPDIR", (outer.path() + "/link").c_str(), 1);
    {
      const TempDir inner("inner");
      path = inner.path();
      EXPECT_EQ(mode_of(path), 0700u);
      create(path + "/file");
    }
    before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
    EXPECT_FALSE(exists(path));
  }
}

TEST(TempDirTest, IsRemovedFromAMountOfItsOwn) {
  if (!exists("/dev/shm")) GTEST_SKIP() << "no /dev/shm here";
  std::string path;
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/dev/shm", 1);
  {
    const TempDir inner;
    path = inner.path();
    create(path + "/file");
  }
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
  EXPECT_EQ(path.rfind("/dev/shm/gocker-", 0), 0u);
  EXPECT_FALSE(exists(path));
}

TEST_F(FileTest, RealPathResolvesLinksAndDots) {
  make_directories(path_ + "/a/b", 0755);
  ASSERT_EQ(::symlinkat("a", fd_.get(), "link"), 0);
  EXPECT_EQ(real_path(path_ + "/link/../link/./b"), real_path(path_) + "/a/b");
  EXPECT_EQ(code_of([&] { real_path(path_ + "/none"); }), ENOENT);
}

TEST_F(FileTest, ListDirectoryIsSorted) {
  for (const char* name : {"c", "a", ".b"}) create(path_ + "/" + name);
  EXPECT_EQ(list_directory(fd_, path_), (std::vector<std::string>{".b", "a", "c"}));
}

}  // namespace
}  // namespace gocker
