#include "runtime/checkpoint/image_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr char kStreamNames[] = "descriptors.json";
constexpr char kParent[] = "parent";  // CRIU's own name for the link
constexpr size_t kMaxStreamNames = 64 << 10;
constexpr int kMostParents = 64;

void check_is_ours(const Fd& directory) {
  const struct stat status = stat_fd(directory, ".");
  if (status.st_uid != ::geteuid()) throw Error("it belongs to another user", EPERM);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error("others may write to it: chmod go-w", EPERM);
  }
}

void check_images(const Fd& directory, int parents_left) {
  check_is_ours(directory);
  for (const std::string& name : list_directory(directory, ".")) {
    struct stat status {};
    check(::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "stat", name);
    if (S_ISREG(status.st_mode)) continue;
    if (name != kParent || !S_ISLNK(status.st_mode)) {
      throw Error(name + " is not a plain file: CRIU would follow it");
    }
    if (parents_left == 0) throw Error("it has too many parents", ELOOP);
    const Doing doing("check its", kParent);
    check_images(open_file_at(directory, kParent, O_RDONLY | O_DIRECTORY), parents_left - 1);
  }
}

Fd open_checked(const std::string& path) {
  const Doing doing("check the images in", path);
  Fd directory = open_file(path, O_RDONLY | O_DIRECTORY);
  check_images(directory, kMostParents);
  return directory;
}

}  // namespace

Fd open_image_directory(const std::string& path) {
  return open_checked(path);
}

Fd make_image_directory(const std::string& path) {
  make_directories(path, 0700);
  return open_checked(path);
}

Fd make_work_directory(const std::string& path, const std::string& log_file) {
  make_directories(path, 0700);
  const Doing doing("check the work directory", path);
  Fd directory = open_file(path, O_RDONLY | O_DIRECTORY);
  check_is_ours(directory);
  if (::unlinkat(directory.get(), log_file.c_str(), 0) != 0 && errno != ENOENT) {
    throw_errno("unlink", log_file);
  }
  return directory;
}

void write_stream_names(const Fd& images, const std::vector<std::string>& names) {
  replace_file_at(images, kStreamNames, nlohmann::json(names).dump(), 0600);
}

std::vector<std::string> read_stream_names(const Fd& images) try {
  const auto text = read_if_exists_at(images, kStreamNames, kMaxStreamNames);
  if (!text) return {};
  return nlohmann::json::parse(*text).get<std::vector<std::string>>();
} catch (const nlohmann::json::exception&) {
  throw Error(std::string(kStreamNames) + " is damaged");
}

}  // namespace gocker
