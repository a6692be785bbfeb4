#include "runtime/launch/examine.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "oci-spec/error.h"
#include "oci-spec/runtime_spec.h"
#include "oci-spec/validate.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/launch/examine_host.h"

namespace gocker {
namespace {

constexpr char kConfigFile[] = "config.json";

// The rule says what is wanted; this says what to do about it.
std::string remedy_for(const oci::Finding& finding) {
  const std::string_view problem = finding.problem;
  constexpr std::string_view kNeeds = "needs an entry of type ";
  if (problem.starts_with(kNeeds)) {
    const std::string_view type =
        problem.substr(kNeeds.size(), problem.find(' ', kNeeds.size()) - kNeeds.size());
    return std::string("add {\"type\": \"")
               .append(type)
               .append("\"} to /linux/namespaces, or remove ") +
           finding.json_path;
  }
  if (problem == "is required") return "add " + finding.json_path;
  if (finding.json_path.empty()) return "correct " + std::string(kConfigFile);
  return "correct " + finding.json_path;
}

void add_errors(std::vector<Problem>& problems, const std::vector<oci::Finding>& errors) {
  for (const oci::Finding& error : errors) {
    problems.push_back({error.json_path, error.problem, remedy_for(error)});
  }
}

}  // namespace

std::vector<Problem> examine_bundle(const std::string& bundle) {
  std::vector<Problem> problems;
  oci::Findings findings{.go_on = true, .errors = {}, .ignored = {}};
  oci::Spec spec;
  try {
    spec = oci::parse_spec(read_file(bundle + "/" + kConfigFile), kConfigFile, &findings);
    oci::validate(spec, kConfigFile, &findings);
  } catch (const oci::SpecError& error) {  // it is no JSON at all
    findings.errors.push_back({"", error.json_path() + ": " + error.problem()});
  } catch (const Error& error) {
    return {{"", error.what(), "give a bundle: a directory with a config.json (see spec --help)"}};
  }
  add_errors(problems, findings.errors);
  if (!findings.errors.empty() && findings.errors.back().json_path.empty()) return problems;
  for (const oci::Finding& ignored : findings.ignored) {
    problems.push_back({ignored.json_path, ignored.problem, "remove it, or correct its spelling",
                        Problem::Severity::warning});
  }
  examine_host(spec, bundle, problems);
  return problems;
}

}  // namespace gocker
