// Blobs from files into a repository (distribution-spec, "Pushing blobs"): not at all where they
// are there already, mounted from another repository of the registry, in one request, or in chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "imagetool/registry/transfer.h"
#include "oci-spec/image_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

struct BlobUpload {
  enum class Way { pending, found, mounted, sent };

  oci::Descriptor descriptor;
  std::string name;        // for messages: "layer 2 of 5"
  Fd file;                 // all of it, for reading
  std::string mount_from;  // a repository's path at the same registry that may have it, or empty
  // Where the content comes from elsewhere: whether all of it is in the file. Until then `wanted`
  // says whether it is needed at all: not where the registry has it or mounts it.
  std::function<bool()> available;
  bool wanted = false;
  uint64_t sent = 0;       // bytes so far, for whoever shows progress
  Way way = Way::pending;  // how it came there

  bool complete() const { return way != Way::pending; }
};

// Both must outlive it. An upload that breaks off goes on where the registry says that it was; one
// that is too large for a single request (413) is sent in chunks of 16 MiB, or what the registry
// wants at least. A blob whose `mount_from` the registry does not heed is sent.
std::unique_ptr<Transfer> make_upload(RegistryConnection& connection, BlobUpload& blob);

}  // namespace gocker
