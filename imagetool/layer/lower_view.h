// The layers below a layer that is being unpacked, joined as a container would see them.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/store.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// Mounts nothing until it is asked for something. The mount is detached: nobody else sees it, and
// it goes with the object.
class LowerView {
 public:
  // `open` gives the trees of the `count` layers, the base first; it is called when they are needed
  // for the first time, and may wait for them to be complete. None for a base layer.
  using Open = std::function<std::vector<Fd>()>;
  LowerView(size_t count, Open open, OverlayAttributes attributes);
  LowerView(std::vector<Fd> layers, OverlayAttributes attributes);

  bool empty() const { return count_ == 0; }
  // What `path` names, opened with O_PATH, a symlink itself; no symlink on the way is followed.
  // An invalid Fd where there is nothing.
  Fd find(std::string_view path);
  std::vector<std::string> names_in_root();
  // All paths of the file that `status` describes, its own too, in no order. Walks the whole tree
  // the first time: files with several names that a later layer links to are rare.
  const std::vector<std::string>& names_of(const struct stat& status);

 private:
  const RootDir& root();
  void collect_names(const Fd& directory, const std::string& path);

  size_t count_;
  Open open_;
  std::vector<Fd> layers_;
  OverlayAttributes attributes_;
  RootDir root_;
  std::optional<std::map<ino_t, std::vector<std::string>>> names_;
};

}  // namespace gocker
