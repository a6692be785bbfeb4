// Files that a person asks a command to write.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/fd.h"

namespace gocker::cli {

// Stdout ("-"), or a file that is there once it is whole: it is written beside its name, and
// renamed at the end. What is there and no file (a pipe, /dev/null) is written to as it is. Mode
// 0644 less the umask.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();  // removes what was not committed

  const Fd& file() const { return file_; }
  void commit();

 private:
  std::string path_;
  std::string temporary_;  // a name in the same directory; empty: there is none
  Fd directory_;
  Fd file_;
};

void write_output_file(const std::string& path, std::string_view content);

}  // namespace gocker::cli
