#include "imagetool/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker::cli {
namespace {

constexpr mode_t kMode = 0644;

bool is_no_file(const std::string& path) {
  const Fd there = open_if_exists(path, O_PATH);
  return there && !S_ISREG(stat_fd(there, path).st_mode);
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (path == "-") {
    file_ = Fd(check(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "write to stdout"));
  } else if (is_no_file(path)) {
    file_ = open_file(path, O_WRONLY);
  } else {
    const SplitPath parts = split_path(path);
    const std::string parent =
        parts.parent.empty() ? (path[0] == '/' ? "/" : ".") : std::string(parts.parent);
    directory_ = open_file(parent, O_RDONLY | O_DIRECTORY);
    temporary_ = "." + std::string(parts.name) + "." + std::to_string(::getpid());
    file_ = open_file_at(directory_, temporary_, O_WRONLY | O_CREAT | O_EXCL, kMode);
  }
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlinkat(directory_.get(), temporary_.c_str(), 0);
}

void OutputFile::commit() {
  if (temporary_.empty()) return;
  const std::string name(split_path(path_).name);
  check(::renameat(directory_.get(), temporary_.c_str(), directory_.get(), name.c_str()), "rename",
        path_);
  temporary_.clear();
}

void write_output_file(const std::string& path, std::string_view content) {
  OutputFile out(path);
  write_all(out.file(), content, path);
  out.commit();
}

}  // namespace gocker::cli
