// The answers of a registry that is asked for a repository's tags (distribution-spec, "Listing
// Tags").
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gocker {

// Appends the tags of one page, {"name": "...", "tags": ["...", ...]}; "tags" may be null. Throws
// for anything else.
void append_tags(std::string_view json, std::vector<std::string>& tags);

// Of the header Link: `</v2/NAME/tags/list?n=1000&last=x>; rel="next"`, the query of the next page
// with its question mark; empty where this was the last page. The rest of the address is not
// taken from the registry: the next page is asked for where this one was.
std::string next_page(std::string_view link);

}  // namespace gocker
