#include "imagetool/build/ignore_rules.h"

#include <algorithm>

#include "imagetool/build/glob.h"
#include "imagetool/layer/canonical_path.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// The path itself or a directory that it lies in.
bool fits_path_or_parent(std::string_view pattern, std::string_view path) {
  if (fits_path(pattern, path)) return true;
  for (size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (fits_path(pattern, path.substr(0, slash))) return true;
  }
  return false;
}

}  // namespace

IgnoreRules::IgnoreRules(std::string_view text, const std::string& file) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    line = trim(line);
    if (line.empty()) continue;
    Rule rule;
    rule.takes_back = line.starts_with('!');
    if (rule.takes_back) line = trim(line.substr(1));
    const std::string place = file + ":" + std::to_string(number);
    const Doing doing(place.c_str());
    if (line.empty()) throw Error("a ! without a pattern");
    rule.pattern = clean_relative(line);
    check_pattern(rule.pattern);
    if (rule.pattern.empty()) continue;  // "." and "/": the context itself stays
    has_exceptions_ = has_exceptions_ || rule.takes_back;
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreRules::ignores(std::string_view path) const {
  const auto last = std::find_if(rules_.rbegin(), rules_.rend(), [&](const Rule& rule) {
    return fits_path_or_parent(rule.pattern, path);
  });
  return last != rules_.rend() && !last->takes_back;
}

}  // namespace gocker
