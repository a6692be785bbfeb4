#include "tests/unit/imagetool/layer/layer_fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "imagetool/layer/layer_stream.h"
#include "imagetool/layer/lower_view.h"
#include "imagetool/layer/overlay.h"
#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"

namespace gocker::tests {
namespace {

constexpr std::string_view kCanary = "must stay as it is";

// Opened in `root` without following a symlink at the end; -1 where there is nothing.
Fd find(const Fd& root, std::string_view path) {
  return RootDir(root.duplicate()).open_if_exists(path, O_PATH | O_NOFOLLOW);
}

}  // namespace

Fd make_blob(std::string_view bytes) {
  Fd blob(check(::memfd_create("blob", MFD_CLOEXEC), "memfd_create"));
  write_all(blob, bytes, "blob");
  return blob;
}

LayerTest::LayerTest() {
  ::mkdir((directory_.path() + "/layers").c_str(), 0755);
  const Fd canary = open_file(canary_path(), O_WRONLY | O_CREAT, 0640);
  write_all(canary, kCanary, "canary");
}

void LayerTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, for owners, devices and mounts";
}

void LayerTest::TearDown() {
  EXPECT_EQ(read_file(canary_path()), kCanary);
  struct stat canary {};
  ASSERT_EQ(::stat(canary_path().c_str(), &canary), 0);
  EXPECT_EQ(canary.st_mode & 07777, 0640U);
  EXPECT_EQ(canary.st_nlink, 1U);
  EXPECT_EQ(list_directory(open_file(directory_.path(), O_RDONLY), "").size(), 2U);
  EXPECT_EQ(list_directory(open_file(directory_.path() + "/layers", O_RDONLY), "").size(), count_);
}

std::string LayerTest::layer_path(size_t layer) const {
  return directory_.path() + "/layers/" + std::to_string(layer);
}

std::vector<Fd> LayerTest::open_layers() const {
  std::vector<Fd> layers;
  for (size_t i = 0; i < count_; ++i) layers.push_back(open_directory(layer_path(i)));
  return layers;
}

void LayerTest::apply_to(const std::string& path, std::string_view tar) {
  check(::mkdir(path.c_str(), 0755), "mkdir");
  const BlobFile blob(make_blob(tar));
  LayerStream stream(blob, Compression::none, limits_);
  LowerView lower(open_layers(), OverlayAttributes::trusted);
  apply_layer(stream, open_file(path, O_RDONLY | O_DIRECTORY), lower, OverlayAttributes::trusted,
              limits_, notes_);
}

void LayerTest::apply(std::string_view tar) {
  apply_to(layer_path(count_), tar);
  ++count_;
}

std::string LayerTest::refusal(std::string_view tar) {
  const Fd layers = open_directory(directory_.path() + "/layers");
  std::string text = "(taken)";
  try {
    apply_to(layer_path(count_), tar);
  } catch (const Error& error) {
    text = error.what();
  }
  remove_tree_at(layers, std::to_string(count_));
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  return text;
}

Fd LayerTest::joined() const {
  if (count_ == 1) return open_directory(layer_path(0));
  OverlayMount mount;
  mount.layers = open_layers();
  return mount_overlay(mount);
}

std::string LayerTest::type(std::string_view path) const {
  const Fd root = joined();
  const Fd found = find(root, path);
  if (!found) return "";
  switch (stat_fd(found, path).st_mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symlink";
    case S_IFCHR:
      return "char";
    case S_IFBLK:
      return "block";
    case S_IFIFO:
      return "fifo";
    default:
      return "socket";
  }
}

struct stat LayerTest::status(std::string_view path) const {
  const Fd root = joined();
  const Fd found = find(root, path);
  if (!found) throw Error("absent: " + std::string(path));
  return stat_fd(found, path);
}

std::string LayerTest::content(std::string_view path) const {
  const Fd root = joined();
  const Fd found = find(root, path);
  if (!found) return "(absent)";
  return read_all(open_file(descriptor_path(found), O_RDONLY), path);
}

std::string LayerTest::target(std::string_view path) const {
  const Fd root = joined();
  const Fd found = find(root, path);
  std::array<char, 4097> text{};
  const ssize_t length = ::readlinkat(found.get(), "", text.data(), text.size());
  return length < 0 ? "(none)" : std::string(text.data(), static_cast<size_t>(length));
}

std::vector<std::string> LayerTest::names(std::string_view path) const {
  const Fd root = joined();
  return list_directory(RootDir(root.duplicate()).open(path, O_RDONLY | O_DIRECTORY), path);
}

std::string LayerTest::attribute(std::string_view path, const char* name) const {
  const Fd root = joined();
  const Fd found = find(root, path);
  std::array<char, 4096> value{};
  const ssize_t length =
      ::getxattr(descriptor_path(found).c_str(), name, value.data(), value.size());
  return length < 0 ? "(none)" : std::string(value.data(), static_cast<size_t>(length));
}

}  // namespace gocker::tests
