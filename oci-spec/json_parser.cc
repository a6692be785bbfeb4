#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "oci-spec/error.h"
#include "oci-spec/json_fields.h"
#include "oci-spec/json_value.h"
#include "oci-spec/utf8.h"

namespace oci {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

char* append_utf8(char* out, uint32_t c) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  const auto put_rest = [&](int shift) { put(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put_rest(0);
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put_rest(6);
    put_rest(0);
  } else {
    put(0xF0 | (c >> 18));
    put_rest(12);
    put_rest(6);
    put_rest(0);
  }
  return out;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file, JsonLimits limits,
         std::pmr::memory_resource& memory)
      : text_(text), file_(file), limits_(limits), memory_(memory) {}

  JsonValue parse() {
    const JsonValue root = value(JsonPlace(file_), 0);
    if (next() != '\0') expected("the end");
    return root;
  }

 private:
  // The end of the text as NUL, which is not in it.
  char current() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  char next() {
    while (is_blank(current())) ++at_;
    return current();
  }

  bool take(char c) {
    if (next() != c) return false;
    ++at_;
    return true;
  }

  [[noreturn]] void refuse(std::string_view problem) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = std::ranges::count(before, '\n') + 1;
    const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    throw SpecError(file_,
                    "line " + std::to_string(line) + ", column " +
                        std::to_string(before.size() - line_start + 1),
                    problem);
  }

  [[noreturn]] void expected(std::string_view what) const {
    const char c = current();
    const std::string found = c == '\0'              ? "the end"
                              : c > 0x20 && c < 0x7F ? quote({&c, 1})
                                                     : "this";
    refuse(std::string("expected ").append(what).append(", not ").append(found));
  }

  JsonValue value(const JsonPlace& place, size_t depth) {
    if (++values_ > limits_.values) {
      JsonPlace(file_).refuse("has more than " + std::to_string(limits_.values) + " values");
    }
    switch (next()) {
      case '{':
        return {object(place, depth + 1)};
      case '[':
        return {list(place, depth + 1)};
      case '"':
        return {string()};
      case 't':
        return word("true", {true});
      case 'f':
        return word("false", {false});
      case 'n':
        return word("null", {nullptr});
      default:
        return number();
    }
  }

  JsonValue word(std::string_view spelling, JsonValue meaning) {
    if (!text_.substr(at_).starts_with(spelling)) expected("a value");
    at_ += spelling.size();
    return meaning;
  }

  void enter(const JsonPlace& place, size_t depth) {
    ++at_;
    if (depth > limits_.depth) {
      place.refuse("is nested more than " + std::to_string(limits_.depth) + " levels deep");
    }
  }

  // What was gathered since `first`, for good.
  template <class T>
  std::span<const T> keep(std::vector<T>& gathered, size_t first) {
    const size_t count = gathered.size() - first;
    if (count == 0) return {};
    T* const kept = static_cast<T*>(memory_.allocate(count * sizeof(T), alignof(T)));
    std::uninitialized_copy_n(gathered.begin() + static_cast<ptrdiff_t>(first), count, kept);
    gathered.resize(first);
    return {kept, count};
  }

  JsonList list(const JsonPlace& place, size_t depth) {
    enter(place, depth);
    const size_t first = items_.size();
    if (take(']')) return {};
    do {
      const JsonPlace here(place, items_.size() - first);
      items_.push_back(value(here, depth));
    } while (take(','));
    if (!take(']')) expected("',' or ']'");
    return keep(items_, first);
  }

  JsonObject object(const JsonPlace& place, size_t depth) {
    enter(place, depth);
    const size_t first = members_.size();
    if (take('}')) return {};
    do {
      if (next() != '"') expected("a name in quotes");
      const std::string_view name = string();
      if (!take(':')) expected("':'");
      const JsonPlace here(place, name);
      members_.push_back({name, value(here, depth)});
    } while (take(','));
    if (!take('}')) expected("',' or '}'");
    sort_members(place, first);
    return keep(members_, first);
  }

  void sort_members(const JsonPlace& place, size_t first) {
    const auto begin = members_.begin() + static_cast<ptrdiff_t>(first);
    std::ranges::sort(begin, members_.end(), {}, &JsonMember::name);
    const auto twice = std::ranges::adjacent_find(begin, members_.end(), {}, &JsonMember::name);
    if (twice == members_.end()) return;
    JsonPlace(place, twice->name).refuse("stands twice in the same object");
  }

  JsonValue number() {
    const size_t first = at_;
    if (current() == '-') ++at_;
    if (!is_digit(current())) expected(at_ == first ? "a value" : "a digit");
    if (current() == '0' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) {
      refuse("a number begins with no needless zero");
    }
    digits();
    bool integral = true;
    if (current() == '.') {
      integral = false;
      ++at_;
      digits();
    }
    if (current() == 'e' || current() == 'E') {
      integral = false;
      ++at_;
      if (current() == '+' || current() == '-') ++at_;
      digits();
    }
    const std::string_view digits = text_.substr(first, at_ - first);
    return integral ? integer(digits) : JsonValue{JsonReal{digits}};
  }

  void digits() {
    if (!is_digit(current())) expected("a digit");
    while (is_digit(current())) ++at_;
  }

  static JsonValue integer(std::string_view digits) {
    uint64_t positive = 0;
    int64_t negative = 0;
    const char* end = digits.data() + digits.size();
    if (digits[0] != '-') {
      const auto read = std::from_chars(digits.data(), end, positive);
      return read.ec == std::errc() ? JsonValue{positive} : JsonValue{JsonReal{digits}};
    }
    const auto read = std::from_chars(digits.data(), end, negative);
    if (read.ec != std::errc()) return {JsonReal{digits}};
    return negative == 0 ? JsonValue{positive} : JsonValue{negative};
  }

  // As it stands in the text, or spelled out where it has escapes.
  std::string_view string() {
    const size_t first = ++at_;
    skip_plain_text();
    if (current() == '"') return text_.substr(first, at_++ - first);
    return unescaped(first);
  }

  void skip_plain_text() {
    while (true) {
      const auto c = static_cast<unsigned char>(current());
      if (c == '"' || c == '\\') return;
      if (c == 0) refuse("a text has no closing quote");
      if (c < 0x20) refuse("a control character in a text must be escaped");
      const size_t length = c < 0x80 ? 1 : utf8_length(text_.substr(at_));
      if (length == 0) refuse("a text is not UTF-8");
      at_ += length;
    }
  }

  std::string_view unescaped(size_t first) {
    // No escape is shorter than what it stands for.
    const size_t end = closing_quote();
    char* const kept = static_cast<char*>(memory_.allocate(end - first, 1));
    char* out = std::copy_n(text_.data() + first, at_ - first, kept);
    while (current() != '"') {
      ++at_;
      out = escape(out);
      const size_t plain = at_;
      skip_plain_text();
      out = std::copy_n(text_.data() + plain, at_ - plain, out);
    }
    ++at_;
    return {kept, static_cast<size_t>(out - kept)};
  }

  size_t closing_quote() const {
    size_t at = at_;
    while (at < text_.size() && text_[at] != '"') at += text_[at] == '\\' ? size_t{2} : size_t{1};
    return std::min(at, text_.size());
  }

  char* escape(char* out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = current();
    if (letter == 'u') return append_utf8(out, character());
    const size_t known = letter == '\0' ? std::string_view::npos : kLetters.find(letter);
    if (known == std::string_view::npos) refuse("an unknown escape in a text");
    ++at_;
    *out = kMeanings[known];
    return out + 1;
  }

  // Of "u0041", or of the two halves of a surrogate pair.
  uint32_t character() {
    const uint32_t unit = code_unit();
    if (unit < 0xD800 || unit >= 0xE000) return unit;
    if (unit >= 0xDC00 || !text_.substr(at_).starts_with("\\u")) refuse_half_pair();
    ++at_;
    const uint32_t low = code_unit();
    if (low < 0xDC00 || low >= 0xE000) refuse_half_pair();
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }

  [[noreturn]] void refuse_half_pair() const { refuse("a text has half of a surrogate pair"); }

  uint32_t code_unit() {
    const std::string_view hex = text_.substr(at_ + 1, 4);
    uint32_t unit = 0;
    const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), unit, 16);
    if (hex.size() != 4 || read.ptr != hex.data() + 4) refuse("\\u takes four hexadecimal digits");
    at_ += 5;
    return unit;
  }

  std::string_view text_;
  std::string_view file_;
  JsonLimits limits_;
  std::pmr::memory_resource& memory_;
  size_t at_ = 0;
  size_t values_ = 0;
  // Of the lists and objects that are still open.
  std::vector<JsonValue> items_;
  std::vector<JsonMember> members_;
};

}  // namespace

JsonValue parse_json(std::string_view text, std::string_view file, JsonLimits limits,
                     std::pmr::memory_resource& memory) {
  if (text.size() > limits.bytes) {
    throw SpecError(file, "",
                    "has " + std::to_string(text.size()) + " bytes; at most " +
                        std::to_string(limits.bytes) + " are accepted");
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw SpecError(file, "", "has a NUL byte at offset " + std::to_string(nul));
  }
  return Parser(text, file, limits, memory).parse();
}

}  // namespace oci
