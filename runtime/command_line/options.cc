#include "runtime/command_line/options.h"

#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

// An option as it stands in a word: "--bundle=x" is {"bundle", true}, "-b" is {"b", false}.
struct Spelling {
  std::string_view name;
  bool has_value = false;
};

Spelling spelling_of(std::string_view word) {
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  const size_t equals = word.find('=');
  return {word.substr(0, equals), equals != std::string_view::npos};
}

const Option* find(std::span<const Option> options, std::string_view name) {
  for (const Option& option : options) {
    if (option.name == name || (name.size() == 1 && option.letter == name[0])) return &option;
  }
  return nullptr;
}

[[noreturn]] void throw_unknown(std::span<const Option> options, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Option& option : options) names.push_back(option.name);
  std::string text = "unknown option \"" + std::string(word) + "\"";
  const std::string_view meant = nearest(spelling_of(word).name, names);
  if (!meant.empty()) text.append(" (did you mean --").append(meant).append("?)");
  throw UsageError(text);
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

// A value that is a word of its own.
std::string take_word(std::span<const std::string>& words, const std::string& option) {
  if (words.empty()) throw UsageError("flag needs an argument: " + option);
  std::string value = words.front();
  words = words.subspan(1);
  return value;
}

// What is behind the '=', or the next word; a flag without one is "true".
std::string take_value(const Option& option, const Spelling& spelling,
                       std::span<const std::string>& words, const std::string& word) {
  if (spelling.has_value) return word.substr(word.find('=') + 1);
  if (option.value_name.empty()) return "true";
  return take_word(words, word);
}

// "-it": flags by their letters; "-tvX", where v takes a value, is "-t -v X".
void add_letters(std::span<const Option> options, const std::string& word,
                 std::span<const std::string>& words, Arguments& arguments) {
  for (size_t i = 1; i < word.size(); ++i) {
    const Option* option = find(options, std::string_view(word).substr(i, 1));
    if (option == nullptr) throw_unknown(options, word);
    if (option->value_name.empty()) {
      arguments.add(*option, "true");
      continue;
    }
    const bool is_last = i + 1 == word.size();
    return arguments.add(*option, is_last ? take_word(words, word) : word.substr(i + 1));
  }
}

void add_option(std::span<const Option> options, const std::string& word,
                std::span<const std::string>& words, Arguments& arguments) {
  const Spelling spelling = spelling_of(word);
  const Option* option = find(options, spelling.name);
  if (option != nullptr) {
    arguments.add(*option, take_value(*option, spelling, words, word));
  } else if (word.starts_with("--")) {
    throw_unknown(options, word);
  } else {
    add_letters(options, word, words, arguments);
  }
}

}  // namespace

std::string Arguments::value(std::string_view option, std::string_view fallback) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::string(fallback) : found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

unsigned Arguments::number(std::string_view option) const {
  if (!has(option)) return 0;
  const auto number = parse_u32(value(option));
  if (!number) {
    throw UsageError("--" + std::string(option) + ": \"" + value(option) + "\" is no number");
  }
  return *number;
}

void Arguments::add(const Option& option, std::string value) {
  const std::string name(option.name);
  if (!option.value_name.empty()) return values_[name].push_back(std::move(value));
  if (value != "true" && value != "false") {
    throw UsageError("--" + name + ": \"" + value + "\" is neither true nor false");
  }
  values_.erase(name);
  if (value == "true") values_[name].push_back(std::move(value));
}

Arguments parse(std::span<const Option> options, std::span<const std::string>& words, StopAt stop) {
  Arguments arguments;
  while (!words.empty()) {
    const std::string& word = words.front();
    if (!is_option(word)) {
      if (stop == StopAt::first_positional) break;
      arguments.add_positional(word);
      words = words.subspan(1);
      continue;
    }
    words = words.subspan(1);
    if (word == "--") {
      arguments.add_positionals(words);
      words = {};
      break;
    }
    add_option(options, word, words, arguments);
  }
  return arguments;
}

}  // namespace gocker::cli
