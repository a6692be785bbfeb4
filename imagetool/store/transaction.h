// What one command adds to the store: all of it or nothing.
//
// Blobs and layers are made below tmp/ and seen by this transaction alone until commit() renames
// them into place, under the lock, together with the image's name. Dropping the object removes
// them; so does the next command where this one was killed. Blobs and layers of the store that
// has_blob() and has_layer() found are kept from gc until the transaction ends. Two processes that
// make the same layer or blob are both right: the second one's copy is dropped at its commit.
//
// The methods may be called from several threads at once, but for commit().
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/store/image.h"
#include "imagetool/store/store.h"
#include "imagetool/store/workspace.h"
#include "runtime/base/fd.h"

namespace gocker {

// A directory that is to become a layer. Dropping it drops nothing on disk: that is the
// transaction's work.
class LayerDraft {
 public:
  // Empty, mode 0755, owned by the caller; opened with O_RDONLY | O_DIRECTORY.
  const Fd& tree() const { return tree_; }

 private:
  friend class Transaction;
  LayerDraft(std::string path, Fd tree) : path_(std::move(path)), tree_(std::move(tree)) {}
  std::string path_;  // below the transaction's workspace
  Fd tree_;
};

// A file that is to become a blob when its digest is known.
class BlobDraft {
 public:
  const Fd& file() const { return file_; }  // empty, opened for reading and writing

 private:
  friend class Transaction;
  BlobDraft(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;  // below the transaction's workspace
  Fd file_;
};

class Transaction {
 public:
  // `store` must outlive it. Removes what killed commands left in the store.
  explicit Transaction(const Store& store);

  const Store& store() const { return store_; }

  // Of the store or of this transaction.
  bool has_blob(std::string_view digest);
  Fd open_blob(std::string_view digest) const;  // for reading; throws where absent

  // An empty file, opened for reading and writing, that becomes the blob; add_blob() says that its
  // content is whole and checked.
  Fd draft_blob(std::string_view digest);
  // The same, but the file may have the blob's beginning already, from a download that was cut off.
  Fd resume_blob(std::string_view digest);
  // Keeps what drafts of blobs hold for the next resume_blob(). Nothing may be added later.
  void keep_partial_blobs();
  void add_blob(std::string_view digest);
  BlobDraft draft_blob();
  void add_blob(const BlobDraft& draft, std::string_view digest);
  // A small blob in one call, synced to disk. Its digest is returned.
  std::string put_blob(std::string_view content);

  // Of the store or of this transaction: the tree, O_PATH.
  bool has_layer(std::string_view chain_id);
  Fd open_layer(std::string_view chain_id) const;  // throws where absent

  // A fresh directory; add_layer() says that it is whole. A draft that is never added is removed
  // with the transaction, or by drop_layer() at once.
  LayerDraft draft_layer();
  void add_layer(LayerDraft draft, std::string_view chain_id);
  void drop_layer(LayerDraft draft);
  // The directory around a draft's tree, for what belongs to its making; add_layer() wants it to
  // hold the tree alone.
  Fd open_surroundings(const LayerDraft& draft) const;
  std::string path_of_surroundings(const LayerDraft& draft) const;

  // Keeps a blob or layer of this digest from gc until the transaction ends, also one that another
  // transaction is about to add.
  void keep(std::string_view digest);

  // Puts all that was added in place, and, where given, the name on it. Nothing may be added later.
  void commit(const std::optional<ImageName>& name = std::nullopt);
  void commit(std::span<const ImageName> names);

 private:
  struct Added {
    std::string path;  // below the workspace
    std::string hex;   // its name in the store
  };
  struct Move {
    Added added;
    int part;  // the directory of the store that it went to
  };

  bool present(const Fd& part, const std::string& hex);
  void move_in(const std::vector<Added>& list, const Fd& part, std::vector<Move>& moves);

  const Store& store_;
  Workspace workspace_;
  mutable std::mutex mutex_;  // guards all below
  unsigned drafts_ = 0;
  std::vector<Added> blobs_;
  std::vector<Added> layers_;
};

}  // namespace gocker
