// A layer's directory while it is filled: one overlay layer, with its own entries only, that reads
// names as the joined tree of it and the layers below does.
//
// The caller owns the directory alone. Nothing outside it is written: every path is walked from
// its root component by component, symlinks and ".." included, as if it were "/".
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "imagetool/layer/attributes.h"
#include "imagetool/layer/hidden_paths.h"
#include "imagetool/layer/lower_view.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

class LayerTree {
 public:
  // A directory of the layer. `path` is canonical (canonical_path.h).
  struct Directory {
    Fd fd;  // O_PATH
    std::string path;
  };
  using DirectoryPtr = std::shared_ptr<const Directory>;

  // `root` is empty and must outlive the object, as must `lower`.
  LayerTree(const Fd& root, LowerView& lower, OverlayAttributes overlay_attributes);

  // The directory that `path` leads to. A directory of a lower layer comes into this one with its
  // attributes; what is missing is made, 0755 and root's, with the epoch as its time.
  DirectoryPtr make_parents(std::string_view path);
  // The same, but nullptr where something is missing in all layers.
  DirectoryPtr find(std::string_view path);

  // An explicit entry for a directory: takes the place of anything else, keeps a directory of this
  // layer and its content. The attributes are set by settle().
  void make_directory(const DirectoryPtr& parent, const std::string& name, Attributes attributes);
  void set_directory_attributes(const DirectoryPtr& directory, Attributes attributes);
  // Makes an entry by `make`, a system call that does not replace (EEXIST): what this layer has
  // there by then is removed for it. Returns the call's result.
  int make_entry(const DirectoryPtr& parent, const std::string& name,
                 const std::function<int(int directory, const char* name)>& make);
  // A hard link to `target`, which is copied into this layer where a lower one has it.
  void make_link(const DirectoryPtr& parent, const std::string& name, std::string_view target);

  void hide(const DirectoryPtr& parent, const std::string& name);
  void hide_content(const DirectoryPtr& directory);

  // Gives back the descriptors that are kept for the sake of speed.
  void close_directories() { cache_.clear(); }
  // The last step, which may need the layers below: whiteouts, opaque marks and the attributes of
  // all directories.
  void settle();

 private:
  enum class Missing { make, report };
  enum class Origin { implied, entry };
  struct PendingDirectory {
    Attributes attributes;
    Origin origin;
  };
  struct Walk {
    Missing missing;
    int links = 0;  // symlinks that were followed
  };

  DirectoryPtr open(std::string_view path, Missing missing);
  DirectoryPtr walk(DirectoryPtr at, std::string_view path, Walk& walk);
  DirectoryPtr step(const DirectoryPtr& at, const std::string& name, Walk& walk);
  DirectoryPtr follow(const DirectoryPtr& at, const std::string& target, Walk& walk);
  DirectoryPtr step_below(const DirectoryPtr& at, const std::string& name, Walk& walk);
  DirectoryPtr imply(const DirectoryPtr& at, const std::string& name, Attributes attributes);
  DirectoryPtr open_own(std::string_view path);

  void forget_lower_link(const DirectoryPtr& parent, const std::string& name);
  void remove(const DirectoryPtr& parent, const std::string& name);
  void copy_up(const std::string& path, const Fd& source, const struct stat& status);
  void link_copy(const DirectoryPtr& parent, const std::string& name, const std::string& path);

  void imply_root();
  void take_hidden_back();
  void mark_hidden(const std::string& path);
  void mark_opaque(const std::string& path);
  void set_pending_attributes();

  RootDir root_;
  LowerView& lower_;
  const char* opaque_mark_;
  DirectoryPtr top_;
  // Keyed by the path as archives spell it, so that runs of entries in one place cost no walk.
  std::unordered_map<std::string, DirectoryPtr> cache_;
  std::set<std::string> lower_links_;  // symlinks of lower layers that paths in the cache followed
  std::map<std::string, PendingDirectory, std::less<>> directories_;
  HiddenPaths hidden_;
  std::set<std::string, std::less<>> copies_;  // here only because a hard link needed them
};

}  // namespace gocker
