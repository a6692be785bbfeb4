// A layer's blob as the tar stream that is packed in it: gzip (RFC 1952), zstd (RFC 8878) or plain.
//
// The media type says what a blob is and the blob's first bytes must agree. Several gzip members or
// zstd frames are one stream, as the formats have it. What follows the last one is an error, zeros
// too: no tool that makes layers writes such, and bytes that one tool hashes and another skips
// are a place to hide something. (image-spec, layer.md, "+gzip Media Types", "+zstd Media Types")
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "imagetool/layer/blob_source.h"

namespace gocker {

enum class Compression { none, gzip, zstd };

// Throws for a media type that is no layer's. Docker's names and those of layers that registries
// do not distribute are known too.
Compression compression_of(std::string_view media_type);
// What the first bytes of a blob say.
Compression compression_of(const BlobSource& blob);

class Decompressor {
 public:
  virtual ~Decompressor() = default;
  // Up to `size` bytes of the stream (less than `size` only at its end); 0 at the end of a blob
  // that is whole. Throws where the blob is damaged, cut short, or followed by something else.
  virtual size_t read(char* buffer, size_t size) = 0;
};

// Reads `blob` from its start; it must outlive the object.
std::unique_ptr<Decompressor> open_decompressor(const BlobSource& blob, Compression compression);

}  // namespace gocker
