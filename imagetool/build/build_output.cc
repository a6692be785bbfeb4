#include "imagetool/build/build_output.h"

#include <unistd.h>

namespace gocker {
namespace {

// A Dockerfile may hold anything: no control character of it reaches a terminal.
std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return shown;
}

std::string with_cached(std::string_view instruction, BuildOutput::Cached cached) {
  return std::string(instruction) + (cached == BuildOutput::Cached::yes ? " CACHED" : "");
}

}  // namespace

void BuildOutput::step(std::string_view instruction, Cached cached) {
  ++current_;
  if (verbosity_ == BuildOptions::Verbosity::quiet) return;
  line("STEP " + std::to_string(current_) + "/" + std::to_string(total_) + ": " +
       with_cached(instruction, cached));
}

void BuildOutput::trigger(std::string_view instruction, Cached cached) {
  if (verbosity_ == BuildOptions::Verbosity::quiet) return;
  line("STEP " + std::to_string(current_) + "/" + std::to_string(total_) + ": ONBUILD " +
       with_cached(instruction, cached));
}

void BuildOutput::note(std::string_view text) {
  if (verbosity_ == BuildOptions::Verbosity::normal) line(text);
}

void BuildOutput::warn(std::string_view text) {
  line("warning: " + std::string(text));
}

void BuildOutput::line(std::string_view text) const {
  const std::string bytes = printable(text) + "\n";
  // Where nobody can read it, the build goes on.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, bytes.data(), bytes.size());
}

}  // namespace gocker
