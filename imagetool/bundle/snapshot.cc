#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "imagetool/bundle/rootfs.h"
#include "imagetool/digest.h"
#include "imagetool/layer/copy.h"
#include "imagetool/store/subvolume.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

// Fills the subvolume of a chain of layers: the one copy of an image's files, made for its first
// bundle. It gets its name when it is whole; of two that do this at once one wins.
void make_chain(const RootfsSource& source, const std::string& name) {
  const Fd& all = source.store.snapshots();
  const std::string draft = "." + name + "-" + std::to_string(::getpid());
  remove_subvolume(all, draft);  // of a killed process with the same pid
  make_subvolume(all, draft);
  try {
    const Fd files = mount_layers(source);
    copy_tree(open_file_at(files, ".", O_RDONLY | O_DIRECTORY),
              open_file_at(all, draft, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const int result =
        ::renameat2(all.get(), draft.c_str(), all.get(), name.c_str(), RENAME_NOREPLACE);
    if (result != 0 && errno != EEXIST) throw_errno("put in place", name);
  } catch (...) {
    remove_subvolume(all, draft);
    throw;
  }
  remove_subvolume(all, draft);
}

class SnapshotDriver : public RootfsDriver {
 public:
  std::string_view name() const override { return "snapshot"; }
  bool uses_layers() const override { return true; }

  Fd make(const RootfsSource& source, const Fd& directory) const override {
    const Doing doing("snapshot the image");
    if (!source.id_maps.empty()) throw Error("a snapshot's ids cannot be mapped");
    const std::string chain = digest_hex(source.chain_ids.back());
    Fd files = open_if_exists_at(source.store.snapshots(), chain, O_RDONLY | O_DIRECTORY);
    if (!files) {
      make_chain(source, chain);
      files = open_file_at(source.store.snapshots(), chain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    }
    snapshot_subvolume(files, directory, kRootfs);
    return open_file_at(directory, kRootfs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  Fd reopen(const RootfsSource&, const Fd&) const override { return {}; }
  void place(const Fd&, const Fd&) const override {}
  void remove(const Fd& directory) const override {
    if (!remove_subvolume(directory, kRootfs)) remove_tree_at(directory, kRootfs);
  }
};

}  // namespace

const RootfsDriver& snapshot_driver() {
  static const SnapshotDriver driver;
  return driver;
}

}  // namespace gocker
