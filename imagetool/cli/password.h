// What a person types and what must not be seen.
#pragma once

#include <string>

namespace gocker::cli {

// Both ask on the terminal, with `prompt`; the second shows nothing of what is typed. Throw where
// stdin is no terminal or nothing is typed.
std::string ask(const std::string& prompt);
std::string ask_password(const std::string& prompt);

// All of stdin but the newline at its end; throws where that is nothing.
std::string password_from_stdin();

}  // namespace gocker::cli
