// One group of one hierarchy, by descriptor, and its control files.
//
// The way to it holds no symlinks, and it must lie on a cgroup filesystem: a recorded path whose
// hierarchy was unmounted meanwhile is refused. Errors never say "No such file or directory":
// engines would take that for the container's program.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

// Whether the table of mounts says, in this very run, that it is one of control groups.
enum class Filesystem { known, to_be_checked };

class GroupDirectory {
 public:
  static GroupDirectory open(const std::string& directory,
                             Filesystem filesystem = Filesystem::to_be_checked);
  static std::optional<GroupDirectory> open_if_exists(
      const std::string& directory, Filesystem filesystem = Filesystem::to_be_checked);
  // The group above; nothing where this one is what the hierarchy's mount shows at its root.
  std::optional<GroupDirectory> parent() const;

  const std::string& path() const { return path_; }
  const Fd& fd() const { return fd_; }

  bool has(const std::string& file) const;
  std::string read(const std::string& file) const;
  std::optional<std::string> read_if_exists(const std::string& file) const;
  // Of a file that the kernel shows as one record (a value, a list in one line): a read that gets
  // less than it asked for has met its end. Empty where it is absent.
  std::string read_record(const std::string& file) const;
  void write(const std::string& file, std::string_view value) const;
  // The errno, 0 for success.
  int try_write(const std::string& file, std::string_view value) const;
  Fd open_file(const std::string& file, int flags) const;

 private:
  Fd open_to_read(const std::string& file) const;

  GroupDirectory(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Fd fd_;
  std::string path_;
};

// A control file by its whole path, under the same rules.
Fd open_control_file(const std::string& path, int flags,
                     Filesystem filesystem = Filesystem::to_be_checked);

// The groups above it, from what the hierarchy's mount shows at its root on.
std::vector<GroupDirectory> groups_above(const GroupDirectory& group);

// Throws "write VALUE to FILE of DIRECTORY: REASON", after the prefix and before the hint.
[[noreturn]] void throw_write_failure(int code, const GroupDirectory& group,
                                      const std::string& file, std::string_view value,
                                      std::string_view prefix = {}, std::string_view hint = {});

// Whether an errno tells that a group, or a file of it, is not there or has been removed while it
// was held open.
bool is_gone(int code);

// "No space left on device", but "it is not there" for ENOENT.
std::string control_file_reason(int code);

// The value of a line "NAME VALUE" of a file such as cgroup.events; empty where there is none.
std::string_view flat_value(std::string_view content, std::string_view name);

}  // namespace gocker
