// What is to be said of a document beside its first error: all of its errors, for those who want to
// mend them in one go, and what nobody heeds.
#pragma once

#include <string>
#include <vector>

namespace oci {

struct Finding {
  std::string json_path;  // "/mounts/1/destination"
  std::string problem;    // "must be absolute"
  bool operator==(const Finding&) const = default;
};

struct Findings {
  bool go_on = false;  // past an error: it stands in `errors` instead of being thrown
  std::vector<Finding> errors;
  std::vector<Finding> ignored;  // properties that are not those of the specification for Linux
};

}  // namespace oci
