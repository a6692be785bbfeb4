// Where COPY and ADD take files from: the build context, or the files of a stage or image. Nothing
// outside its root is ever opened, wherever symlinks in it point.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/build/ignore_rules.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// One object below a source.
struct SourceEntry {
  std::string path;  // below the source: "", "file", "directory/file"
  Fd fd;             // O_PATH; a symlink itself
  struct stat status {};
};

class SourceTree {
 public:
  explicit SourceTree(RootDir root, IgnoreRules rules = {})
      : root_(std::move(root)), rules_(std::move(rules)) {}

  const RootDir& root() const { return root_; }
  // Whether the tree may have files that it does not show.
  bool leaves_out() const { return !rules_.empty(); }

  // The paths, clean and sorted, that a source of COPY names: itself where it has no wildcards (*
  // ? [...] in each component), else those that fit. Never empty: throws where nothing is there,
  // telling whether .dockerignore left it out.
  std::vector<std::string> find(std::string_view pattern) const;

  // Calls `visit` for the source `path` and for all below it, in the order of names, a directory
  // before its content. A source that is a symlink is what it points to; symlinks below are
  // themselves.
  void walk(const std::string& path, const std::function<void(const SourceEntry&)>& visit) const;

  bool is_directory(const std::string& path) const;

 private:
  void find_below(const std::string& directory, const std::vector<std::string>& parts, size_t next,
                  std::vector<std::string>& found) const;
  void walk_directory(const Fd& directory, const std::string& source, const std::string& below,
                      size_t depth, const std::function<void(const SourceEntry&)>& visit) const;

  RootDir root_;
  IgnoreRules rules_;
};

}  // namespace gocker
