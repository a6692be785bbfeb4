// What the commands write.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gocker::cli {

// To stdout, at once and in full; throws where it cannot be written (a full disk).
void print(std::string_view text);

// "gocker-image: MESSAGE" to stderr (the program as it was called) as one line, whatever the
// message holds.
void print_error(std::string_view message);

// Columns as wide as their widest cell, two blanks apart; the first row is the header.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace gocker::cli
