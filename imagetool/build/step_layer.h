// The file system of a stage while a step changes it: the layers so far, joined, with an empty one
// on top that takes the changes. It becomes a layer of the image when the step has succeeded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "imagetool/store/image.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// The layers joined, read-only. Without layers: an invalid RootDir.
RootDir open_joined(const Transaction& transaction, const std::vector<std::string>& chain_ids);

class StepLayer {
 public:
  // `chain_ids`: the layers below, the base first; they are in the store or in `transaction`, which
  // must outlive the object. Dropping it drops the changes (with the transaction).
  StepLayer(Transaction& transaction, std::vector<std::string> chain_ids);
  StepLayer(const StepLayer&) = delete;
  StepLayer& operator=(const StepLayer&) = delete;
  ~StepLayer();

  // The joined tree; what is changed in it goes to the new layer. Not after attach().
  const RootDir& root() const { return root_; }

  // Puts the joined tree on "rootfs" in the directory bundle(), for a container.
  void attach();
  // A directory for whatever the step needs; it goes when the step ends.
  const Fd& bundle() const { return bundle_; }
  std::string bundle_path() const { return transaction_.path_of_surroundings(*draft_); }
  // Takes the joined tree away.
  void detach();

  // The new layer's own files.
  const Fd& changes() const { return draft_->tree(); }

  // Takes the joined tree away and adds the layer to the transaction; nothing where no file was
  // changed. What a layer cannot hold is told to `notes`.
  std::optional<ImageLayer> finish(std::vector<std::string>& notes);

 private:
  enum class RootState { as_below, changed };

  void copy_root_attributes();
  RootState root_state() const;
  void clear_bundle();

  Transaction& transaction_;
  std::vector<std::string> chain_ids_;
  std::optional<LayerDraft> draft_;
  Fd bundle_;
  RootDir root_;
  bool attached_ = false;
};

}  // namespace gocker
