// What is wrong with a document of an OCI specification, where.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace oci {

// "config.json: /mounts/1/destination: must be absolute"
class SpecError : public std::runtime_error {
 public:
  SpecError(std::string_view file, std::string_view json_path, std::string_view problem)
      : std::runtime_error(std::string(file)
                               .append(": ")
                               .append(json_path.empty() ? std::string_view("/") : json_path)
                               .append(": ")
                               .append(problem)),
        json_path_(json_path),
        problem_(problem) {}

  const std::string& json_path() const { return json_path_; }
  const std::string& problem() const { return problem_; }

 private:
  std::string json_path_;
  std::string problem_;
};

}  // namespace oci
