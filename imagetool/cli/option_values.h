// Tables of options as one, and values of options as what they stand for.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/command_line/options.h"

namespace gocker::cli {

// Two tables as one.
template <size_t First, size_t Second>
constexpr std::array<Option, First + Second> join_tables(const std::array<Option, First>& first,
                                                         const std::array<Option, Second>& second) {
  std::array<Option, First + Second> joined{};
  for (size_t i = 0; i < First; ++i) joined[i] = first[i];
  for (size_t i = 0; i < Second; ++i) joined[First + i] = second[i];
  return joined;
}

// What `parse` makes of `text`; its Errors become UsageErrors that name the option.
template <class Parse>
auto parse_option(std::string_view name, const std::string& text, Parse parse) try {
  return parse(text);
} catch (const Error& error) {
  throw UsageError(std::string("--").append(name).append(": ").append(error.what()));
}

}  // namespace gocker::cli
