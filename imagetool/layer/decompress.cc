#include "imagetool/layer/decompress.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "imagetool/layer/blob_input.h"
#include "imagetool/layer/gzip.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

struct LayerMediaType {
  std::string_view name;
  Compression compression;
};

constexpr LayerMediaType kLayerMediaTypes[] = {
    {"application/vnd.oci.image.layer.v1.tar", Compression::none},
    {"application/vnd.oci.image.layer.v1.tar+gzip", Compression::gzip},
    {"application/vnd.oci.image.layer.v1.tar+zstd", Compression::zstd},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", Compression::none},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Compression::gzip},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Compression::zstd},
    {"application/vnd.docker.image.rootfs.diff.tar", Compression::none},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", Compression::gzip},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::zstd},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar", Compression::none},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Compression::gzip},
};

const char* name_of(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return "gzip";
    case Compression::zstd:
      return "zstd";
    default:
      return "an uncompressed tar";
  }
}

class PlainReader : public Decompressor {
 public:
  explicit PlainReader(const BlobSource& blob) : blob_(blob) {}

  size_t read(char* buffer, size_t size) override {
    const size_t got = blob_.read_at(buffer, size, position_);
    position_ += got;
    return got;
  }

 private:
  const BlobSource& blob_;
  uint64_t position_ = 0;
};

// Windows of more than 128 MiB (`zstd --long=28` and up) are refused, as zstd itself does.
class ZstdDecompressor : public Decompressor {
 public:
  explicit ZstdDecompressor(const BlobSource& blob) : input_(blob), context_(::ZSTD_createDCtx()) {
    if (!context_) throw Error("zstd: out of memory", ENOMEM);
  }

  size_t read(char* buffer, size_t size) override {
    ZSTD_outBuffer out{buffer, size, 0};
    while (out.pos < out.size) {
      if (in_.pos == in_.size) refill();
      if (at_end_ && frame_ended_) break;
      const size_t before = out.pos;
      const size_t result = ::ZSTD_decompressStream(context_.get(), &out, &in_);
      if (::ZSTD_isError(result) != 0U) {
        throw Error(std::string("zstd: ") + ::ZSTD_getErrorName(result));
      }
      frame_ended_ = result == 0;
      if (at_end_ && out.pos == before && !frame_ended_) {
        throw Error("zstd: the compressed data is cut short");
      }
    }
    return out.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
  };

  void refill() {
    const std::span<uint8_t> bytes = input_.next();
    in_ = {bytes.data(), bytes.size(), 0};
    at_end_ = bytes.empty();
  }

  BlobInput input_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool at_end_ = false;
  bool frame_ended_ = false;
};

}  // namespace

Compression compression_of(std::string_view media_type) {
  for (const LayerMediaType& known : kLayerMediaTypes) {
    if (known.name == media_type) return known.compression;
  }
  throw Error("unknown media type of a layer: " + std::string(media_type));
}

Compression compression_of(const BlobSource& blob) {
  std::array<unsigned char, 4> start{};
  blob.read_at(reinterpret_cast<char*>(start.data()), start.size(), 0);
  const auto [a, b, c, d] = start;
  if (a == 0x1f && b == 0x8b) return Compression::gzip;
  const bool frame = a == 0x28 && b == 0xb5 && c == 0x2f && d == 0xfd;
  const bool skippable_frame = (a & 0xf0) == 0x50 && b == 0x2a && c == 0x4d && d == 0x18;
  return frame || skippable_frame ? Compression::zstd : Compression::none;
}

std::unique_ptr<Decompressor> open_decompressor(const BlobSource& blob, Compression compression) {
  const Compression found = compression_of(blob);
  if (found != compression) {
    throw Error(std::string("the media type says ") + name_of(compression) +
                ", but the blob does not begin as such" +
                (found == Compression::none ? "" : std::string(": it is ") + name_of(found)));
  }
  if (compression == Compression::none) return std::make_unique<PlainReader>(blob);
  if (compression == Compression::zstd) return std::make_unique<ZstdDecompressor>(blob);
#ifdef GOCKER_HAVE_ISAL
  return make_isal_decompressor(blob);
#else
  return make_zlib_decompressor(blob);
#endif
}

}  // namespace gocker
