// The message of an exception that a call throws.
#pragma once

#include <exception>
#include <string>

namespace gocker {

// What the message of the Error is that `function` throws.
template <class Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace gocker
