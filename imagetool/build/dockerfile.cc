#include "imagetool/build/dockerfile.h"

#include <algorithm>
#include <array>
#include <span>

#include "imagetool/build/json_words.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr size_t kAnyNumber = static_cast<size_t>(-1);

// How an instruction's arguments are read.
enum class Syntax {
  words,          // separated by white space
  words_or_list,  // those, or a JSON list
  text,           // all of the line
  pairs,          // NAME=VALUE..., or NAME VALUE
  command,        // a JSON list, or a shell's command
  list,           // a JSON list and nothing else
  healthcheck,    // NONE, or CMD and a command
  instruction,    // another instruction
};

struct Rule {
  std::string_view keyword;
  Syntax syntax;
  size_t least = 1;  // arguments
  size_t most = kAnyNumber;
  std::string_view usage;
  std::span<const std::string_view> flags = {};
};

constexpr std::array<std::string_view, 1> kFromFlags = {"platform"};
constexpr std::array<std::string_view, 4> kCopyFlags = {"chmod", "chown", "from", "link"};
constexpr std::array<std::string_view, 3> kAddFlags = {"chmod", "chown", "link"};
constexpr std::array<std::string_view, 2> kRunFlags = {"mount", "network"};
constexpr std::array<std::string_view, 5> kHealthcheckFlags = {
    "interval", "timeout", "start-period", "start-interval", "retries"};

constexpr std::array kRules = {
    Rule{"ADD", Syntax::words_or_list, 2, kAnyNumber, "SOURCE... DESTINATION", kAddFlags},
    Rule{"ARG", Syntax::words, 1, kAnyNumber, "NAME[=DEFAULT]..."},
    Rule{"CMD", Syntax::command, 0, kAnyNumber, "[\"PROGRAM\", \"ARGUMENT\"...] or COMMAND"},
    Rule{"COPY", Syntax::words_or_list, 2, kAnyNumber, "SOURCE... DESTINATION", kCopyFlags},
    Rule{"ENTRYPOINT", Syntax::command, 0, kAnyNumber, "[\"PROGRAM\", \"ARGUMENT\"...] or COMMAND"},
    Rule{"ENV", Syntax::pairs, 2, kAnyNumber, "NAME=VALUE..."},
    Rule{"EXPOSE", Syntax::words, 1, kAnyNumber, "PORT[/tcp|/udp]..."},
    Rule{"FROM", Syntax::words, 1, 3, "IMAGE [AS NAME]", kFromFlags},
    Rule{"HEALTHCHECK", Syntax::healthcheck, 1, kAnyNumber, "[OPTION]... CMD COMMAND, or NONE",
         kHealthcheckFlags},
    Rule{"LABEL", Syntax::pairs, 2, kAnyNumber, "NAME=VALUE..."},
    Rule{"MAINTAINER", Syntax::text, 1, 1, "NAME"},
    Rule{"ONBUILD", Syntax::instruction, 1, 1, "INSTRUCTION"},
    Rule{"RUN", Syntax::command, 1, kAnyNumber, "COMMAND or [\"PROGRAM\", \"ARGUMENT\"...]",
         kRunFlags},
    Rule{"SHELL", Syntax::list, 1, kAnyNumber, "[\"PROGRAM\", \"ARGUMENT\"...]"},
    Rule{"STOPSIGNAL", Syntax::text, 1, 1, "SIGNAL"},
    Rule{"USER", Syntax::text, 1, 1, "USER[:GROUP]"},
    Rule{"VOLUME", Syntax::words_or_list, 1, kAnyNumber, "DIRECTORY..."},
    Rule{"WORKDIR", Syntax::text, 1, 1, "DIRECTORY"},
};

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// The first word, taken off `text` with the white space behind it.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return word;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view meant = nearest(word, {known.begin(), known.end()});
  return meant.empty() ? "" : std::string(" (did you mean ").append(meant).append("?)");
}

const Rule& find_rule(std::string_view keyword) {
  const auto rule = std::find_if(kRules.begin(), kRules.end(),
                                 [&](const Rule& each) { return each.keyword == keyword; });
  if (rule != kRules.end()) return *rule;
  std::array<std::string_view, kRules.size()> names;
  std::transform(kRules.begin(), kRules.end(), names.begin(),
                 [](const Rule& each) { return each.keyword; });
  throw Error("unknown instruction " + std::string(keyword) + suggestion(keyword, names));
}

// --- flags -------------------------------------------------------------------------------------

// Flags that take nothing but true and false.
bool is_switch(std::string_view name) {
  return name == "link";
}

Flag parse_flag(const Rule& rule, std::string_view word) {
  word.remove_prefix(2);
  const size_t equals = word.find('=');
  Flag flag{std::string(word.substr(0, equals)), {}};
  if (std::find(rule.flags.begin(), rule.flags.end(), flag.name) == rule.flags.end()) {
    throw Error("unknown flag --" + flag.name + suggestion(flag.name, rule.flags));
  }
  if (equals != std::string_view::npos) {
    flag.value = word.substr(equals + 1);
  } else if (!is_switch(flag.name)) {
    throw Error("--" + flag.name + " needs a value: --" + flag.name + "=...");
  }
  return flag;
}

// A "--" ends them; where a rule has none, words with dashes are arguments.
std::vector<Flag> take_flags(const Rule& rule, std::string_view& text, char escape) {
  std::vector<Flag> flags;
  while (!rule.flags.empty() && text.starts_with("--")) {
    const std::string word = raw_words(text, escape).front();
    text.remove_prefix(word.size());
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (word == "--") break;
    flags.push_back(parse_flag(rule, word));
  }
  return flags;
}

// --- arguments ---------------------------------------------------------------------------------

