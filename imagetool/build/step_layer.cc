#include "imagetool/build/step_layer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "imagetool/bundle/mount_point.h"
#include "imagetool/digest.h"
#include "imagetool/layer/attributes.h"
#include "imagetool/layer/overlay.h"
#include "imagetool/layer/write_layer.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr const char* kTree = "tree";  // the draft's own
constexpr const char* kWork = "work";
constexpr const char* kEmpty = "empty";
constexpr const char* kRootfs = "rootfs";

Fd make_subdirectory(const Fd& directory, const char* name, mode_t mode = S_IRWXU) {
  check(::mkdirat(directory.get(), name, S_IRWXU), "mkdir", name);
  Fd made = open_file_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  check(::fchmod(made.get(), mode), "chmod", name);
  return made;
}

std::vector<Fd> open_layers(const Transaction& transaction,
                            const std::vector<std::string>& chain_ids) {
  std::vector<Fd> layers;
  layers.reserve(chain_ids.size());
  for (const std::string& id : chain_ids) layers.push_back(transaction.open_layer(id));
  return layers;
}

// The root directory's attributes are those of the topmost layer.
Attributes root_attributes(const Transaction& transaction,
                           const std::vector<std::string>& chain_ids) {
  if (chain_ids.empty()) return {};
  const Fd top = transaction.open_layer(chain_ids.back());
  return read_attributes(top, stat_fd(top, "/"));
}

bool same_but_for_time(const Attributes& one, const Attributes& other) {
  const auto same = [](const ExtendedAttribute& a, const ExtendedAttribute& b) {
    return a.name == b.name && a.value == b.value;
  };
  return one.uid == other.uid && one.gid == other.gid && one.mode == other.mode &&
         std::equal(one.extended.begin(), one.extended.end(), other.extended.begin(),
                    other.extended.end(), same);
}

}  // namespace

RootDir open_joined(const Transaction& transaction, const std::vector<std::string>& chain_ids) {
  if (chain_ids.empty()) return {};
  if (chain_ids.size() == 1) return RootDir(transaction.open_layer(chain_ids.front()));
  OverlayMount mount;
  mount.layers = open_layers(transaction, chain_ids);
  mount.attributes = transaction.store().overlay_attributes();
  return RootDir(mount_overlay(mount));
}

StepLayer::StepLayer(Transaction& transaction, std::vector<std::string> chain_ids)
    : transaction_(transaction),
      chain_ids_(std::move(chain_ids)),
      draft_(transaction.draft_layer()),
      bundle_(transaction.open_surroundings(*draft_)) {
  copy_root_attributes();
  OverlayMount mount;
  mount.layers = open_layers(transaction_, chain_ids_);
  // Overlay wants a layer below; that of an image from scratch is empty.
  if (mount.layers.empty()) mount.layers.push_back(make_subdirectory(bundle_, kEmpty, 0755));
  mount.upper = draft_->tree().duplicate();
  mount.work = make_subdirectory(bundle_, kWork);
  mount.attributes = transaction_.store().overlay_attributes();
  root_ = RootDir(mount_overlay(mount));
}

StepLayer::~StepLayer() {
  try {
    detach();
  } catch (const std::exception&) {
    // It goes with the mount namespace of this process.
  }
}

void StepLayer::copy_root_attributes() {
  set_attributes(draft_->tree(), root_attributes(transaction_, chain_ids_));
}

void StepLayer::attach() {
  make_subdirectory(bundle_, kRootfs);
  attach_mount(root_.fd(), bundle_, kRootfs);
  attached_ = true;
  root_ = RootDir();  // an open descriptor would keep it busy
}

void StepLayer::detach() {
  root_ = RootDir();
  if (std::exchange(attached_, false)) detach_mounts(bundle_, kRootfs);
}

StepLayer::RootState StepLayer::root_state() const {
  const Fd& tree = draft_->tree();
  const Attributes now = read_attributes(tree, stat_fd(tree, "/"));
  return same_but_for_time(now, root_attributes(transaction_, chain_ids_)) ? RootState::as_below
                                                                           : RootState::changed;
}

void StepLayer::clear_bundle() {
  for (const std::string& name : list_directory(bundle_, "the step's directory")) {
    if (name != kTree) remove_tree_at(bundle_, name);
  }
}

std::optional<ImageLayer> StepLayer::finish(std::vector<std::string>& notes) {
  detach();
  clear_bundle();
  const RootState state = root_state();
  if (state == RootState::as_below) copy_root_attributes();  // its time has changed
  const BlobDraft blob = transaction_.draft_blob();
  const LayerBlob written =
      write_layer(draft_->tree(), transaction_.store().overlay_attributes(),
                  state == RootState::changed ? RootEntry::yes : RootEntry::no, blob.file());
  for (const std::string& socket : written.left_out) {
    remove_tree_at(RootDir(draft_->tree().duplicate()).open(split_path(socket).parent, O_PATH),
                   std::string(split_path(socket).name));
    notes.push_back("/" + socket + ": a socket, left out: only a program can make it");
  }
  if (written.entries == 0) return std::nullopt;

  ImageLayer layer;
  layer.blob.media_type = oci::media_type::kLayerGzip;
  layer.blob.digest = written.digest;
  layer.blob.size = written.size;
  layer.diff_id = written.diff_id;
  layer.chain_id = chain_id(chain_ids_.empty() ? "" : chain_ids_.back(), written.diff_id);
  transaction_.add_blob(blob, layer.blob.digest);
  transaction_.add_layer(std::move(*draft_), layer.chain_id);
  return layer;
}

}  // namespace gocker
