#include "imagetool/cli/labels.h"

#include "imagetool/cli/options.h"
#include "imagetool/cli/output.h"
#include "runtime/base/error.h"

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

Format parse_format(const std::string& text) {
  if (text == "table") return Format::table;
  if (text == "json") return Format::json;
  throw UsageError("--format must be table or json");
}

void for_each(const std::vector<std::string>& names,
              const std::function<void(const std::string& name)>& act) {
  std::vector<std::string> errors;
  for (const std::string& name : names) {
    try {
      act(name);
    } catch (const std::exception& error) {
      errors.emplace_back(error.what());
    }
  }
  if (errors.empty()) return;
  for (size_t i = 0; i + 1 < errors.size(); ++i) print_error(errors[i]);
  throw Error::from_text(errors.back(), 0);
}

}  // namespace gocker::cli
