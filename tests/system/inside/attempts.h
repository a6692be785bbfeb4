// Single acts that a container may or may not be allowed: each answers with one line.
#pragma once

#include <string>
#include <vector>

namespace inside {

// Does what `words` say, {"write", "/etc/motd", "hello"}, and returns what came of it: the answer
// or "ok"; the name of the errno ("EROFS") where it failed.
std::string attempt(const std::vector<std::string>& words);

}  // namespace inside
