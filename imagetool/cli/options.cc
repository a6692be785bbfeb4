#include "imagetool/cli/options.h"

#include <algorithm>
#include <cstddef>

#define CXXOPTS_NO_REGEX true
#include <cxxopts.hpp>

#include "runtime/base/text.h"

namespace gocker::cli {
namespace {

constexpr size_t kHelpColumn = 36;

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

// "--root=x" -> "root", "-q" -> "q"
std::string_view name_in(std::string_view word) {
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  return word.substr(0, word.find('='));
}

const Option* find(std::span<const Option> options, std::string_view word) {
  const std::string_view name = name_in(word);
  const bool one_dash = !word.starts_with("--");
  for (const Option& option : options) {
    if (one_dash ? option.letter != 0 && name[0] == option.letter : option.name == name) {
      return &option;
    }
  }
  return nullptr;
}

[[noreturn]] void throw_unknown(std::span<const Option> options, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Option& option : options) names.push_back(option.name);
  std::string text = std::string("unknown option '").append(word).append("'");
  const std::string_view meant = nearest(name_in(word), names);
  if (!meant.empty()) text.append(" (did you mean --").append(meant).append("?)");
  throw UsageError(text);
}

// Whether the value of the option in `word` is the next word.
bool value_follows(const Option& option, std::string_view word) {
  if (option.value_name.empty()) return false;
  return word.starts_with("--") ? word.find('=') == std::string_view::npos : word.size() == 2;
}

void check_known(std::span<const Option> options, const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (!is_option(words[i])) continue;
    const Option* option = find(options, words[i]);
    if (option == nullptr) throw_unknown(options, words[i]);
    if (!value_follows(*option, words[i])) continue;
    if (++i == words.size()) throw UsageError("option '" + words[i - 1] + "' needs a value");
  }
}

// "-it" -> "-i", "-t"; "-tvX", where v takes a value, -> "-t", "-vX".
void add_cluster(std::span<const Option> options, const std::string& word,
                 std::vector<std::string>& plain) {
  for (size_t i = 1; i < word.size(); ++i) {
    const std::string letter = {'-', word[i]};
    const Option* option = find(options, letter);
    const bool is_flag = option != nullptr && option->value_name.empty();
    if (!is_flag) return plain.push_back("-" + word.substr(i));
    plain.push_back(letter);
  }
}

void add_plain(std::span<const Option> options, const std::string& word,
               std::vector<std::string>& plain) {
  const bool one_dash = !word.starts_with("--") && word.size() > 2;
  if (!one_dash) {
    plain.push_back(word);
  } else if (find(options, "-" + word) != nullptr) {
    plain.push_back("-" + word);
  } else {
    add_cluster(options, word, plain);
  }
}

}  // namespace

std::vector<std::string> plain_words(std::span<const Option> options,
                                     std::span<const std::string> words, Order order) {
  std::vector<std::string> plain;
  size_t i = 0;
  for (; i < words.size() && words[i] != "--"; ++i) {
    if (!is_option(words[i])) {
      if (order == Order::options_first) break;
      plain.push_back(words[i]);
      continue;
    }
    add_plain(options, words[i], plain);
    const Option* option = find(options, plain.back());
    const bool takes_next = option != nullptr && value_follows(*option, plain.back());
    if (takes_next && i + 1 < words.size()) plain.push_back(words[++i]);
  }
  if (i == words.size()) return plain;
  if (words[i] != "--") plain.emplace_back("--");
  plain.insert(plain.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  return plain;
}

std::string Arguments::value(std::string_view option, std::string_view fallback) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::string(fallback) : found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

size_t count_leading_options(std::span<const Option> options, std::span<const std::string> words) {
  size_t i = 0;
  while (i < words.size() && is_option(words[i]) && words[i] != "--") {
    const Option* option = find(options, words[i]);
    if (option == nullptr) throw_unknown(options, words[i]);
    i += value_follows(*option, words[i]) ? size_t{2} : size_t{1};
  }
  return std::min(i, words.size());
}

Arguments parse(std::span<const Option> options, const std::vector<std::string>& words) try {
  check_known(options, words);
  cxxopts::Options parser("gocker-image");
  for (const Option& option : options) {
    std::string names;
    if (option.letter != 0) names.append(1, option.letter).append(",");
    names += option.name;
    const std::shared_ptr<cxxopts::Value> kind =
        option.value_name.empty() ? cxxopts::value<bool>() : cxxopts::value<std::string>();
    parser.add_option("", cxxopts::Option(names, "", kind));
  }
  std::vector<const char*> argv{"gocker-image"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  const cxxopts::ParseResult result = parser.parse(static_cast<int>(argv.size()), argv.data());

  Arguments arguments;
  for (const cxxopts::KeyValue& given : result.arguments()) {
    arguments.values_[given.key()].push_back(given.value());
  }
  arguments.positionals_ = result.unmatched();
  return arguments;
} catch (const cxxopts::exceptions::exception& failure) {
  throw UsageError(failure.what());
}

std::string help_text(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options) {
    std::string line = option.letter != 0 ? std::string("  -") + option.letter + ", " : "      ";
    line.append("--").append(option.name);
    if (!option.value_name.empty()) line.append(" ").append(option.value_name);
    if (!option.help.empty()) line.resize(std::max(line.size() + 2, kHelpColumn), ' ');
    text += line.append(option.help).append("\n");
  }
  return text;
}

}  // namespace gocker::cli
