#include "imagetool/build/commit.h"

#include <optional>
#include <utility>

#include "imagetool/build/container_changes.h"
#include "imagetool/build/dockerfile.h"
#include "imagetool/build/image_settings.h"
#include "imagetool/build/made_mount_points.h"
#include "imagetool/build/step_layer.h"
#include "imagetool/bundle/bundle.h"
#include "imagetool/containers/control.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/transition.h"
#include "imagetool/digest.h"
#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/write_layer.h"
#include "imagetool/store/new_image.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr char kEscape = '\\';

// A container that runs stands still while this lives.
class Pause {
 public:
  Pause(const OciRuntime& runtime, const Transition& transition)
      : runtime_(runtime), id_(transition.id()) {
    transition.describe(kPausedForCommit);
    runtime_.pause(id_);
  }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() {
    try {
      runtime_.resume(id_);
    } catch (const std::exception&) {
      return;  // it was killed meanwhile
    }
  }

 private:
  const OciRuntime& runtime_;
  std::string id_;
};

// --- the layer ---------------------------------------------------------------------------------

class ChangesLayer {
 public:
  ChangesLayer(Transaction& transaction, const Image& image, Notes& notes)
      : transaction_(transaction),
        attributes_(transaction.store().overlay_attributes()),
        chain_ids_(image.chain_ids()),
        notes_(notes) {}

  // Nothing where no file was changed. `mount_points` are directories and files that the runtime
  // has made where the image has none.
  std::optional<ImageLayer> make(const Fd& changes, const std::vector<std::string>& mount_points) {
    const BlobDraft all = transaction_.draft_blob();
    LayerBlob written = write(changes, all);
    for (const std::string& socket : written.left_out) {
      notes_.push_back("/" + socket + ": a socket, left out: only a program can make it");
    }
    LayerDraft draft = transaction_.draft_layer();
    unpack(all, draft);
    if (mount_points.empty()) return add(all, written, std::move(draft));
    LowerView below = layers_below();
    remove_made_mount_points(mount_points, draft.tree(), below);
    const BlobDraft rest = transaction_.draft_blob();
    written = write(draft.tree(), rest);
    return add(rest, written, std::move(draft));
  }

 private:
  LayerBlob write(const Fd& tree, const BlobDraft& blob) const {
    return write_layer(tree, attributes_, RootEntry::no, blob.file());
  }

  LowerView layers_below() const {
    return {transaction_.store().open_layers(chain_ids_), attributes_};
  }

  void unpack(const BlobDraft& blob, const LayerDraft& draft) {
    const BlobFile packed(blob.file().duplicate());
    const LayerLimits limits;
    LayerStream stream(packed, Compression::gzip, limits);
    LowerView below = layers_below();
    apply_layer(stream, draft.tree(), below, attributes_, limits, notes_);
  }

  std::optional<ImageLayer> add(const BlobDraft& blob, const LayerBlob& written, LayerDraft draft) {
    if (written.entries == 0) return std::nullopt;
    ImageLayer layer;
    layer.blob.media_type = oci::media_type::kLayerGzip;
    layer.blob.digest = written.digest;
    layer.blob.size = written.size;
    layer.diff_id = written.diff_id;
    layer.chain_id = chain_id(chain_ids_.back(), written.diff_id);
    transaction_.add_blob(blob, layer.blob.digest);
    transaction_.add_layer(std::move(draft), layer.chain_id);
    return layer;
  }

  Transaction& transaction_;
  const OverlayAttributes attributes_;
  const std::vector<std::string> chain_ids_;
  Notes& notes_;
};

// --- the config --------------------------------------------------------------------------------

void apply_change(const std::string& text, oci::ImageConfig& config) {
  const Doing doing("--change", text);
  const Instruction change = parse_instruction({0, text, {}}, kEscape);
  const Lookup lookup = [](std::string_view) { return std::nullopt; };
  if (change.keyword == "WORKDIR") {
    config.config.working_dir = change.arguments[0];
  } else if (is_setting(change.keyword)) {
    apply_setting(change, kEscape, lookup, config);
  } else {
    throw Error(change.keyword + " is none of the instructions that change no file");
  }
}

oci::ImageConfig config_of(const Image& image, const ContainerRecord& record,
                           const CommitOptions& options, bool has_layer) {
  oci::ImageConfig config = image.config;
  for (const std::string& change : options.changes) apply_change(change, config);
  config.created = rfc3339_now();
  if (!options.author.empty()) config.author = options.author;
  oci::History& entry = config.history.emplace_back();
  entry.created = config.created;
  entry.created_by = join(record.command, " ");
  entry.author = options.author;
  entry.comment = options.message;
  entry.empty_layer = !has_layer;
  return config;
}

}  // namespace

std::string commit_container(const Places& places, const std::string& id,
                             const CommitOptions& options, Notes& notes) {
  const Doing doing("commit container", id);
  const Transition transition(places, id, "commit");
  const ContainerRecord record = load_record(places, id);
  const Store store(places.root);
  const Image image = load_image(store, record.image, record.digest);
  Transaction writing(store);
  const std::vector<std::string> mount_points = made_mount_points(
      open_joined(writing, image.chain_ids()), places.bundle(id) + "/config.json");
  std::vector<ImageLayer> layers = image.layers;
  {
    const OciRuntime runtime(places);
    const auto state = runtime.state(id);
    std::optional<Pause> pause;
    if (state && state->status == "running" && options.pause == CommitOptions::Pause::yes) {
      pause.emplace(runtime, transition);
    }
    const LayerDraft scratch = writing.draft_layer();
    const Fd changes = open_container_changes(places, id, scratch.tree());
    if (auto layer = ChangesLayer(writing, image, notes).make(changes, mount_points)) {
      layers.push_back(std::move(*layer));
    }
  }
  const bool has_layer = layers.size() > image.layers.size();
  const ImageName name =
      put_image(writing, options.name, layers, config_of(image, record, options, has_layer));
  writing.commit(name);
  return name.digest;
}

}  // namespace gocker