std::vector<std::string> parse_pairs(std::string_view text, char escape) {
  std::vector<std::string> pairs;
  const std::vector<std::string> words = raw_words(text, escape);
  if (words.empty()) return pairs;
  if (words.front().find('=') == std::string::npos) {
    const std::string_view name = take_word(text);
    if (text.empty()) throw Error("'" + std::string(name) + "' needs a value: NAME=VALUE");
    return {std::string(name), std::string(text)};
  }
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      throw Error("'" + word + "' is not NAME=VALUE (a value with blanks needs quotes)");
    }
    if (equals == 0) throw Error("'" + word + "' has no name before the =");
    pairs.push_back(word.substr(0, equals));
    pairs.push_back(word.substr(equals + 1));
  }
  return pairs;
}

void parse_command(Instruction& instruction, std::string_view text) {
  if (std::optional<std::vector<std::string>> words = parse_json_words(text)) {
    instruction.form = Form::list;
    instruction.arguments = std::move(*words);
    return;
  }
  instruction.form = Form::shell;
  if (!text.empty()) instruction.arguments = {std::string(text)};
}

void parse_healthcheck(Instruction& instruction, std::string_view text) {
  const std::string kind = upper_case(take_word(text));
  if (kind == "NONE" && text.empty() && instruction.flags.empty()) {
    instruction.arguments = {"NONE"};
    return;
  }
  if (kind != "CMD") throw Error("takes CMD and a command, or NONE alone");
  parse_command(instruction, text);
  if (instruction.arguments.empty()) throw Error("CMD needs a command");
}

void parse_trigger(Instruction& instruction, std::string_view text, char escape) {
  if (text.empty()) return;
  const Instruction trigger =
      parse_instruction({instruction.line, std::string(text), instruction.heredocs}, escape);
  if (trigger.keyword == "ONBUILD" || trigger.keyword == "FROM" ||
      trigger.keyword == "MAINTAINER") {
    throw Error(trigger.keyword + " cannot be put off to another build");
  }
  instruction.arguments = {std::string(text)};
  for (const Heredoc& heredoc : instruction.heredocs) {
    instruction.arguments[0] += "\n" + heredoc.content + heredoc.name;
  }
}

void parse_arguments(Instruction& instruction, const Rule& rule, std::string_view text,
                     char escape) {
  switch (rule.syntax) {
    case Syntax::words:
      instruction.arguments = raw_words(text, escape);
      return;
    case Syntax::words_or_list:
      if (auto words = parse_json_words(text)) {
        instruction.form = Form::list;
        instruction.arguments = std::move(*words);
      } else {
        instruction.arguments = raw_words(text, escape);
      }
      return;
    case Syntax::text:
      if (!text.empty()) instruction.arguments = {std::string(text)};
      return;
    case Syntax::pairs:
      instruction.arguments = parse_pairs(text, escape);
      return;
    case Syntax::command:
      return parse_command(instruction, text);
    case Syntax::list: {
      auto words = parse_json_words(text);
      if (!words) throw Error("takes a JSON list: [\"PROGRAM\", \"ARGUMENT\"...]");
      instruction.form = Form::list;
      instruction.arguments = std::move(*words);
      return;
    }
    case Syntax::healthcheck:
      return parse_healthcheck(instruction, text);
    case Syntax::instruction:
      return parse_trigger(instruction, text, escape);
  }
}

void check_arguments(const Instruction& instruction, const Rule& rule) {
  const size_t count = instruction.arguments.size();
  if (count < rule.least || count > rule.most) {
    throw Error(std::string(count < rule.least ? "too few arguments" : "too many arguments") +
                ": it takes " + std::string(rule.usage));
  }
  if (instruction.keyword == "FROM" && count != 1 &&
      (count != 3 || upper_case(instruction.arguments[1]) != "AS")) {
    throw Error("it takes " + std::string(rule.usage));
  }
}

std::string shown(const LogicalLine& line, const Instruction& instruction, std::string_view rest) {
  std::string text = instruction.keyword;
  if (!rest.empty()) text.append(" ").append(rest);
  if (!line.heredocs.empty()) {
    std::string_view first = line.heredocs.front().content;
    first = first.substr(0, first.find('\n'));
    text.append(" (").append(first).append("...)");
  }
  return text;
}

}  // namespace

const std::string* Instruction::flag(std::string_view name) const {
  const auto found = std::find_if(flags.rbegin(), flags.rend(),
                                  [&](const Flag& each) { return each.name == name; });
  return found == flags.rend() ? nullptr : &found->value;
}

Instruction parse_instruction(const LogicalLine& line, char escape) {
  std::string_view rest = line.text;
  Instruction instruction{.line = line.number, .keyword = upper_case(take_word(rest))};
  const Rule& rule = find_rule(instruction.keyword);
  const Doing doing(rule.keyword.data());
  instruction.heredocs = line.heredocs;
  instruction.text = shown(line, instruction, rest);
  instruction.flags = take_flags(rule, rest, escape);
  parse_arguments(instruction, rule, rest, escape);
  check_arguments(instruction, rule);
  return instruction;
}

Dockerfile parse_dockerfile(std::string_view text, const std::string& name) {
  DockerfileLines lines = read_dockerfile_lines(text, name);
  Dockerfile dockerfile{.name = name, .escape = lines.escape};
  for (const LogicalLine& line : lines.lines) {
    const std::string place = place_in(name, line.number);
    const Doing doing(place.c_str());
    dockerfile.instructions.push_back(parse_instruction(line, lines.escape));
  }
  if (dockerfile.instructions.empty()) throw Error(name + ": it has no instructions");
  return dockerfile;
}

}  // namespace gocker
