#include "imagetool/layer/hidden_paths.h"

#include "imagetool/layer/canonical_path.h"

namespace gocker {

void HiddenPaths::spell_out_root(const std::vector<std::string>& names) {
  if (opaque_.erase("") == 0) return;
  for (const std::string& name : names) whiteouts_.insert("/" + name);
}

bool HiddenPaths::hides(std::string_view path) const {
  if (path.empty()) return false;
  return whiteouts_.contains(path) || hides_content_of(parent_of(path));
}

bool HiddenPaths::hides_content_of(std::string_view path) const {
  if (whiteouts_.empty() && opaque_.empty()) return false;
  while (true) {
    if (opaque_.contains(path) || whiteouts_.contains(path)) return true;
    if (path.empty()) return false;
    path = parent_of(path);
  }
}

}  // namespace gocker
