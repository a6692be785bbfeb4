#include "imagetool/cli/named_things.h"

#include "imagetool/cli/command.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {

std::map<std::string, std::string> parse_labels(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> labels;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == 0 || text.empty()) throw UsageError("--label takes KEY=VALUE");
    labels[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return labels;
}

void for_each_name(const std::vector<std::string>& names,
                   const std::function<void(const std::string& name)>& act) {
  bool failed = false;
  for (const std::string& name : names) {
    try {
      act(name);
      print(name + "\n");
    } catch (const std::exception& error) {
      print_error(error.what());
      failed = true;
    }
  }
  if (failed) throw ExitCode{1};
}

}  // namespace gocker::cli
