// Whether a bundle would work on this host, without running anything of it (`check`).
//
// Reading and validating go through the very rules of create, past the first error. For what only
// the kernel can answer, the steps of create are tried on stand-ins: an idle process with the
// container's namespaces, a control group beside the wanted one, detached mounts. All of them are
// gone when it returns.
#pragma once

#include <string>
#include <vector>

namespace gocker {

struct Problem {
  enum class Severity { error, warning };

  std::string json_path;  // "/mounts/1/source"; empty: the document as a whole
  std::string reason;
  std::string remedy;
  Severity severity = Severity::error;
};

// In the order of the document's rules, then of the host's. An Error only where it can't be told.
std::vector<Problem> examine_bundle(const std::string& bundle);

}  // namespace gocker
