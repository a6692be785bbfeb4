// A layer's tar stream on its way to a file, packed, with the digest of the packed bytes. The same
// input gives the same output.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "imagetool/digest.h"
#include "imagetool/layer/decompress.h"
#include "runtime/base/fd.h"

namespace gocker {

struct PackedBytes {
  std::string digest;
  uint64_t size = 0;
};

// How to pack; level 0 is the fastest that packs well.
struct Packing {
  Compression compression = Compression::gzip;
  int level = 0;
};

// "gzip" or "zstd", and a level (gzip: 1 to 9, zstd: 1 to 22); throws for anything else.
Compression parse_packing(std::string_view name);
void check_level(const Packing& packing);

class PackWriter {
 public:
  // Writes from the file's position on; `file` must outlive the object.
  explicit PackWriter(const Fd& file) : file_(file) {}
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;
  virtual ~PackWriter() = default;

  virtual void write(std::string_view bytes) = 0;
  // Nothing may be written afterwards.
  PackedBytes finish();

 protected:
  virtual void end() = 0;
  void take(std::string_view packed);

 private:
  const Fd& file_;
  Sha256 hash_;
  uint64_t size_ = 0;
};

std::unique_ptr<PackWriter> make_pack_writer(const Fd& file, const Packing& packing = {});

}  // namespace gocker
