#include "runtime/base/error.h"

#include <cerrno>
#include <cstring>
#include <vector>

namespace gocker {

thread_local Doing* Doing::innermost_ = nullptr;

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
    : text_(Doing::chain().append(reason)), code_(code) {}

Error Error::from_text(std::string text, int code) {
  Error error;
  error.text_ = std::move(text);
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
