// Blobs from a repository into files: several at once, resumed where a connection breaks, each
// checked against its descriptor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "imagetool/registry/repository.h"
#include "imagetool/registry/transfer.h"
#include "oci-spec/image_spec.h"
#include "runtime/base/fd.h"

namespace gocker {

struct BlobDownload {
  oci::Descriptor descriptor;
  std::string name;       // for messages: "layer 2 of 5"
  Fd file;                // for reading and writing; it may have the blob's beginning already
  uint64_t received = 0;  // bytes so far, for whoever shows progress
  // Called with `received` after each write, so that others can read what is there; it is not
  // checked yet, and is written again where a server starts anew.
  std::function<void(uint64_t)> arrived;
  // Where given: whether it is to begin. What is never wanted counts as complete.
  enum class Wish { later, now, never };
  std::function<Wish()> wish;
  bool complete = false;  // received, and its size and digest are right
};

// Fills the blob's file. Both must outlive it.
std::unique_ptr<Transfer> make_download(RegistryConnection& connection, BlobDownload& blob);

// Fills all files; each digest must be there once. `tick` is called now and then, at least once a
// second, and at each completion. Throws at the first blob that cannot be had: what is in the files
// is worthless then.
void download_blobs(Repository& repository, std::vector<BlobDownload>& blobs,
                    const std::function<void()>& tick);

}  // namespace gocker
