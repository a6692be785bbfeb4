#include "tests/system/runtime.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace gocker::test {

std::string Runtime::path() {
  if (const char* chosen = std::getenv("GOCKER_RUNTIME"); chosen != nullptr && *chosen != '\0') {
    return chosen;
  }
  return BUILT_RUNTIME;
}

const std::string& Runtime::version() {
  static const std::string kLine = [] {
    const Outcome outcome = run_program({.args = {path(), "--version"}});
    return outcome.out.substr(0, outcome.out.find('\n'));
  }();
  return kLine;
}

bool Runtime::is_sanitized() {
  static const bool kAnswer = [] {
    std::ifstream file(path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    return content.find("__asan_init") != std::string::npos;
  }();
  return kAnswer;
}

Program Runtime::program(const std::vector<std::string>& args) const {
  Program program;
  program.args = {path(), "--root", root_};
  program.args.insert(program.args.end(), args.begin(), args.end());
  return program;
}

}  // namespace gocker::test
