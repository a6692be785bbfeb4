#include "imagetool/store/transaction.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "imagetool/digest.h"
#include "imagetool/store/partial.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

template <class List>
auto find_added(const List& list, const std::string& hex) {
  return std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.hex == hex; });
}

}  // namespace

Transaction::Transaction(const Store& store)
    : store_((remove_leftovers(store), store)), workspace_(store) {}

bool Transaction::present(const Fd& part, const std::string& hex) {
  // The pin comes first and both under the lock, so that gc cannot run between the two.
  const Fd locked = store_.lock(Store::Lock::shared);
  if (::faccessat(part.get(), hex.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return false;
  workspace_.pin(hex);
  return true;
}

bool Transaction::has_blob(std::string_view digest) {
  const std::string hex = digest_hex(digest);
  const std::lock_guard guard(mutex_);
  return find_added(blobs_, hex) != blobs_.end() || present(store_.blobs(), hex);
}

Fd Transaction::open_blob(std::string_view digest) const {
  const std::string hex = digest_hex(digest);
  const std::lock_guard guard(mutex_);
  const auto added = find_added(blobs_, hex);
  if (added == blobs_.end()) return store_.open_blob(digest);
  return open_file_at(workspace_.directory(), added->path, O_RDONLY | O_NOFOLLOW);
}

Fd Transaction::draft_blob(std::string_view digest) {
  return open_file_at(workspace_.directory(), blob_draft_name(digest_hex(digest)),
                      O_RDWR | O_CREAT | O_EXCL, 0600);
}

Fd Transaction::resume_blob(std::string_view digest) {
  const std::string hex = digest_hex(digest);
  if (!take_partial(store_, hex, workspace_.directory())) return draft_blob(digest);
  return open_file_at(workspace_.directory(), blob_draft_name(hex), O_RDWR | O_NOFOLLOW);
}

void Transaction::keep_partial_blobs() {
  keep_partials(store_, workspace_.directory());
}

void Transaction::add_blob(std::string_view digest) {
  const std::string hex = digest_hex(digest);
  const std::lock_guard guard(mutex_);
  blobs_.push_back({blob_draft_name(hex), hex});
}

BlobDraft Transaction::draft_blob() {
  const std::lock_guard guard(mutex_);
  std::string path = "draft-" + std::to_string(++drafts_);
  Fd file = open_file_at(workspace_.directory(), path, O_RDWR | O_CREAT | O_EXCL, 0600);
  return {std::move(path), std::move(file)};
}

void Transaction::add_blob(const BlobDraft& draft, std::string_view digest) {
  const std::lock_guard guard(mutex_);
  blobs_.push_back({draft.path_, digest_hex(digest)});
}

std::string Transaction::put_blob(std::string_view content) {
  std::string digest = digest_of(content);
  if (has_blob(digest)) return digest;
  const Fd file = draft_blob(digest);
  write_all(file, content, digest);
  check(::fsync(file.get()), "fsync", digest);
  add_blob(digest);
  return digest;
}

bool Transaction::has_layer(std::string_view chain_id) {
  const std::string hex = digest_hex(chain_id);
  const std::lock_guard guard(mutex_);
  return find_added(layers_, hex) != layers_.end() || present(store_.layers(), hex);
}

Fd Transaction::open_layer(std::string_view chain_id) const {
  const std::string hex = digest_hex(chain_id);
  const std::lock_guard guard(mutex_);
  const auto added = find_added(layers_, hex);
  if (added == layers_.end()) return store_.open_layer(chain_id);
  return open_file_at(workspace_.directory(), added->path + "/tree",
                      O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

LayerDraft Transaction::draft_layer() {
  const std::lock_guard guard(mutex_);
  const std::string path = "layer-" + std::to_string(++drafts_);
  const std::string tree = path + "/tree";
  const int directory = workspace_.directory().get();
  check(::mkdirat(directory, path.c_str(), 0700), "mkdir", path);
  check(::mkdirat(directory, tree.c_str(), 0700), "mkdir", tree);
  Fd fd = open_file_at(workspace_.directory(), tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  check(::fchmod(fd.get(), 0755), "chmod", tree);  // whatever the umask is
  return {path, std::move(fd)};
}

void Transaction::add_layer(LayerDraft draft, std::string_view chain_id) {
  const std::lock_guard guard(mutex_);
  layers_.push_back({draft.path_, digest_hex(chain_id)});
}

void Transaction::drop_layer(LayerDraft draft) {
  remove_tree_at(workspace_.directory(), draft.path_);
}

Fd Transaction::open_surroundings(const LayerDraft& draft) const {
  return open_file_at(workspace_.directory(), draft.path_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

std::string Transaction::path_of_surroundings(const LayerDraft& draft) const {
  return workspace_.path() + "/" + draft.path_;
}

void Transaction::keep(std::string_view digest) {
  const std::string hex = digest_hex(digest);
  const std::lock_guard guard(mutex_);
  const Fd locked = store_.lock(Store::Lock::shared);
  workspace_.pin(hex);
}

void Transaction::move_in(const std::vector<Added>& list, const Fd& part,
                          std::vector<Move>& moves) {
  for (const Added& added : list) {
    const int result = ::renameat2(workspace_.directory().get(), added.path.c_str(), part.get(),
                                   added.hex.c_str(), RENAME_NOREPLACE);
    if (result == 0) {
      moves.push_back({added, part.get()});
    } else if (errno != EEXIST) {  // EEXIST: another command was faster, ours goes
      throw_errno("put in place", added.hex);
    }
  }
}

void Transaction::commit(const std::optional<ImageName>& name) {
  if (name) return commit({&*name, 1});
  commit(std::span<const ImageName>());
}

void Transaction::commit(std::span<const ImageName> names) {
  const std::lock_guard guard(mutex_);
  const Fd locked = store_.lock(Store::Lock::exclusive);
  std::vector<Move> moves;
  try {
    move_in(blobs_, store_.blobs(), moves);
    move_in(layers_, store_.layers(), moves);
    if (!names.empty()) set_image_names(store_, names);
  } catch (...) {
    for (const Move& move : moves) {
      ::renameat(move.part, move.added.hex.c_str(), workspace_.directory().get(),
                 move.added.path.c_str());
    }
    throw;
  }
  blobs_.clear();
  layers_.clear();
}

}  // namespace gocker
