#include "tests/unit/linux/isolation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {

void in_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t pid = check(::fork(), "fork");
  if (pid == 0) {
    try {
      body();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "exception: " << error.what();
    }
    std::fflush(nullptr);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  check(::waitpid(pid, &status, 0), "waitpid");
  EXPECT_EQ(status, 0) << "the child in its own namespaces failed";
}

void in_mount_namespace(const std::function<void()>& body, uint64_t more_flags) {
  in_child([&] {
    check(::unshare(static_cast<int>(CLONE_NEWNS | more_flags)), "unshare");
    check(::mount("", "/", "", MS_PRIVATE | MS_REC, ""), "mount");
    body();
  });
}

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

bool MountEntry::has_option(const std::string& name) const {
  for (const std::string_view option : split(options, ',')) {
    if (option == name) return true;
  }
  return false;
}

std::vector<MountEntry> mount_table(const std::string& file) {
  std::vector<MountEntry> entries;
  const std::string table = read_file(file);
  for (const std::string_view line : split(table, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string_view> fields = split(line, ' ');
    MountEntry entry;
    entry.mount_point = fields.at(4);
    entry.options = fields.at(5);
    size_t next = 6;
    for (; fields.at(next) != "-"; ++next) {
      if (!entry.propagation.empty()) entry.propagation += " ";
      entry.propagation += fields.at(next);
    }
    entry.type = fields.at(next + 1);
    entry.source = fields.at(next + 2);
    entry.super_options = fields.at(next + 3);
    entries.push_back(entry);
  }
  return entries;
}

MountEntry mount_at(const std::string& path) {
  MountEntry found;
  for (const MountEntry& entry : mount_table()) {
    if (entry.mount_point == path) found = entry;
  }
  EXPECT_FALSE(found.mount_point.empty()) << "nothing is mounted at " << path;
  return found;
}

void make_file(const std::string& path, const std::string& content) {
  const Fd fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  write_all(fd, content, path);
}

std::string content_of(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return "error: " + errno_text(errno);
  return read_all(fd, path);
}

int write_error(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  return fd ? 0 : errno;
}

}  // namespace gocker
