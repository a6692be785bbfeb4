// An OCI image layout (image-layout.md): a directory with the documents and blobs of images and an
// index of their names; what skopeo, podman and buildah call oci:DIR[:NAME].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imagetool/registry/repository.h"
#include "oci-spec/image_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

class ImageLayout {
 public:
  // One that is there; throws where it is none.
  static ImageLayout open(const std::string& path);
  // To write to, by this process alone until the object goes; made where there is nothing, or an
  // empty directory. A store of gocker's own is refused: its images are pulled.
  static ImageLayout open_or_make(const std::string& path);

  ImageLayout(ImageLayout&&) = default;
  ~ImageLayout();  // removes what was begun and not kept

  // What `name` stands for, the annotation org.opencontainers.image.ref.name; where `name` is
  // empty, the only entry. Throws where there is none, or which one is not clear.
  oci::Descriptor find(const std::string& name) const;
  // A manifest or an index, checked against its descriptor.
  Document document(const oci::Descriptor& descriptor) const;
  // For reading; its size is right.
  Fd open_blob(const oci::Descriptor& descriptor) const;
  bool has_blob(std::string_view digest) const;

  // A file that is to become the blob; it may have the blob's beginning already, from a command
  // that was killed.
  Fd begin_blob(std::string_view digest) const;
  // Its content is complete and checked.
  void keep_blob(std::string_view digest) const;
  void put(const Document& document) const;
  // The entry without a name where `name` is empty. What it stood for so far keeps its blobs.
  void set_name(const std::string& name, const Document& document) const;

 private:
  explicit ImageLayout(std::string path) : path_(std::move(path)) {}
  oci::Index index() const;

  std::string path_;
  Fd directory_;
  Fd blobs_;
  Fd drafts_;  // a directory in it, where it is written to
};

}  // namespace gocker
