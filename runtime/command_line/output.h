// What commands print. Nothing of it goes through an iostream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/command_line/options.h"

namespace gocker::cli {

// All of it to stdout; an Error where that can't take it (a full disk, a closed pipe).
void print(std::string_view text);

// "gocker-image: MESSAGE" to stderr (the program as it was called) as one line, whatever the
// message holds.
void print_error(std::string_view message);

// --format of the commands that list something.
enum class Format { table, json };
Format table_or_json(const Arguments& arguments);

// Columns as wide as their widest cell, two blanks apart; the first row is the header.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace gocker::cli
