// gocker-runtime check: would this bundle work on this host? Nothing of it runs.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/create_options.h"
#include "runtime/command_line/output.h"
#include "runtime/launch/examine.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{kBundle, Option{"format", 'f', "FORMAT", "table (default) or json"}};

bool is_error(const Problem& problem) {
  return problem.severity == Problem::Severity::error || warnings_are_refused();
}

std::string severity_of(const Problem& problem) {
  return is_error(problem) ? "error" : "warning";
}

std::string as_json(const std::vector<Problem>& problems, bool works) {
  std::string text = std::string("{\"works\":") + (works ? "true" : "false") + ",\"problems\":[";
  for (const Problem& problem : problems) {
    if (&problem != problems.data()) text += ",";
    text.append("{\"severity\":").append(json_quote(severity_of(problem)));
    text.append(",\"path\":").append(json_quote(problem.json_path));
    text.append(",\"reason\":").append(json_quote(problem.reason));
    text.append(",\"remedy\":").append(json_quote(problem.remedy)).append("}");
  }
  return text + "]}\n";
}

std::string as_text(const std::vector<Problem>& problems, bool works) {
  std::string text;
  for (const Problem& problem : problems) {
    text.append(severity_of(problem)).append(": ");
    text.append(problem.json_path.empty() ? "/" : problem.json_path).append(": ");
    text.append(problem.reason).append("\n    ").append(problem.remedy).append("\n");
  }
  return text + (works ? "works on this host\n" : "does not work on this host\n");
}

int run(const Global&, const Arguments& arguments) {
  const bool json = table_or_json(arguments) == Format::json;
  const std::vector<Problem> problems = examine_bundle(arguments.value("bundle", "."));
  const bool works = std::none_of(problems.begin(), problems.end(), is_error);
  print(json ? as_json(problems, works) : as_text(problems, works));
  return works ? 0 : 1;
}

}  // namespace

constinit const Command kCheck{.name = "check",
                               .summary = "tell whether a bundle would work on this host",
                               .options = kOptions,
                               .run = run};

}  // namespace gocker::cli
