#include "imagetool/push/image_layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "imagetool/digest.h"
#include "imagetool/store/image.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr const char* kName = "org.opencontainers.image.ref.name";
constexpr const char* kMark = "oci-layout";
constexpr const char* kIndex = "index.json";
constexpr const char* kDrafts = ".gocker-copy";
constexpr const char* kStoreVersion = "version";
constexpr std::string_view kLayout = R"({"imageLayoutVersion":"1.0.0"})";
constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

std::string name_of(const oci::Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(kName);
  return found == descriptor.annotations.end() ? "" : found->second;
}

std::string names_in(const oci::Index& index) {
  std::string names;
  for (const oci::Descriptor& each : index.manifests) {
    if (name_of(each).empty()) continue;
    names += (names.empty() ? "" : ", ") + name_of(each);
  }
  return names.empty() ? "none" : names;
}

Fd make_directory(const Fd& parent, const char* name) {
  if (::mkdirat(parent.get(), name, kDirectoryMode) != 0 && errno != EEXIST) {
    throw_errno("mkdir", name);
  }
  return open_file_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// The mark comes last: a directory with blobs/ alone is one whose making was cut short.
void make_layout(const Fd& directory) {
  const std::vector<std::string> names = list_directory(directory, "it");
  const bool is_ours = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "blobs" || name == kIndex || name == kDrafts;
  });
  if (!is_ours) throw Error("it is no image layout and not empty");
  make_directory(make_directory(directory, "blobs"), "sha256");
  oci::Index index;
  index.media_type = oci::media_type::kIndex;
  replace_file_at(directory, kIndex, oci::to_json(index), kFileMode);
  replace_file_at(directory, kMark, kLayout, kFileMode);
}

}  // namespace

ImageLayout ImageLayout::open(const std::string& path) {
  const Doing doing("open image layout", path);
  ImageLayout layout(path);
  layout.directory_ = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!read_if_exists_at(layout.directory_, kMark, kMaxDocumentSize)) {
    throw Error(std::string("it has no file ") + kMark);
  }
  layout.blobs_ = open_file_at(layout.directory_, "blobs/sha256", O_RDONLY | O_DIRECTORY);
  return layout;
}

ImageLayout ImageLayout::open_or_make(const std::string& path) {
  const Doing doing("open image layout", path);
  make_directories(path, kDirectoryMode);
  const Fd directory = open_file(path, O_RDONLY | O_DIRECTORY);
  check(::flock(directory.get(), LOCK_EX), "lock");
  const auto version = read_if_exists_at(directory, kStoreVersion, kMaxDocumentSize);
  if (version && version->starts_with("gocker-store ")) {
    throw Error("it is a store of gocker: pull the image");
  }
  if (!read_if_exists_at(directory, kMark, kMaxDocumentSize)) make_layout(directory);
  ImageLayout layout = open(path);
  layout.directory_ = directory.duplicate();  // with the lock
  layout.drafts_ = make_directory(directory, kDrafts);
  return layout;
}

ImageLayout::~ImageLayout() {
  if (!drafts_) return;
  try {
    remove_tree_at(directory_, kDrafts);
  } catch (const std::exception&) {
    // The next command that writes here goes on with it.
  }
}

oci::Index ImageLayout::index() const {
  return oci::parse_index(read_file_at(directory_, kIndex, kMaxDocumentSize), path_ + "/" + kIndex);
}

oci::Descriptor ImageLayout::find(const std::string& name) const {
  const oci::Index index = this->index();
  if (name.empty()) {
    if (index.manifests.size() == 1) return index.manifests.front();
    if (index.manifests.empty()) throw Error(path_ + " holds no image");
    throw Error(path_ + " holds several images: name one of " + names_in(index));
  }
  for (const oci::Descriptor& each : index.manifests) {
    if (name_of(each) == name) return each;
  }
  throw Error(path_ + " holds no image " + name + "; the names in it: " + names_in(index));
}

Document ImageLayout::document(const oci::Descriptor& descriptor) const {
  const Doing doing("read manifest", descriptor.digest);
  std::string text = read_all(open_blob(descriptor), descriptor.digest, kMaxDocumentSize);
  const std::string digest = digest_of(text);
  if (digest != descriptor.digest) throw Error("its content has the digest " + digest);
  return {std::move(text), descriptor.media_type, digest};
}

Fd ImageLayout::open_blob(const oci::Descriptor& descriptor) const {
  const Doing doing("open blob", descriptor.digest);
  Fd blob = open_file_at(blobs_, digest_hex(descriptor.digest), O_RDONLY | O_NOFOLLOW);
  const struct stat status = stat_fd(blob, "it");
  if (!S_ISREG(status.st_mode)) throw Error("it is no file");
  if (static_cast<uint64_t>(status.st_size) == descriptor.size) return blob;
  throw Error("it has " + std::to_string(status.st_size) + " bytes, not " +
              std::to_string(descriptor.size));
}

bool ImageLayout::has_blob(std::string_view digest) const {
  return ::faccessat(blobs_.get(), digest_hex(digest).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Fd ImageLayout::begin_blob(std::string_view digest) const {
  return open_file_at(drafts_, digest_hex(digest), O_RDWR | O_CREAT | O_NOFOLLOW, kFileMode);
}

void ImageLayout::keep_blob(std::string_view digest) const {
  const std::string hex = digest_hex(digest);
  check(::renameat(drafts_.get(), hex.c_str(), blobs_.get(), hex.c_str()), "rename", hex);
}

void ImageLayout::put(const Document& document) const {
  const Doing doing("write manifest", document.digest);
  replace_file_at(blobs_, digest_hex(document.digest), document.bytes, kFileMode);
}

void ImageLayout::set_name(const std::string& name, const Document& document) const {
  oci::Index index = this->index();
  std::erase_if(index.manifests,
                [&](const oci::Descriptor& each) { return name_of(each) == name; });
  oci::Descriptor& entry = index.manifests.emplace_back();
  entry.media_type = document.media_type;
  entry.digest = document.digest;
  entry.size = document.bytes.size();
  if (!name.empty()) entry.annotations.emplace(kName, name);
  replace_file_at(directory_, kIndex, oci::to_json(index), kFileMode, Sync::yes);
}

}  // namespace gocker
