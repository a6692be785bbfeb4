// What a race's two sides tell each other, in a file that both map: the attacker counts, the tracer
// looks at the count where the attacked program's window opens and closes.
//
// The window opens with the first call that looks up the path which is being exchanged, and closes
// with the call that uses what was found: a mount, or a new entry made there.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace gocker::tracer {

struct RaceCounters {
  std::atomic<uint64_t> exchanges;  // all that were made
  std::atomic<uint64_t> inside;     // of them, those within a window
  std::atomic<uint64_t> windows;    // those that were open for a moment
};

// Maps the counters of a file, which is made where it is missing. They stay mapped for good.
RaceCounters& map_race_counters(const std::string& file);

class RaceWindows {
 public:
  // `watched` is a part of the path that is being exchanged.
  RaceWindows(std::string watched, const std::string& counters_file)
      : watched_(std::move(watched)), counters_(map_race_counters(counters_file)) {}

  // A call that is about to happen.
  void see(std::string_view call, std::string_view path);

 private:
  std::string watched_;
  RaceCounters& counters_;
  bool open_ = false;
  uint64_t exchanges_at_opening_ = 0;
};

}  // namespace gocker::tracer
