#include "runtime/base/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace gocker {
namespace {

// Names come from images and configurations: a newline must not make two lines of one, nor an
// escape sequence rule the terminal on which it is read.
std::string one_line(std::string text) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::none_of(text.begin(), text.end(), is_control)) return text;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      line += "\\n";
    } else if (is_control(byte)) {
      line.append("\\x").append({kDigits[byte >> 4], kDigits[byte & 15]});
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace

constinit thread_local Doing* Doing::innermost_ = nullptr;

std::string Doing::chain() {
  std::vector<const Doing*> steps;
  for (const Doing* step = innermost_; step != nullptr; step = step->outer_) steps.push_back(step);
  std::string text;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    text += (*step)->action_;
    if (!(*step)->object_.empty()) text.append(" ").append((*step)->object_);
    text += ": ";
  }
  return text;
}

Error::Error(std::string_view reason, int code)
    : text_(one_line(Doing::chain().append(reason))), code_(code) {}

Error Error::from_text(std::string text, int code) {
  Error error;
  error.text_ = one_line(std::move(text));
  error.code_ = code;
  return error;
}

std::string errno_text(int code) {
  char buffer[128];
  return ::strerror_r(code, buffer, sizeof buffer);
}

void throw_errno(const char* call, std::string_view argument) {
  throw_errno_value(errno, call, argument);
}

void throw_errno_value(int code, const char* call, std::string_view argument) {
  std::string reason(call);
  if (!argument.empty()) reason.append(" ").append(argument);
  throw Error(reason.append(": ").append(errno_text(code)), code);
}

}  // namespace gocker
