// Files that a person asks a command to write.
#pragma once

#include <string>
#include <string_view>

namespace gocker::cli {

// Writes the file anew, or makes it (mode 0644 less the umask).
void write_output_file(const std::string& path, std::string_view content);

}  // namespace gocker::cli
