#include "imagetool/store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "imagetool/digest.h"
#include "oci-spec/image_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/user_rights.h"

namespace gocker {
namespace {

constexpr std::string_view kVersionTrusted = "gocker-store 1 trusted\n";
constexpr std::string_view kVersionUser = "gocker-store 1 user\n";
constexpr std::string_view kLayout = "{\"imageLayoutVersion\": \"1.0.0\"}\n";
Fd open_part(const Fd& directory, const char* name) {
  return open_file_at(directory, name, O_RDONLY | O_DIRECTORY);
}

void make_part(const Fd& directory, const char* name) {
  if (::mkdirat(directory.get(), name, 0700) != 0 && errno != EEXIST) throw_errno("mkdir", name);
}

// A directory with anything but what gocker keeps in it is somebody's, and no place for a new
// store; one where the making of a store was cut short has blobs/ already.
bool may_become_store(const Fd& directory) {
  constexpr std::array kNeighbours = {"containers", "lock", "names", "networks", "volumes"};
  const std::vector<std::string> names = list_directory(directory, "it");
  if (std::find(names.begin(), names.end(), "blobs") != names.end()) return true;
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::find(kNeighbours.begin(), kNeighbours.end(), name) != kNeighbours.end();
  });
}

// The version file comes last: a store without it is one that was never finished.
void create(const Fd& directory) {
  for (const char* name :
       {"blobs", "blobs/sha256", "layers", "leases", "tmp", "partial", "snapshots"}) {
    make_part(directory, name);
  }
  replace_file_at(directory, "oci-layout", kLayout, 0600);
  oci::Index index;
  index.media_type = oci::media_type::kIndex;
  replace_file_at(directory, "index.json", oci::to_json(index), 0600);
  const std::string_view version = is_host_root() ? kVersionTrusted : kVersionUser;
  replace_file_at(directory, "version", version, 0600, Sync::yes);
}

std::optional<std::string> version_of(const Fd& directory) {
  return read_if_exists_at(directory, "version", 4096);
}

}  // namespace

Store::Store(const std::string& root) {
  const Doing doing("open store", root);
  if (root.empty()) throw Error("its path is empty");
  make_directories(root, 0700);
  root_ = real_path(root);
  directory_ = open_file(root_, O_RDONLY | O_DIRECTORY);
  if (!version_of(directory_)) {
    if (!may_become_store(directory_)) throw Error("it is no store and not empty");
    const Fd locked = lock(Lock::exclusive);
    if (!version_of(directory_)) create(directory_);
  }
  read_version();
  blobs_ = open_part(directory_, "blobs/sha256");
  layers_ = open_part(directory_, "layers");
  leases_ = open_part(directory_, "leases");
  tmp_ = open_part(directory_, "tmp");
  for (const char* name : {"partial", "snapshots"}) make_part(directory_, name);  // new in 0.1
  partial_ = open_part(directory_, "partial");
  snapshots_ = open_part(directory_, "snapshots");
}

void Store::read_version() {
  const std::string version = version_of(directory_).value_or("");
  if (version == kVersionTrusted) {
    overlay_attributes_ = OverlayAttributes::trusted;
  } else if (version == kVersionUser) {
    overlay_attributes_ = OverlayAttributes::user;
  } else {
    throw Error("its layout is of another version of gocker");
  }
}

Fd Store::open_blob(std::string_view digest) const {
  const Doing doing("open blob", digest);
  return open_file_at(blobs_, digest_hex(digest), O_RDONLY | O_NOFOLLOW);
}

bool Store::has_blob(std::string_view digest) const {
  return ::faccessat(blobs_.get(), digest_hex(digest).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

std::string Store::read_blob(std::string_view digest, size_t limit) const {
  std::string content = read_all(open_blob(digest), digest, limit);
  if (digest_of(content) != digest) {
    throw Error(std::string("blob ").append(digest).append(
        ": damaged: its content has another digest; remove the image and pull it again"));
  }
  return content;
}

Fd Store::open_layer(std::string_view chain_id) const {
  const Doing doing("open layer", chain_id);
  return open_file_at(layers_, digest_hex(chain_id) + "/tree", O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

bool Store::has_layer(std::string_view chain_id) const {
  struct stat status {};  // faccessat(2) would cost twice as much
  return ::fstatat(layers_.get(), digest_hex(chain_id).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

std::vector<Fd> Store::open_layers(const std::vector<std::string>& chain_ids) const {
  std::vector<Fd> trees;
  trees.reserve(chain_ids.size());
  for (const std::string& id : chain_ids) trees.push_back(open_layer(id));
  return trees;
}

Fd Store::lock(Lock kind) const {
  Fd fd = open_file_at(directory_, "lock", O_RDWR | O_CREAT, 0600);
  const int operation = kind == Lock::shared ? LOCK_SH : LOCK_EX;
  while (::flock(fd.get(), operation) != 0) {
    if (errno != EINTR) throw_errno("lock", root_);
  }
  return fd;
}

}  // namespace gocker
