#include "runtime/checkpoint/image_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

class ImageDirectory : public testing::Test {
 protected:
  ImageDirectory() : images_(temp_.path() + "/images"), fd_(make_image_directory(images_)) {}

  void put(const std::string& name, const std::string& text = "x") const {
    write_all(open_file_at(fd_, name, O_WRONLY | O_CREAT, 0600), text, name);
  }
  std::string refusal() const {
    try {
      open_image_directory(images_);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  testing::AssertionResult is_refused_with(const std::string& words) const {
    const std::string text = refusal();
    if (text.find(words) != std::string::npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << text;
  }

  TempDir temp_;
  std::string images_;
  Fd fd_;
};

TEST_F(ImageDirectory, PlainFilesAreFine) {
  put("pages-1.img");
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(ImageDirectory, ALinkIsRefused) {
  ASSERT_EQ(::symlinkat("/etc/shadow", fd_.get(), "pages-1.img"), 0);
  EXPECT_TRUE(is_refused_with("pages-1.img is not a plain file"));
}

TEST_F(ImageDirectory, ADirectoryOfTheParentsNameIsRefused) {
  ASSERT_EQ(::mkdirat(fd_.get(), "parent", 0700), 0);
  EXPECT_TRUE(is_refused_with("parent is not a plain file"));
}

TEST_F(ImageDirectory, OthersMayNotWriteToIt) {
  ASSERT_EQ(::fchmod(fd_.get(), 0777), 0);
  EXPECT_TRUE(is_refused_with("others may write to it"));
}

TEST_F(ImageDirectory, TheParentIsLookedAtToo) {
  const Fd before = make_image_directory(temp_.path() + "/before");
  ASSERT_EQ(::symlinkat("../before", fd_.get(), "parent"), 0);
  EXPECT_EQ(refusal(), "accepted");
  ASSERT_EQ(::symlinkat("/etc/shadow", before.get(), "core-1.img"), 0);
  EXPECT_TRUE(is_refused_with("check its parent: core-1.img is not a plain file"));
}

TEST_F(ImageDirectory, ParentsInACircleEnd) {
  ASSERT_EQ(::symlinkat(".", fd_.get(), "parent"), 0);
  EXPECT_TRUE(is_refused_with("too many parents"));
}

TEST_F(ImageDirectory, AnOldLogMakesWayAndIsNotFollowed) {
  const std::string canary = temp_.path() + "/canary";
  write_all(open_file(canary, O_WRONLY | O_CREAT, 0600), "kept", canary);
  ASSERT_EQ(::symlinkat(canary.c_str(), fd_.get(), "dump.log"), 0);
  make_work_directory(images_, "dump.log");
  EXPECT_FALSE(open_if_exists_at(fd_, "dump.log", O_RDONLY));
  EXPECT_EQ(read_file(canary), "kept");
}

TEST_F(ImageDirectory, StreamNamesComeBack) {
  EXPECT_TRUE(read_stream_names(fd_).empty());
  const std::vector<std::string> names{"/dev/null", "pipe:[1]", "pipe:[2]"};
  write_stream_names(fd_, names);
  EXPECT_EQ(read_stream_names(fd_), names);
}

TEST_F(ImageDirectory, DamagedStreamNamesAreAnError) {
  put("descriptors.json", "{");
  EXPECT_THROW(read_stream_names(fd_), Error);
}

}  // namespace
}  // namespace gocker
