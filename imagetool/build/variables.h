// Variables and quotes in the words of a Dockerfile, as a shell reads them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gocker {

// The value of a variable; nothing where it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// Takes quotes and escapes off and puts values in: $X, ${X}, ${X:-word}, ${X:+word}, ${X:?word}
// (without the colon an empty value counts as one), ${X#pattern}, ${X##pattern}, ${X%pattern},
// ${X%%pattern}. Nothing is replaced within single quotes. Throws for a quote or brace without its
// end, for other forms, and where ${X:?word} finds nothing.
std::string expand(std::string_view text, char escape, const Lookup& lookup);

// Variables alone, for the content of here-documents: quotes stay as they are.
std::string expand_variables(std::string_view text, char escape, const Lookup& lookup);

}  // namespace gocker
