#include "imagetool/build/dockerfile_lines.h"

#include <algorithm>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

std::string_view trim_left(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

bool is_comment(std::string_view line) {
  return trim_left(line).starts_with('#');
}

struct Directive {
  std::string name;
  std::string_view value;
};

// "# name=value"
std::optional<Directive> read_directive(std::string_view line) {
  line = trim(line);
  const size_t equals = line.find('=');
  if (!line.starts_with('#') || equals == std::string_view::npos) return std::nullopt;
  std::string name = to_lower(trim(line.substr(1, equals - 1)));
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_letter)) return std::nullopt;
  return Directive{std::move(name), trim(line.substr(equals + 1))};
}

// Whether the line goes on with the next; the escape character that says so is cut off. Two of them
// are one that is meant.
bool cut_continuation(std::string_view& line, char escape) {
  const size_t last = line.find_last_not_of(" \t");
  if (last == std::string_view::npos || line[last] != escape) return false;
  if (last > 0 && line[last - 1] == escape) return false;
  line = line.substr(0, last);
  return true;
}

// What "<<NAME" in a line announces.
struct Announcement {
  Heredoc heredoc;
  bool strips_tabs = false;
};

// A word of the form [DIGITS]<<[-]NAME with NAME in quotes or not.
std::optional<Announcement> read_announcement(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of("0123456789"), word.size()));
  if (!word.starts_with("<<")) return std::nullopt;
  word.remove_prefix(2);
  Announcement announcement;
  if (word.starts_with('-')) {
    announcement.strips_tabs = true;
    word.remove_prefix(1);
  }
  word = word.substr(0, word.find_first_of("<>|&;()"));
  for (const char c : word) {
    if (c == '"' || c == '\'' || c == '\\') {
      announcement.heredoc.expands = false;
    } else {
      announcement.heredoc.name += c;
    }
  }
  if (announcement.heredoc.name.empty()) return std::nullopt;
  return announcement;
}

bool may_have_heredocs(std::string_view text) {
  std::string keyword = to_lower(text.substr(0, text.find_first_of(kBlanks)));
  if (keyword == "onbuild") {
    const std::string_view rest = trim_left(text.substr(keyword.size()));
    keyword = to_lower(rest.substr(0, rest.find_first_of(kBlanks)));
  }
  return keyword == "run" || keyword == "copy" || keyword == "add";
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& file) : file_(file) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    lines_ = split(text, '\n');
    if (lines_.back().empty()) lines_.pop_back();
    for (std::string_view& line : lines_) {
      if (line.ends_with('\r')) line.remove_suffix(1);
    }
  }

  DockerfileLines read() {
    check_bytes();
    read_directives();
    while (next_ < lines_.size()) {
      const std::string_view line = lines_[next_];
      if (trim(line).empty() || is_comment(line)) {
        ++next_;
      } else {
        result_.lines.push_back(read_line());
      }
    }
    return std::move(result_);
  }

 private:
  void check_bytes() const {
    for (size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].find('\0') == std::string_view::npos) continue;
      throw Error(place_in(file_, i + 1) + ": a NUL byte; this is no Dockerfile");
    }
  }

  // They stand before anything else, a blank line and other comments included.
  void read_directives() {
    bool has_escape = false;
    for (; next_ < lines_.size(); ++next_) {
      const std::optional<Directive> directive = read_directive(lines_[next_]);
      if (!directive) return;
      if (directive->name != "escape") continue;
      const std::string place = place_in(file_, next_ + 1);
      if (has_escape) throw Error(place + ": a second directive escape");
      if (directive->value != "\\" && directive->value != "`") {
        throw Error(place + ": the directive escape takes \\ or `, not '" +
                    std::string(directive->value) + "'");
      }
      has_escape = true;
      result_.escape = directive->value.front();
    }
  }

  LogicalLine read_line() {
    LogicalLine line{.number = next_ + 1};
    std::string text;
    bool goes_on = true;
    while (goes_on && next_ < lines_.size()) {
      std::string_view part = lines_[next_++];
      // Comments and empty lines between the parts do not end them.
      if (!text.empty() && (is_comment(part) || trim(part).empty())) continue;
      goes_on = cut_continuation(part, result_.escape);
      text += part;
    }
    line.text = trim(text);
    if (may_have_heredocs(line.text)) read_heredocs(line);
    return line;
  }

  void read_heredocs(LogicalLine& line) {
    for (const std::string& word : raw_words(line.text, result_.escape)) {
      std::optional<Announcement> announcement = read_announcement(word);
      if (!announcement) continue;
      read_heredoc(line, *announcement);
      line.heredocs.push_back(std::move(announcement->heredoc));
    }
  }

  void read_heredoc(const LogicalLine& line, Announcement& announcement) {
    Heredoc& heredoc = announcement.heredoc;
    while (next_ < lines_.size()) {
      std::string_view part = lines_[next_++];
      if (announcement.strips_tabs) {
        part.remove_prefix(std::min(part.find_first_not_of('\t'), part.size()));
      }
      if (part == heredoc.name) return;
      heredoc.content.append(part).append("\n");
    }
    throw Error(place_in(file_, line.number) + ": the here-document <<" + heredoc.name +
                " has no end: no line is '" + heredoc.name + "'");
  }

  const std::string& file_;
  std::vector<std::string_view> lines_;
  size_t next_ = 0;
  DockerfileLines result_;
};

}  // namespace

DockerfileLines read_dockerfile_lines(std::string_view text, const std::string& file) {
  return Reader(text, file).read();
}

std::string place_in(const std::string& file, size_t line, std::string_view instruction) {
  std::string place = file + ":" + std::to_string(line);
  if (!instruction.empty()) place.append(": ").append(instruction);
  return place;
}

std::vector<std::string> raw_words(std::string_view text, char escape) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && is_blank(c)) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    word += c;
    if (c == escape && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace gocker
