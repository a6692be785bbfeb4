#include "imagetool/build/image_settings.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Words = std::vector<std::string>;

Words expand_all(const Instruction& instruction, char escape, const Lookup& lookup) {
  if (instruction.form == Form::list) return instruction.arguments;
  Words words;
  for (const std::string& word : instruction.arguments) {
    words.push_back(expand(word, escape, lookup));
  }
  return words;
}

void insert_sorted(Words& set, const std::string& word) {
  const auto place = std::lower_bound(set.begin(), set.end(), word);
  if (place == set.end() || *place != word) set.insert(place, word);
}

// --- EXPOSE ------------------------------------------------------------------------------------

uint32_t parse_port(std::string_view text, const std::string& whole) {
  const std::optional<uint32_t> port = parse_u32(text);
  if (!port || *port < 1 || *port > 65535) {
    throw Error("'" + whole + "' is no port: a number from 1 to 65535, then /tcp or /udp");
  }
  return *port;
}

// "80", "53/udp", "8000-8003"
void expose(Words& ports, const std::string& text) {
  const size_t slash = text.find('/');
  const std::string protocol =
      slash == std::string::npos ? "tcp" : to_lower(text.substr(slash + 1));
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    throw Error("'" + text + "': the protocol is tcp, udp or sctp");
  }
  const std::string range = text.substr(0, slash);
  const size_t dash = range.find('-');
  const uint32_t first = parse_port(range.substr(0, dash), text);
  const uint32_t last =
      dash == std::string::npos ? first : parse_port(range.substr(dash + 1), text);
  if (last < first) throw Error("'" + text + "' ends before it begins");
  for (uint32_t port = first; port <= last; ++port) {
    insert_sorted(ports, std::to_string(port) + "/" + protocol);
  }
}

// --- HEALTHCHECK -------------------------------------------------------------------------------

// "1m30s", "1.5h", "100ms" in nanoseconds, as Go has it.
int64_t parse_duration(const std::string& flag, std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  constexpr std::array kUnits = {Unit{"ms", 1e6}, Unit{"us", 1e3}, Unit{"ns", 1.0},
                                 Unit{"s", 1e9},  Unit{"m", 6e10}, Unit{"h", 3.6e12}};
  const auto fail = [&, whole = std::string(text)]() -> int64_t {
    throw Error("--" + flag + ": '" + whole + "' is no duration such as 30s, 1m30s or 500ms");
  };
  double total = 0;
  if (text.empty()) return fail();
  while (!text.empty()) {
    const std::string number(text.substr(0, text.find_first_not_of("0123456789.")));
    text.remove_prefix(number.size());
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& each) { return text.starts_with(each.name); });
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0' || unit == kUnits.end()) return fail();
    total += value * unit->nanoseconds;
    text.remove_prefix(unit->name.size());
  }
  if (total < 1e6 || total > 9e18) {
    throw Error("--" + flag + ": it must be 1ms at least and no longer than 292 years");
  }
  return static_cast<int64_t>(total);
}

oci::Healthcheck healthcheck(const Instruction& instruction) {
  oci::Healthcheck check;
  check.test = instruction.arguments;
  if (instruction.form == Form::list) check.test.insert(check.test.begin(), "CMD");
  if (instruction.form == Form::shell) check.test.insert(check.test.begin(), "CMD-SHELL");
  for (const Flag& flag : instruction.flags) {
    if (flag.name == "retries") {
      const std::optional<uint32_t> retries = parse_u32(flag.value);
      if (!retries) throw Error("--retries: '" + flag.value + "' is no number");
      check.retries = *retries;
      continue;
    }
    int64_t& field = flag.name == "interval"       ? check.interval
                     : flag.name == "timeout"      ? check.timeout
                     : flag.name == "start-period" ? check.start_period
                                                   : check.start_interval;
    field = parse_duration(flag.name, flag.value);
  }
  return check;
}

// --- STOPSIGNAL --------------------------------------------------------------------------------

std::string checked_signal(const std::string& text) {
  const std::optional<uint32_t> number = parse_u32(text);
  if (number && *number >= 1 && *number <= 64) return text;
  const auto is_letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || (c >= '0' && c <= '9');
  };
  if (!number && text.size() > 2 && std::all_of(text.begin(), text.end(), is_letter)) return text;
  throw Error("'" + text + "' is no signal: a name such as SIGTERM, or a number from 1 to 64");
}

