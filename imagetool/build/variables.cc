#include "imagetool/build/variables.h"

#include "imagetool/build/glob.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kMaxDepth = 50;  // of ${A:-${B:-...}}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name_part(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}

// The shortest or longest part at the start or end of `value` that fits is cut off.
std::string cut_prefix(const std::string& value, const std::string& pattern, bool longest) {
  for (size_t i = 0; i <= value.size(); ++i) {
    const size_t length = longest ? value.size() - i : i;
    if (fits_text(pattern, std::string_view(value).substr(0, length))) return value.substr(length);
  }
  return value;
}

std::string cut_suffix(const std::string& value, const std::string& pattern, bool longest) {
  for (size_t i = 0; i <= value.size(); ++i) {
    const size_t start = longest ? i : value.size() - i;
    if (fits_text(pattern, std::string_view(value).substr(start))) return value.substr(0, start);
  }
  return value;
}

class Expansion {
 public:
  enum class Quotes { taken_off, kept };

  Expansion(std::string_view text, char escape, const Lookup& lookup, Quotes quotes)
      : text_(text), escape_(escape), lookup_(lookup), quotes_(quotes) {}

  std::string run() {
    std::string result;
    while (!at_end()) append_next(result);
    return result;
  }

 private:
  bool at_end() const { return position_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_]; }

  void append_next(std::string& result) {
    const char c = text_[position_];
    if (c == '$') return append_variable(result);
    if (c == escape_) return append_escaped(result);
    if (quotes_ == Quotes::taken_off && c == '\'') return append_single_quoted(result);
    if (quotes_ == Quotes::taken_off && c == '"') return append_double_quoted(result);
    result += c;
    ++position_;
  }

  void append_escaped(std::string& result) {
    ++position_;
    if (at_end()) {
      result += escape_;
      return;
    }
    const bool is_meant = quotes_ == Quotes::taken_off || peek() == '$' || peek() == escape_;
    if (!is_meant) result += escape_;
    result += text_[position_++];
  }

  void append_single_quoted(std::string& result) {
    const size_t end = text_.find('\'', position_ + 1);
    if (end == std::string_view::npos) throw Error("a ' without its end");
    result += text_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
  }

  void append_double_quoted(std::string& result) {
    for (++position_; peek() != '"' || at_end();) {
      if (at_end()) throw Error("a \" without its end");
      const char c = peek();
      if (c == '$') {
        append_variable(result);
        continue;
      }
      ++position_;
      if (c == escape_ && (peek() == '"' || peek() == '$' || peek() == escape_)) {
        result += text_[position_++];
      } else {
        result += c;
      }
    }
    ++position_;
  }

  void append_variable(std::string& result) {
    ++position_;
    if (peek() == '{') {
      ++position_;
      result += braced_value();
    } else if (is_name_start(peek())) {
      result += lookup_(read_name()).value_or("");
    } else {
      result += '$';
    }
  }

  std::string_view read_name() {
    const size_t start = position_;
    while (!at_end() && is_name_part(peek())) ++position_;
    return text_.substr(start, position_ - start);
  }

  std::string braced_value() {
    if (!is_name_start(peek())) throw Error("${ without the name of a variable");
    const std::string_view name = read_name();
    const std::optional<std::string> value = lookup_(name);
    if (peek() == '}') {
      ++position_;
      return value.value_or("");
    }
    if (at_end()) throw Error("${" + std::string(name) + " without its }");
    const bool empty_is_unset = peek() == ':';
    if (empty_is_unset) ++position_;
    const char kind = peek();
    if (kind == '#' || kind == '%') return cut_value(value.value_or(""), kind);
    if (kind != '-' && kind != '+' && kind != '?') {
      throw Error("${" + std::string(name) + "...}: only the forms :- :+ :? # ## % %% are known");
    }
    ++position_;
    std::string word = read_word();
    const bool is_set = value && !(empty_is_unset && value->empty());
    if (kind == '+') return is_set ? word : "";
    if (is_set) return *value;
    if (kind == '-') return word;
    throw Error(std::string(name) + ": " + (word.empty() ? "it is not set" : word));
  }

  std::string cut_value(const std::string& value, char kind) {
    ++position_;
    const bool longest = peek() == kind;
    if (longest) ++position_;
    const std::string pattern = read_word();
    return kind == '#' ? cut_prefix(value, pattern, longest) : cut_suffix(value, pattern, longest);
  }

  // Up to the brace that ends it; it may have variables of its own.
  std::string read_word() {
    if (++depth_ > kMaxDepth) throw Error("${...} nested too deep");
    std::string word;
    while (peek() != '}' || at_end()) {
      if (at_end()) throw Error("${ without its }");
      append_next(word);
    }
    ++position_;
    --depth_;
    return word;
  }

  std::string_view text_;
  char escape_;
  const Lookup& lookup_;
  Quotes quotes_;
  size_t position_ = 0;
  size_t depth_ = 0;
};

}  // namespace

std::string expand(std::string_view text, char escape, const Lookup& lookup) {
  return Expansion(text, escape, lookup, Expansion::Quotes::taken_off).run();
}

std::string expand_variables(std::string_view text, char escape, const Lookup& lookup) {
  return Expansion(text, escape, lookup, Expansion::Quotes::kept).run();
}

}  // namespace gocker
