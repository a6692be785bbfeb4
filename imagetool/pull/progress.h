// What a person sees of a pull: nothing where it takes less than a second; then a line a layer, or
// on a terminal one line that is drawn anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace gocker {

class Progress {
 public:
  enum class Style { silent, lines, bar };

  // Bar where stderr is a terminal, else lines.
  static Style style_of_stderr();

  explicit Progress(Style style) : style_(style) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // takes the bar away

  // How far the whole has come: "downloading", bytes.
  void update(std::string_view action, uint64_t done, uint64_t total);
  // Something is finished: "layer 2 of 5 (12.3 MB): downloaded".
  void finished(std::string_view what);
  // What a person must know of a choice that was made for him: always shown.
  void note(std::string_view message);
  // A line that is always shown, whatever the style.
  void warn(std::string_view message);

 private:
  bool early() const;
  void clear();

  using Clock = std::chrono::steady_clock;
  const Style style_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_at_{};
  bool drawn_ = false;
};

// "12.3 MB"; units of 1000 bytes, as registries and disks count.
std::string human_size(uint64_t bytes);

}  // namespace gocker
