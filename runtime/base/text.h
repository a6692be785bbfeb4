// Small text work: splitting, joining, strict numbers, quoting.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

// Every field, empty ones too: split("a::b", ':') is {"a", "", "b"}; split("", ':') is {""}.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// Without white space (blank, tab, CR, LF) at both ends.
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);

// A decimal number and nothing else (no sign but a leading '-', no blank, no 0x), or nothing.
std::optional<uint64_t> parse_u64(std::string_view text,
                                  uint64_t maximum = std::numeric_limits<uint64_t>::max());
std::optional<uint32_t> parse_u32(std::string_view text);
std::optional<int64_t> parse_i64(std::string_view text);
std::optional<uint32_t> parse_octal(std::string_view text);

// "text" as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

// The candidate that is likely meant by a mistyped word; empty where none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// Seconds since the epoch, nanoseconds -> RFC 3339 in UTC: 2026-11-22T18:56:51.123456789Z.
std::string rfc3339(int64_t seconds, uint32_t nanoseconds);
std::string rfc3339_now();

}  // namespace gocker
