#include "imagetool/volume/volumes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

class VolumesTest : public ::testing::Test {
 protected:
  const TempDir folder_;
  const Volumes volumes_{folder_.path()};

  std::vector<std::string> entries() const {
    return list_directory(open_directory(folder_.path() + "/volumes"), "volumes");
  }
};

TEST_F(VolumesTest, AreMadeFoundListedAndRemoved) {
  const Volume made = volumes_.create("data", {{"who", "ann"}});
  EXPECT_EQ(made.path, folder_.path() + "/volumes/data/_data");
  EXPECT_EQ(to_json(volumes_.find("data")), to_json(made));
  EXPECT_EQ(volumes_.list().size(), 1u);
  make_file(made.path + "/file", "kept");
  EXPECT_EQ(volumes_.ensure("data", Fd()).path, made.path);
  EXPECT_EQ(content_of(made.path + "/file"), "kept");
  volumes_.remove("data");
  EXPECT_TRUE(entries().empty());
  EXPECT_EQ(volumes_.find_if_exists("data"), std::nullopt);
}

TEST_F(VolumesTest, WithoutANameGetOne) {
  const Volume volume = volumes_.create("");
  EXPECT_TRUE(volume.anonymous);
  EXPECT_EQ(volume.name.size(), 64u);
  EXPECT_EQ(volume.name.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_TRUE(volumes_.find(volume.name).anonymous);
  EXPECT_NE(volumes_.ensure("", Fd()).name, volume.name);
}

TEST_F(VolumesTest, RefuseNamesThatAreTakenOrUnfit) {
  volumes_.create("data");
  EXPECT_EQ(error_of([&] { volumes_.create("data"); }),
            "create volume data: there is one of that name already");
  for (const char* name : {"../x", ".x", "a/b", "/a", "a b", "-x", "a\n"}) {
    EXPECT_NE(error_of([&] { volumes_.create(name); }).find("is no name for a volume"),
              std::string::npos);
    EXPECT_NE(error_of([&] { volumes_.ensure(name, Fd()); }), "");
    EXPECT_NE(error_of([&] { volumes_.remove(name); }), "");
  }
  EXPECT_EQ(error_of([&] { volumes_.remove("date"); }),
            "remove volume date: there is no volume 'date'; did you mean 'data'?");
  EXPECT_EQ(entries(), std::vector<std::string>{"data"});
}

TEST_F(VolumesTest, AreFilledWithWhatTheImageHasThere) {
  if (::geteuid() != 0) GTEST_SKIP() << "other owners need root";
  const TempDir image;
  check(::chown(image.path().c_str(), 33, 34), "chown");
  check(::chmod(image.path().c_str(), 02770), "chmod");
  make_file(image.path() + "/script", "#!/bin/sh");
  check(::chown((image.path() + "/script").c_str(), 35, 36), "chown");
  check(::chmod((image.path() + "/script").c_str(), 04711), "chmod");
  check(::symlink("/etc/passwd", (image.path() + "/link").c_str()), "symlink");
  const Fd content = open_file(image.path(), O_RDONLY | O_DIRECTORY);

  const Volume volume = volumes_.ensure("data", content);
  struct stat status {};
  check(::stat(volume.path.c_str(), &status), "stat");
  EXPECT_EQ(status.st_mode & 07777U, 02770u);
  EXPECT_EQ(status.st_uid, 33u);
  EXPECT_EQ(status.st_gid, 34u);
  check(::stat((volume.path + "/script").c_str(), &status), "stat");
  EXPECT_EQ(status.st_mode & 07777U, 04711u);
  EXPECT_EQ(status.st_uid, 35u);
  check(::lstat((volume.path + "/link").c_str(), &status), "lstat");
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST_F(VolumesTest, AreFilledOnlyWhereTheyAreEmpty) {
  const TempDir image;
  make_file(image.path() + "/of-image");
  const Fd content = open_file(image.path(), O_RDONLY | O_DIRECTORY);
  const Volume empty = volumes_.create("empty");
  volumes_.ensure("empty", content);
  EXPECT_EQ(::access((empty.path + "/of-image").c_str(), F_OK), 0);
  const Volume used = volumes_.create("used");
  make_file(used.path + "/mine");
  volumes_.ensure("used", content);
  EXPECT_NE(::access((used.path + "/of-image").c_str(), F_OK), 0);
}

TEST_F(VolumesTest, WantedByManyAtOnceAreMadeOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_NO_THROW(volumes_.ensure("data", Fd())); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entries(), std::vector<std::string>{"data"});
}

}  // namespace
}  // namespace gocker
