// The options and arguments of a command line, as runc and docker read theirs: `--x v`, `--x=v`,
// `-x v`, `-xv`, `-abc` for three flags, long names with one dash (`-no-subreaper`), flags as
// `--x=false`; of an option that is given twice the last one counts; what follows `--` is all
// arguments. Engines rely on these edges and on the words of the errors.
#pragma once

#include <exception>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gocker::cli {

struct Option {
  std::string_view name;        // "bundle"
  char letter = 0;              // 'b', or 0
  std::string_view value_name;  // "PATH"; empty: a flag
  std::string_view help;
};

// A wrong command line; told with a hint at --help.
class UsageError : public std::exception {
 public:
  explicit UsageError(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

// Whether options may stand among the arguments, or end at the first of them: what follows is a
// command's or another program's.
enum class StopAt { end, first_positional };

// Options and arguments of one level of the command line.
class Arguments {
 public:
  bool has(std::string_view option) const { return values_.contains(option); }
  // The last value that was given, or `fallback`.
  std::string value(std::string_view option, std::string_view fallback = {}) const;
  std::vector<std::string> values(std::string_view option) const;  // of a repeated one, in order
  unsigned number(std::string_view option) const;  // 0 where absent; throws UsageError
  const std::vector<std::string>& positionals() const { return positionals_; }
  void add(const Option& option, std::string value);
  void add_positional(const std::string& word) { positionals_.push_back(word); }
  void add_positionals(std::span<const std::string> words) {
    positionals_.insert(positionals_.end(), words.begin(), words.end());
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positionals_;
};

// Takes from `words` what belongs to these options: up to the first positional, or with StopAt::end
// all of them. Throws UsageError; for an unknown option it names the one that was likely meant. By
// hand, as each start does so twice: cxxopts takes as long as a start's JSON.
Arguments parse(std::span<const Option> options, std::span<const std::string>& words, StopAt stop);

// "  -b, --bundle PATH     ..." a line each.
std::string help_text(std::span<const Option> options);

}  // namespace gocker::cli
