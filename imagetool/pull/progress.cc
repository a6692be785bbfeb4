#include "imagetool/pull/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::milliseconds kReport{500};     // to a program
constexpr std::chrono::milliseconds kInterval{5000};  // to a log that a person reads
constexpr size_t kBarWidth = 30;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

bool is_finished(const ProgressRow& row) {
  return row.action == "done";
}

std::string bar(const ProgressRow& row) {
  const double part =
      row.total == 0 ? 1.0 : static_cast<double>(row.done) / static_cast<double>(row.total);
  const auto filled = std::min(kBarWidth, static_cast<size_t>(part * kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
}

std::string amount(uint64_t done, uint64_t total) {
  return human_size(done) + " of " + human_size(total);
}

std::string line_of(const ProgressRow& row) {
  return row.name + " " + bar(row) + " " + std::string(row.action) + " " +
         amount(row.done, row.total);
}

std::string json_of(const ProgressRow& row) {
  return "{\"name\":" + json_quote(row.name) + ",\"action\":" + json_quote(row.action) +
         ",\"done\":" + std::to_string(row.done) + ",\"total\":" + std::to_string(row.total) +
         "}\n";
}

winsize screen() {
  winsize size{};
  ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
  if (size.ws_row == 0) size.ws_row = 24;
  if (size.ws_col == 0) size.ws_col = 80;
  return size;
}

// The rows that fit on the screen: finished ones make room first, then those that come last.
std::vector<const ProgressRow*> visible(const std::vector<ProgressRow>& rows, size_t room) {
  std::vector<const ProgressRow*> shown;
  for (const ProgressRow& row : rows) {
    if (rows.size() <= room || !is_finished(row)) shown.push_back(&row);
  }
  if (shown.size() > room) shown.resize(room);
  return shown;
}

}  // namespace

Progress::Style Progress::style_of_stderr() {
  return ::isatty(STDERR_FILENO) == 1 ? Style::bar : Style::lines;
}

Progress::Style Progress::parse(std::string_view text) {
  if (text == "auto") return style_of_stderr();
  if (text == "tty") return Style::bar;
  if (text == "plain") return Style::lines;
  if (text == "json") return Style::json;
  if (text == "none") return Style::silent;
  throw Error("'" + std::string(text) + "' is no kind of progress: auto, tty, plain, json or none");
}

Progress::~Progress() {
  clear();
}

bool Progress::early() const {
  return Clock::now() - start_ < kPatience;
}

bool Progress::due(std::chrono::milliseconds interval) {
  const auto now = Clock::now();
  if (now - shown_at_ < interval) return false;
  shown_at_ = now;
  return true;
}

// To the first of our lines and down to the end of the screen.
void Progress::clear() {
  if (drawn_ == 0) return;
  print((drawn_ > 1 ? "\033[" + std::to_string(drawn_ - 1) + "A" : std::string()) + "\r\033[J");
  drawn_ = 0;
}

void Progress::draw(const std::vector<ProgressRow>& rows) {
  const winsize size = screen();
  clear();
  std::string text;
  for (const ProgressRow* row : visible(rows, std::max<size_t>(size.ws_row, 2) - 1)) {
    if (drawn_ != 0) text += '\n';
    text += line_of(*row).substr(0, size.ws_col - size_t{1});
    ++drawn_;
  }
  print(text);
}

std::string Progress::summary_of(const std::vector<ProgressRow>& rows) const {
  uint64_t done = 0;
  uint64_t total = 0;
  for (const ProgressRow& row : rows) {
    done += row.action == action_ ? row.done : row.total;
    total += row.total;
  }
  const auto finished = std::count_if(rows.begin(), rows.end(), is_finished);
  return amount(done, total) + (action_ == kUploading ? " uploaded, " : " downloaded, ") +
         std::to_string(finished) + " of " + std::to_string(rows.size()) + " layers finished";
}

void Progress::update(const std::vector<ProgressRow>& rows) {
  if (style_ == Style::bar && !early() && due(kRedraw)) draw(rows);
  if (style_ == Style::lines && due(kInterval)) print(summary_of(rows) + "\n");
  if (style_ != Style::json || !due(kReport)) return;
  std::string text;
  for (const ProgressRow& row : rows) text += json_of(row);
  print(text);
}

void Progress::finished(std::string_view what) {
  if (style_ == Style::json) print("{\"finished\":" + json_quote(what) + "}\n");
  if (style_ == Style::lines && !early()) print(std::string(what).append("\n"));
}

void Progress::note(std::string_view message) {
  clear();
  if (style_ == Style::json) return print("{\"note\":" + json_quote(message) + "}\n");
  print(std::string("gocker-image: ").append(message).append("\n"));
}

void Progress::warn(std::string_view message) {
  clear();
  if (style_ == Style::json) return print("{\"warning\":" + json_quote(message) + "}\n");
  print(std::string("gocker-image: warning: ").append(message).append("\n"));
}

std::string layer_name(size_t index, size_t count) {
  return "layer " + std::to_string(index + 1) + " of " + std::to_string(count);
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
