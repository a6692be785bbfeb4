#include "imagetool/layer/tar_headers.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kSizeOffset = 124;
constexpr size_t kSizeLength = 12;
constexpr size_t kTypeOffset = 156;

// PAX headers ('x', Solaris' 'X'), global ones ('g'), GNU's long names ('L', 'K') and volume labels
// ('V'), Solaris' access control lists ('A'): what comes before the header of an entry.
constexpr std::string_view kExtendedTypes = "xXgLKVA";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

uint64_t size_of(std::string_view header) {
  std::string_view field = header.substr(kSizeOffset, kSizeLength);
  field = field.substr(0, field.find('\0'));
  const size_t end = field.find_last_not_of(' ');
  field = field.substr(0, end == std::string_view::npos ? 0 : end + 1);
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  uint64_t size = 0;
  for (const char c : field) {
    if (c < '0' || c > '7') throw Error("an extended header with a malformed size");
    size = size * 8 + static_cast<uint64_t>(c - '0');
  }
  return size;
}

// "123", "-5", and "1.25" where a fraction is allowed.
enum class Fraction { no, yes };
bool is_number(std::string_view text, Fraction fraction) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const size_t point = fraction == Fraction::yes ? text.find('.') : std::string_view::npos;
  if (point == std::string_view::npos) return all_digits(text);
  const std::string_view decimals = text.substr(point + 1);
  return all_digits(text.substr(0, point)) && (decimals.empty() || all_digits(decimals));
}

void check_record(std::string_view key, std::string_view value) {
  const std::string quoted = json_quote(key);
  const bool is_text = key == "path" || key == "linkpath" || key == "GNU.sparse.name";
  if (is_text && value.find('\0') != std::string_view::npos) {
    throw Error("the extended header's " + quoted + " has a NUL in it");
  }
  const bool is_integer = key == "size" || key == "uid" || key == "gid";
  const bool is_time = key == "mtime" || key == "atime" || key == "ctime";
  // An empty value takes a record of a global header back.
  if (value.empty() || (!is_integer && !is_time)) return;
  if (!is_number(value, is_time ? Fraction::yes : Fraction::no)) {
    throw Error("the extended header's " + quoted + " is no number");
  }
}

// Records are "LENGTH KEY=VALUE\n", where LENGTH counts the whole record.
void check_records(std::string_view records) {
  while (!records.empty()) {
    const size_t blank = records.find(' ');
    const std::optional<uint64_t> length =
        blank == std::string_view::npos ? std::nullopt : parse_u64(records.substr(0, blank));
    if (!length || *length > records.size() || *length < blank + 2 ||
        records[static_cast<size_t>(*length) - 1] != '\n') {
      throw Error("a malformed record in an extended header");
    }
    const auto end = static_cast<size_t>(*length);
    const std::string_view record = records.substr(blank + 1, end - blank - 2);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      throw Error("a record without a key in an extended header");
    }
    check_record(record.substr(0, equals), record.substr(equals + 1));
    records.remove_prefix(end);
  }
}

}  // namespace

void check_tar_headers(std::string_view headers) {
  while (headers.size() >= kBlock) {
    const std::string_view header = headers.substr(0, kBlock);
    const char type = header[kTypeOffset];
    if (kExtendedTypes.find(type) == std::string_view::npos) return;
    headers.remove_prefix(kBlock);
    const uint64_t size = size_of(header);
    if (size > headers.size()) throw Error("an extended header with a malformed size");
    if (type == 'x' || type == 'X') check_records(headers.substr(0, static_cast<size_t>(size)));
    const uint64_t padded = (size + kBlock - 1) / kBlock * kBlock;
    headers.remove_prefix(std::min<uint64_t>(padded, headers.size()));
  }
}

}  // namespace gocker
