#include "imagetool/layer/lower_view.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "imagetool/layer/canonical_path.h"
#include "imagetool/layer/overlay.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {

LowerView::LowerView(size_t count, Open open, OverlayAttributes attributes)
    : count_(count), open_(std::move(open)), attributes_(attributes) {}

LowerView::LowerView(std::vector<Fd> layers, OverlayAttributes attributes)
    : count_(layers.size()), layers_(std::move(layers)), attributes_(attributes) {}

Fd LowerView::find(std::string_view path) {
  return empty() ? Fd() : open_canonical(root(), path, O_PATH);
}

std::vector<std::string> LowerView::names_in_root() {
  return list_directory(root().open(".", O_RDONLY | O_DIRECTORY), "/");
}

const std::vector<std::string>& LowerView::names_of(const struct stat& status) {
  if (!names_) {
    names_.emplace();
    collect_names(root().open(".", O_RDONLY | O_DIRECTORY), "");
  }
  return (*names_)[status.st_ino];
}

void LowerView::collect_names(const Fd& directory, const std::string& path) {
  for (const std::string& name : list_directory(directory, path)) {
    struct stat status {};
    check(::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "stat", name);
    const std::string child = std::string(path).append("/").append(name);
    if (S_ISDIR(status.st_mode)) {
      collect_names(open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), child);
    } else if (status.st_nlink > 1) {
      (*names_)[status.st_ino].push_back(child);
    }
  }
}

// One layer alone is no overlay, and as the base it holds no whiteouts.
const RootDir& LowerView::root() {
  if (root_) return root_;
  if (layers_.empty()) layers_ = open_();
  if (layers_.size() == 1) {
    root_ = RootDir(layers_.front().duplicate());
    return root_;
  }
  OverlayMount mount;
  for (const Fd& layer : layers_) mount.layers.push_back(layer.duplicate());
  mount.attributes = attributes_;
  root_ = RootDir(mount_overlay(mount));
  return root_;
}

}  // namespace gocker
