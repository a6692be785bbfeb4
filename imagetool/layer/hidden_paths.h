// What a layer's whiteouts say: which paths of the layers below it are gone.
// Paths here are canonical (canonical_path.h).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

class HiddenPaths {
 public:
  // `path` and all below it (".wh.NAME").
  void hide(const std::string& path) { whiteouts_.insert(path); }
  // All below the directory `path`, not the directory (".wh..wh..opq").
  void hide_content(const std::string& path) { opaque_.insert(path); }

  // Says "all below the root" in other words: `names` are what the root has.
  void spell_out_root(const std::vector<std::string>& names);

  bool hides(std::string_view path) const;
  bool hides_content_of(std::string_view path) const;

  const std::set<std::string, std::less<>>& whiteouts() const { return whiteouts_; }
  const std::set<std::string, std::less<>>& opaque() const { return opaque_; }

 private:
  std::set<std::string, std::less<>> whiteouts_;
  std::set<std::string, std::less<>> opaque_;
};

}  // namespace gocker
