#include "imagetool/registry/toml.h"

#include <algorithm>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr int kMaxNesting = 64;

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  std::vector<TomlSection> parse() {
    sections_.emplace_back();
    while (skip_to_content(), !at_end()) {
      if (peek() == '[') {
        read_header();
      } else {
        read_pair();
      }
      end_line();
    }
    return std::move(sections_);
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw Error(
        std::string(file_).append(":").append(std::to_string(line_)).append(": ").append(why));
  }

  bool at_end() const { return at_ == text_.size(); }
  void require_more() const {
    if (at_end()) fail("the file ends in the middle of something");
  }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  char next() {
    require_more();
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    for (size_t i = 0; i < word.size(); ++i) next();
    return true;
  }

  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') next();
  }
  void skip_comment() {
    if (peek() != '#') return;
    while (!at_end() && peek() != '\n') next();
  }
  // Over blanks, comments and the ends of lines.
  void skip_to_content() {
    while (true) {
      skip_blanks();
      skip_comment();
      if (peek() != '\n' && peek() != '\r') return;
      next();
    }
  }
  void end_line() {
    skip_blanks();
    skip_comment();
    if (peek() == '\r') next();
    if (!at_end() && peek() != '\n') fail("more on the line than one value");
  }

  void read_header() {
    const bool array = take("[[");
    if (!array) take("[");
    TomlSection section;
    section.line = line_;
    section.name = read_dotted_key();
    if (!take(array ? "]]" : "]")) fail("the header of a table is not closed");
    sections_.push_back(std::move(section));
  }

  void read_pair() {
    const std::string key = read_dotted_key();
    if (!take("=")) fail("expected '=' after '" + key + "'");
    skip_blanks();
    auto& values = sections_.back().values;
    if (values.contains(key)) fail("'" + key + "' is given twice");
    if (peek() == '"' || peek() == '\'') {
      values[key] = read_string();
    } else if (take("true")) {
      values[key] = true;
    } else if (take("false")) {
      values[key] = false;
    } else {
      skip_value(0);
    }
  }

  std::string read_dotted_key() {
    std::string key;
    while (true) {
      skip_blanks();
      key += read_key();
      skip_blanks();
      if (!take(".")) return key;
      key.push_back('.');
    }
  }

  std::string read_key() {
    if (peek() == '"' || peek() == '\'') return read_string();
    std::string key;
    while (is_bare(peek())) key.push_back(next());
    if (key.empty()) fail("expected a name");
    return key;
  }

  std::string read_string() {
    if (take("\"\"\"")) return read_until("\"\"\"");
    if (take("'''")) return read_until("'''");
    const char quote = next();
    std::string content;
    while (true) {
      const char c = next();
      if (c == quote) return content;
      if (c == '\n') fail("a string is not closed on its line");
      content.push_back(c == '\\' && quote == '"' ? read_escape() : c);
    }
  }

  std::string read_until(std::string_view quotes) {
    std::string content;
    while (!take(quotes)) {
      const char c = next();
      content.push_back(c == '\\' && quotes[0] == '"' ? read_escape() : c);
    }
    return content;
  }

  char read_escape() {
    switch (const char c = next()) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case '"':
      case '\\':
        return c;
      default:
        fail("a backslash before something but n, t, \" and \\");
    }
  }

  // An array, an inline table, a number or a date.
  void skip_value(int depth) {
    require_more();
    if (depth > kMaxNesting) fail("nested too deeply");
    const char open = peek();
    if (open == '"' || open == '\'') {
      read_string();
    } else if (open == '[' || open == '{') {
      next();
      while (skip_to_content(), peek() != ']' && peek() != '}') {
        if (peek() == ',' || peek() == '=') {
          next();
        } else {
          skip_value(depth + 1);
        }
      }
      if (next() != (open == '[' ? ']' : '}')) fail("brackets of different kinds");
    } else {
      skip_word();
    }
  }

  void skip_word() {
    const size_t start = at_;
    while (is_bare(peek()) || peek() == '.' || peek() == '+' || peek() == ':') next();
    if (at_ == start) fail("expected a value");
  }

  std::string_view text_;
  std::string_view file_;
  size_t at_ = 0;
  int line_ = 1;
  std::vector<TomlSection> sections_;
};

}  // namespace

std::string TomlSection::text(const std::string& key) const {
  const auto found = values.find(key);
  const auto* value = found == values.end() ? nullptr : std::get_if<std::string>(&found->second);
  return value == nullptr ? "" : *value;
}

bool TomlSection::flag(const std::string& key) const {
  const auto found = values.find(key);
  const auto* value = found == values.end() ? nullptr : std::get_if<bool>(&found->second);
  return value != nullptr && *value;
}

std::vector<TomlSection> parse_toml(std::string_view text, std::string_view file) {
  return Parser(text, file).parse();
}

}  // namespace gocker
