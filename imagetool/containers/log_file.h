// A container's log as conmon keeps it: lines of "TIME STREAM F|P TEXT", P where the line goes on
// in the next one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "imagetool/containers/places.h"

namespace gocker {

struct LogLine {
  std::string_view time;  // RFC 3339
  bool is_error = false;  // of stderr
  bool is_partial = false;
  std::string_view text;
};

// Nothing where the line is not of this form.
std::optional<LogLine> parse_log_line(std::string_view line);

struct LogOptions {
  bool follow = false;  // until the container has ended
  bool timestamps = false;
  std::optional<uint64_t> tail;  // this many lines from the end
  std::string since;             // RFC 3339 in UTC; empty: all
  std::string until;
};

// "10m", "2026-11-22T18:56:51Z", "2026-11-22" or seconds since the epoch, as RFC 3339 in UTC.
// `now` is seconds since the epoch. Throws "'...' is no time: ...".
std::string parse_log_time(std::string_view text, int64_t now);

// Writes the log to stdout and stderr, as it was written there.
void print_log(const Places& places, const std::string& id, const LogOptions& options);

}  // namespace gocker
