// What the program reads of the file system: whole files, links, directories.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

namespace inside {

// Nothing where the file cannot be read; errno says why.
std::optional<std::string> read_text(const std::string& path);
// "" where it is no link.
std::string read_link(const std::string& path);
// Sorted, without "." and "..".
std::vector<std::string> entries_of(const std::string& directory);
std::vector<std::string> lines_of(const std::string& path);

// "file", "directory", "link", "char", "block", "fifo", "socket".
const char* type_name(mode_t mode);
// "0644".
std::string octal(mode_t mode);

}  // namespace inside