// --- all others --------------------------------------------------------------------------------

void set_command(const Instruction& instruction, oci::ContainerDefaults& defaults) {
  const bool is_entrypoint = instruction.keyword == "ENTRYPOINT";
  (is_entrypoint ? defaults.entrypoint : defaults.cmd) = command_line(instruction, defaults);
}

void set_pairs(const Instruction& instruction, char escape, const Lookup& lookup,
               oci::ContainerDefaults& defaults) {
  // All values of one instruction see the variables as they were before it.
  const Words words = expand_all(instruction, escape, lookup);
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    if (words[i].empty()) throw Error("a name is empty");
    if (instruction.keyword == "ENV") {
      set_variable(defaults.env, words[i], words[i + 1]);
    } else {
      defaults.labels[words[i]] = words[i + 1];
    }
  }
}

std::string single(const Instruction& instruction, char escape, const Lookup& lookup) {
  std::string text = expand(instruction.arguments.front(), escape, lookup);
  if (text.empty()) throw Error("it is empty when its variables have their values");
  return text;
}

}  // namespace

bool is_setting(std::string_view keyword) {
  constexpr std::array<std::string_view, 12> kSettings = {
      "CMD",        "ENTRYPOINT", "ENV",   "EXPOSE",     "HEALTHCHECK", "LABEL",
      "MAINTAINER", "ONBUILD",    "SHELL", "STOPSIGNAL", "USER",        "VOLUME"};
  return std::find(kSettings.begin(), kSettings.end(), keyword) != kSettings.end();
}

void apply_setting(const Instruction& instruction, char escape, const Lookup& lookup,
                   oci::ImageConfig& config) {
  oci::ContainerDefaults& defaults = config.config;
  const std::string& keyword = instruction.keyword;
  if (keyword == "CMD" || keyword == "ENTRYPOINT") {
    set_command(instruction, defaults);
  } else if (keyword == "ENV" || keyword == "LABEL") {
    set_pairs(instruction, escape, lookup, defaults);
  } else if (keyword == "EXPOSE") {
    for (const std::string& words : expand_all(instruction, escape, lookup)) {
      for (const std::string& port : raw_words(words, escape)) {
        expose(defaults.exposed_ports, port);
      }
    }
  } else if (keyword == "HEALTHCHECK") {
    defaults.healthcheck = healthcheck(instruction);
  } else if (keyword == "MAINTAINER") {
    config.author = instruction.arguments.front();
  } else if (keyword == "ONBUILD") {
    defaults.on_build.push_back(instruction.arguments.front());
  } else if (keyword == "SHELL") {
    defaults.shell = instruction.arguments;
  } else if (keyword == "STOPSIGNAL") {
    defaults.stop_signal = checked_signal(single(instruction, escape, lookup));
  } else if (keyword == "USER") {
    defaults.user = single(instruction, escape, lookup);
  } else if (keyword == "VOLUME") {
    for (const std::string& path : expand_all(instruction, escape, lookup)) {
      if (!path.starts_with('/')) throw Error("'" + path + "' is not absolute");
      insert_sorted(defaults.volumes, path);
    }
  }
}

void set_variable(std::vector<std::string>& env, std::string_view name, std::string_view value) {
  const std::string prefix = std::string(name).append("=");
  const auto present = std::find_if(env.begin(), env.end(), [&](const std::string& variable) {
    return variable.starts_with(prefix);
  });
  std::string variable = prefix + std::string(value);
  if (present == env.end()) {
    env.push_back(std::move(variable));
  } else {
    *present = std::move(variable);
  }
}

std::vector<std::string> shell_of(const oci::ContainerDefaults& defaults) {
  return defaults.shell.empty() ? Words{"/bin/sh", "-c"} : defaults.shell;
}

std::vector<std::string> command_line(const Instruction& instruction,
                                      const oci::ContainerDefaults& defaults) {
  if (instruction.form == Form::list || instruction.arguments.empty()) return instruction.arguments;
  Words words = shell_of(defaults);
  words.push_back(instruction.arguments.front());
  return words;
}

}  // namespace gocker
