#include "imagetool/object_name.h"

#include <sys/random.h>

#include <algorithm>
#include <vector>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kLongestName = 128;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_object_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && is_letter_or_digit(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-';
         });
}

void check_object_name(std::string_view name, std::string_view kind) {
  if (is_object_name(name)) return;
  throw Error(std::string("'")
                  .append(name)
                  .append("' is no name for a ")
                  .append(kind)
                  .append(": it takes letters, digits, '_', '.' and '-', a letter or digit first, "
                          "at most 128"));
}

std::string random_hex(size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::vector<unsigned char> bytes(digits / 2);
  check(::getrandom(bytes.data(), bytes.size(), 0), "getrandom");
  std::string text;
  text.reserve(digits);
  for (const unsigned byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace gocker
