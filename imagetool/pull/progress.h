// What a person, or a program, sees of a pull or push on stderr. On a terminal: a line with a bar
// for each layer, drawn anew. Elsewhere: plain lines. Neither says anything in the first second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

inline constexpr std::string_view kDownloading = "downloading";
inline constexpr std::string_view kUploading = "uploading";

// How far one layer has come.
struct ProgressRow {
  std::string name;         // "layer 2 of 5"
  std::string_view action;  // kDownloading, "unpacking", "done", ...: a literal
  uint64_t done = 0;        // bytes
  uint64_t total = 0;
};

class Progress {
 public:
  enum class Style { silent, lines, bar, json };

  // Bar where stderr is a terminal, else lines.
  static Style style_of_stderr();
  // auto, tty, plain, json or none. Throws for another word.
  static Style parse(std::string_view text);

  // `action` is the one that is summed up for logs, where all rows count together.
  explicit Progress(Style style, std::string_view action = kDownloading)
      : style_(style), action_(action) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // takes the bars away

  // How far all layers have come. May be called as often as one likes.
  void update(const std::vector<ProgressRow>& rows);
  // Something is finished: "layer 2 of 5 (12.3 MB): downloaded".
  void finished(std::string_view what);
  // What a person must know of a choice that was made for him: always shown.
  void note(std::string_view message);
  // A line that is always shown, whatever the style.
  void warn(std::string_view message);

 private:
  using Clock = std::chrono::steady_clock;

  bool early() const;
  bool due(std::chrono::milliseconds interval);
  void draw(const std::vector<ProgressRow>& rows);
  void clear();

  std::string summary_of(const std::vector<ProgressRow>& rows) const;

  const Style style_;
  const std::string_view action_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point shown_at_ = start_;
  size_t drawn_ = 0;  // lines on the screen that are ours
};

// "layer 2 of 5", for the index 1.
std::string layer_name(size_t index, size_t count);

// "12.3 MB"; units of 1000 bytes, as registries and disks count.
std::string human_size(uint64_t bytes);

}  // namespace gocker
