#include "imagetool/cli/output_file.h"

#include <fcntl.h>

#include "runtime/base/file.h"

namespace gocker::cli {

void write_output_file(const std::string& path, std::string_view content) {
  const Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  write_all(file, content, path);
}

}  // namespace gocker::cli
