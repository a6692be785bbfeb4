#include "imagetool/containers/program_error.h"

#include <nlohmann/json.hpp>

#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

}  // namespace

int exit_code_of_failure(std::string_view words) {
  if (words.find("executable file") != std::string_view::npos &&
      words.find("not found") != std::string_view::npos) {
    return kNotFound;
  }
  const size_t start = words.rfind("exec: \"");
  if (start == std::string_view::npos) return kNotRun;
  const bool is_absent = words.find("no such file", start) != std::string_view::npos;
  return is_absent ? kNotFound : kNotExecutable;
}

std::string last_error_in(std::string_view log) {
  std::string reason;
  for (const std::string_view line : split(log, '\n')) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.value("level", "") == "error") reason = json.value("msg", reason);
  }
  return reason;
}

void throw_runtime_error(std::string_view words) {
  const int code = exit_code_of_failure(words);
  if (code != kNotRun) throw ProgramError(words, code);
  throw Error(words);
}

}  // namespace gocker
