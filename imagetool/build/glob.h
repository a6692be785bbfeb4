// Patterns of file names: * ? [a-z] [^a-z] and \ before a character that is meant itself.
#pragma once

#include <string_view>

namespace gocker {

// Whether `path` as a whole fits. * and ? take no slash, as Go's filepath.Match has it; a ** takes
// any number of whole components ("a/**/b", "**/*.o", "doc/**").
bool fits_path(std::string_view pattern, std::string_view path);

// The same for any text: a slash is like other characters, ** like *.
bool fits_text(std::string_view pattern, std::string_view text);

// Throws where the pattern is malformed: "[a", "[]", a \ at the end.
void check_pattern(std::string_view pattern);

bool has_wildcard(std::string_view pattern);

}  // namespace gocker
