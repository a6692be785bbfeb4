// .dockerignore: which paths of a build context are left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gocker {

class IgnoreRules {
 public:
  IgnoreRules() = default;
  // A pattern a line (glob.h), relative to the context; "!pattern" takes back; "#" begins a
  // comment. A pattern that fits a directory fits all below it; the last one that fits decides.
  // `file` is what errors call the text.
  IgnoreRules(std::string_view text, const std::string& file);

  bool empty() const { return rules_.empty(); }
  // `path` is relative to the context, without "." and "..".
  bool ignores(std::string_view path) const;
  // Whether something below an ignored directory may have been taken back.
  bool has_exceptions() const { return has_exceptions_; }

 private:
  struct Rule {
    std::string pattern;
    bool takes_back = false;
  };
  std::vector<Rule> rules_;
  bool has_exceptions_ = false;
};

}  // namespace gocker
