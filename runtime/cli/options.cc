#include "runtime/cli/options.h"

#define CXXOPTS_NO_REGEX true
#include <cxxopts.hpp>

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

std::vector<std::string> take_words(std::span<const Option> options,
                                    std::span<const std::string>& words, StopAt stop) {
  std::vector<std::string> taken;
  for (; !words.empty(); words = words.subspan(1)) {
    const std::string& word = words.front();
    if (!is_option(word)) {
      if (stop == StopAt::first_positional) break;
      taken.push_back(word);
      continue;
    }
    if (word == "--") {
      taken.insert(taken.end(), words.begin(), words.end());
      words = {};
      break;
    }
    const Spelling spelling = spelling_of(word);
    const Option* option = find(options, spelling.name);
    if (option == nullptr) throw_unknown(options, word);
    const bool one_dash = !word.starts_with("--") && spelling.name.size() > 1;
    taken.push_back(one_dash ? "-" + word : word);
    if (option->value_name.empty() || spelling.has_value) continue;
    if (words.size() == 1) throw UsageError("flag needs an argument: " + word);
    words = words.subspan(1);
    // Joined, so that a value with a dash in front stays one.
    taken.back() = "--" + std::string(option->name) + "=" + words.front();
  }
  return taken;
}

Arguments parse(std::span<const Option> options, const std::vector<std::string>& plain_words) try {
  cxxopts::Options parser("gocker-runtime");
  for (const Option& option : options) {
    const std::string letter = option.letter != 0 ? std::string(1, option.letter) + "," : "";
    parser.add_option("",
                      cxxopts::Option(letter + std::string(option.name), "",
                                      option.value_name.empty() ? cxxopts::value<bool>()
                                                                : cxxopts::value<std::string>()));
  }
  std::vector<const char*> argv{"gocker-runtime"};
  for (const std::string& word : plain_words) argv.push_back(word.c_str());
  const cxxopts::ParseResult result = parser.parse(static_cast<int>(argv.size()), argv.data());

  Arguments arguments;
  for (const cxxopts::KeyValue& given : result.arguments()) {
    arguments.values_[given.key()].push_back(given.value());
  }
  // `--flag=false` says no.
  for (const Option& option : options) {
    if (option.value_name.empty() && arguments.value(option.name) == "false") {
      arguments.values_.erase(std::string(option.name));
    }
  }
  arguments.positionals_ = result.unmatched();
  return arguments;
} catch (const cxxopts::exceptions::exception& failure) {
  throw UsageError(failure.what());
}

std::string help_text(std::span<const Option> options) {
  std::vector<std::string> spellings;
  size_t column = 0;
  for (const Option& option : options) {
    std::string spelling =
        option.letter != 0 ? std::string("  -") + option.letter + ", " : "      ";
    spelling.append("--").append(option.name);
    if (!option.value_name.empty()) spelling.append(" ").append(option.value_name);
    column = std::max(column, spelling.size() + 2);
    spellings.push_back(std::move(spelling));
  }
  std::string text;
  for (size_t i = 0; i < options.size(); ++i) {
    text.append(spellings[i]).append(column - spellings[i].size(), ' ');
    text.append(options[i].help).append("\n");
  }
  return text;
}

}  // namespace gocker::cli
