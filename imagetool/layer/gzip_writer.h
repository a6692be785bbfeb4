// Gzip (RFC 1952) on its way to a file, with the digest of the packed bytes. The same input gives
// the same output: the header has no time and no name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "imagetool/digest.h"
#include "runtime/base/fd.h"

namespace gocker {

struct PackedBytes {
  std::string digest;
  uint64_t size = 0;
};

class GzipWriter {
 public:
  // Writes from the file's position on; `file` must outlive the object.
  explicit GzipWriter(const Fd& file);
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;
  ~GzipWriter();

  void write(std::string_view bytes);
  // Nothing may be written afterwards.
  PackedBytes finish();

 private:
  // igzip where there is a libisal, else zlib.
  class Deflater;

  void take(std::string_view packed);

  const Fd& file_;
  Sha256 hash_;
  uint64_t size_ = 0;
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace gocker
