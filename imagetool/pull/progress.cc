#include "imagetool/pull/progress.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace gocker {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::milliseconds kRedraw{100};
constexpr size_t kBarWidth = 30;

std::string bar(uint64_t done, uint64_t total) {
  const double part = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  const auto filled = std::min(kBarWidth, static_cast<size_t>(part * kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

Progress::Style Progress::style_of_stderr() {
  return ::isatty(STDERR_FILENO) == 1 ? Style::bar : Style::lines;
}

Progress::~Progress() {
  clear();
}

bool Progress::early() const {
  return Clock::now() - start_ < kPatience;
}

void Progress::clear() {
  if (drawn_) print("\r\033[K");
  drawn_ = false;
}

void Progress::update(std::string_view action, uint64_t done, uint64_t total) {
  if (style_ != Style::bar || early()) return;
  const auto now = Clock::now();
  if (now - drawn_at_ < kRedraw) return;
  drawn_at_ = now;
  print(std::string("\r\033[K")
            .append(bar(done, total))
            .append(" ")
            .append(action)
            .append(" ")
            .append(human_size(done))
            .append(" of ")
            .append(human_size(total)));
  drawn_ = true;
}

void Progress::finished(std::string_view what) {
  if (style_ != Style::lines || early()) return;
  print(std::string(what).append("\n"));
}

void Progress::note(std::string_view message) {
  clear();
  print(std::string("gocker-image: ").append(message).append("\n"));
}

void Progress::warn(std::string_view message) {
  clear();
  print(std::string("gocker-image: warning: ").append(message).append("\n"));
}

std::string human_size(uint64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value,
                kUnits[unit]);
  return text;
}

}  // namespace gocker
