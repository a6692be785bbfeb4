// What commands print. Nothing of gocker-runtime goes through an iostream.
#pragma once

#include <string_view>

namespace gocker::cli {

// All of it to stdout; an Error where that can't take it (a full disk, a closed pipe).
void print(std::string_view text);

}  // namespace gocker::cli
