// The layers below a layer that is being unpacked, joined as a container would see them.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

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
  // The trees of the layers, the base first; none for a base layer.
  LowerView(std::vector<Fd> layers, OverlayAttributes attributes);

  bool empty() const { return layers_.empty(); }
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

  std::vector<Fd> layers_;
  OverlayAttributes attributes_;
  RootDir root_;
  std::optional<std::map<ino_t, std::vector<std::string>>> names_;
};

}  // namespace gocker
