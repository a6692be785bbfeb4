// Copies between registries, and image layouts in directories, past the store.
#pragma once

#include <optional>
#include <string>

#include "imagetool/pull/progress.h"
#include "imagetool/push/target.h"
#include "imagetool/reference.h"
#include "imagetool/registry/certificates.h"
#include "oci-spec/image_spec.h"

namespace gocker {

struct ImageCopyOptions {
  // `all`: an index with all that it holds; `one`: the manifest for a platform out of it.
  enum class Platforms { one, all } platforms = Platforms::one;
  std::optional<oci::Platform> platform;  // else this machine's
  RegistryAccess source;
  RegistryAccess target;
  CertificateDirectories certificates;
};

// Documents are copied byte by byte, so digests stay; returns that of what the target's name leads
// to. The name comes last: it never leads to an image that is not whole. A name with a digest is
// only right for that digest.
std::string copy_image(const Reference& source, const Reference& target,
                       const ImageCopyOptions& options, Progress& progress);

// An image in a directory: "oci:DIR[:NAME]" (image_layout.h).
struct LayoutPlace {
  std::string directory;
  std::string name;
};

// The same from and to a layout. What has arrived whole stays there, also when the rest fails; the
// name comes last.
std::string copy_to_layout(const Reference& source, const LayoutPlace& target,
                           const ImageCopyOptions& options, Progress& progress);
std::string copy_from_layout(const LayoutPlace& source, const Reference& target,
                             const ImageCopyOptions& options, Progress& progress);

}  // namespace gocker
