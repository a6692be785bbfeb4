// What commands print. Nothing of gocker-runtime goes through an iostream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/command_line/options.h"

namespace gocker::cli {

// All of it to stdout; an Error where that can't take it (a full disk, a closed pipe).
void print(std::string_view text);

// --format of the commands that list something.
enum class Format { table, json };
Format table_or_json(const Arguments& arguments);

// Columns side by side, as wide as their widest entry.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace gocker::cli
