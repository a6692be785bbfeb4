// What several commands that make named things share.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace gocker::cli {

// "KEY=VALUE" or "KEY" each; the last one of a key counts. Throws UsageError for an empty key.
std::map<std::string, std::string> parse_labels(const std::vector<std::string>& texts);

// Acts on each of what a person named and prints its name; one that fails is told and does not keep
// the others. Throws ExitCode(1) at the end where one did.
void for_each_name(const std::vector<std::string>& names,
                   const std::function<void(const std::string& name)>& act);

}  // namespace gocker::cli
