#include "runtime/cli/each_container.h"

#include <regex.h>

namespace gocker::cli {
namespace {

class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    const int code = ::regcomp(&compiled_, ("^(" + text + ")$").c_str(), REG_EXTENDED | REG_NOSUB);
    if (code == 0) return;
    char reason[128];
    ::regerror(code, &compiled_, reason, sizeof reason);
    throw UsageError("--regex: \"" + text + "\": " + reason);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() { ::regfree(&compiled_); }

  bool matches(const std::string& text) const {
    return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
};

}  // namespace

std::vector<std::string> chosen_ids(const StateRoot& root, const Arguments& arguments) {
  const std::string& first = arguments.positionals().at(0);
  if (!arguments.has("regex")) return {first};
  const Pattern pattern(first);
  std::vector<std::string> ids = root.ids();
  std::erase_if(ids, [&](const std::string& id) { return !pattern.matches(id); });
  return ids;
}

}  // namespace gocker::cli
