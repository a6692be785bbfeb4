// The command line: global options, a command, its options and arguments. `--x v` and `--x=v`;
// options may stand among the arguments, and what follows `--` is all arguments.
#pragma once

#include <exception>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gocker::cli {

struct Option {
  std::string_view name;        // "platform"
  char letter = 0;              // 'p', or 0
  std::string_view value_name;  // "PATH"; empty: a flag
  std::string_view help;
};

// A wrong command line: exit code 2.
class UsageError : public std::exception {
 public:
  explicit UsageError(std::string text) : text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

class Arguments {
 public:
  bool has(std::string_view option) const { return values_.contains(option); }
  // The last value that was given, or `fallback`.
  std::string value(std::string_view option, std::string_view fallback = {}) const;
  // All values of an option that may be repeated, in their order.
  std::vector<std::string> values(std::string_view option) const;
  const std::vector<std::string>& positionals() const { return positionals_; }

 private:
  friend Arguments parse(std::span<const Option>, const std::vector<std::string>&);
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> positionals_;
};

// Whether options may stand among the arguments, or end at the first of them: what follows belongs
// to a program that is to be run.
enum class Order { anywhere, options_first };

// The words as parse() takes them: "-name" is "--name" where there is such an option, "-it" is
// "-i -t" where all but the last are flags, and "--" stands where the options end.
std::vector<std::string> plain_words(std::span<const Option> options,
                                     std::span<const std::string> words, Order order);

// How many of the words come before the first one that is no option and no option's value.
size_t count_leading_options(std::span<const Option> options, std::span<const std::string> words);

// Throws UsageError; for an unknown option it names the one that was likely meant.
Arguments parse(std::span<const Option> options, const std::vector<std::string>& words);

// "  -q, --quiet    no progress on stderr", a line each.
std::string help_text(std::span<const Option> options);

}  // namespace gocker::cli
