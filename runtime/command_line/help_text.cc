#define CXXOPTS_NO_REGEX true
#include <cxxopts.hpp>

#include "runtime/command_line/options.h"

namespace gocker::cli {

std::string help_text(std::span<const Option> options) {
  cxxopts::Options table("");
  table.custom_help("").set_width(110);
  for (const Option& option : options) {
    const std::string letter = option.letter != 0 ? std::string(1, option.letter) + "," : "";
    const bool is_flag = option.value_name.empty();
    table.add_option(
        "", cxxopts::Option(letter + std::string(option.name), std::string(option.help),
                            is_flag ? cxxopts::value<bool>() : cxxopts::value<std::string>(),
                            std::string(option.value_name)));
  }
  const std::string text = table.help({""}, false);
  return text.substr(std::min(text.size(), text.find_first_not_of('\n')));
}

}  // namespace gocker::cli
