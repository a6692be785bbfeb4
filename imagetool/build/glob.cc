#include "imagetool/build/glob.h"

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"

namespace gocker {
namespace {

// A pattern's [...]: whether `c` is in it, and what follows it.
struct ClassMatch {
  bool fits = false;
  std::string_view rest;
};

// One end of a range, taken off `pattern`; nothing where the pattern ends instead.
std::optional<char> take_character(std::string_view& pattern) {
  if (pattern.starts_with('\\')) pattern.remove_prefix(1);
  if (pattern.empty()) return std::nullopt;
  const char c = pattern.front();
  pattern.remove_prefix(1);
  return c;
}

// `pattern` stands behind the '['. Nothing where it is malformed.
std::optional<ClassMatch> match_class(std::string_view pattern, char c) {
  const bool is_negated = pattern.starts_with('^');
  if (is_negated) pattern.remove_prefix(1);
  bool is_member = false;
  bool is_empty = true;
  while (!pattern.starts_with(']') || is_empty) {
    if (pattern.empty() || pattern.front() == ']' || pattern.front() == '-') return std::nullopt;
    const std::optional<char> low = take_character(pattern);
    std::optional<char> high = low;
    if (pattern.starts_with('-')) {
      pattern.remove_prefix(1);
      if (pattern.starts_with(']')) return std::nullopt;
      high = take_character(pattern);
    }
    if (!low || !high) return std::nullopt;
    is_member = is_member || (*low <= c && c <= *high);
    is_empty = false;
  }
  return ClassMatch{is_member != is_negated, pattern.substr(1)};
}

// One pattern against one text. What did not fit once is not tried again, so that no pattern takes
// more than the product of the two lengths.
class Match {
 public:
  Match(bool slash_separates, std::string_view pattern, std::string_view text)
      : slash_separates_(slash_separates), width_(text.size() + 1) {
    if (pattern.find('*') != std::string_view::npos) tried_.resize((pattern.size() + 1) * width_);
  }

  // Of ends of the two.
  bool fits(std::string_view pattern, std::string_view text) {
    if (!tried_.empty()) {
      const size_t place = pattern.size() * width_ + text.size();
      if (tried_[place]) return false;
      tried_[place] = true;
    }
    return fits_anew(pattern, text);
  }

 private:
  bool fits_anew(std::string_view pattern, std::string_view text) {
    if (pattern.starts_with("**") && slash_separates_) return fits_components(pattern, text);
    while (!pattern.empty()) {
      if (pattern.starts_with('*')) return fits_star(pattern, text);
      const std::optional<std::string_view> rest = after_one(pattern, text);
      if (!rest) return false;
      const bool was_slash = text.front() == '/';
      pattern = *rest;
      text.remove_prefix(1);
      if (was_slash && slash_separates_ && pattern.starts_with("**")) {
        return fits_components(pattern, text);
      }
    }
    return text.empty();
  }

  // What follows in the pattern when its first part has taken the first character of the text.
  std::optional<std::string_view> after_one(std::string_view pattern, std::string_view text) const {
    if (text.empty()) return std::nullopt;
    const char c = text.front();
    const bool is_separator = slash_separates_ && c == '/';
    switch (pattern.front()) {
      case '?':
        return is_separator ? std::nullopt : std::optional(pattern.substr(1));
      case '[': {
        const std::optional<ClassMatch> match = match_class(pattern.substr(1), c);
        if (!match || !match->fits || is_separator) return std::nullopt;
        return match->rest;
      }
      case '\\':
        pattern.remove_prefix(1);
        if (pattern.empty()) return std::nullopt;
        [[fallthrough]];
      default:
        return pattern.front() == c ? std::optional(pattern.substr(1)) : std::nullopt;
    }
  }

  bool fits_star(std::string_view pattern, std::string_view text) {
    while (pattern.starts_with('*')) pattern.remove_prefix(1);
    if (pattern.empty()) return !slash_separates_ || text.find('/') == std::string_view::npos;
    while (true) {
      if (fits(pattern, text)) return true;
      if (text.empty() || (slash_separates_ && text.front() == '/')) return false;
      text.remove_prefix(1);
    }
  }

  // "**" and what follows it, at the start of a component.
  bool fits_components(std::string_view pattern, std::string_view text) {
    while (pattern.starts_with('*')) pattern.remove_prefix(1);
    if (pattern.empty()) return true;
    const bool whole_components = pattern.starts_with('/');
    if (whole_components) pattern.remove_prefix(1);
    while (true) {
      if (fits(pattern, text)) return true;
      if (text.empty()) return false;
      if (!whole_components) {
        text.remove_prefix(1);
        continue;
      }
      const size_t slash = text.find('/');
      if (slash == std::string_view::npos) return false;
      text.remove_prefix(slash + 1);
    }
  }

  bool slash_separates_;
  size_t width_;
  std::vector<bool> tried_;  // by what is left of the pattern and of the text
};

}  // namespace

bool fits_path(std::string_view pattern, std::string_view path) {
  return Match(true, pattern, path).fits(pattern, path);
}

bool fits_text(std::string_view pattern, std::string_view text) {
  return Match(false, pattern, text).fits(pattern, text);
}

void check_pattern(std::string_view pattern) {
  const std::string whole(pattern);
  while (!pattern.empty()) {
    const char c = pattern.front();
    pattern.remove_prefix(1);
    if (c == '\\') {
      if (pattern.empty()) throw Error("'" + whole + "' ends with a \\");
      pattern.remove_prefix(1);
    } else if (c == '[') {
      const std::optional<ClassMatch> match = match_class(pattern, 'a');
      if (!match) throw Error("'" + whole + "': its [...] is malformed");
      pattern = match->rest;
    }
  }
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") != std::string_view::npos;
}

}  // namespace gocker
