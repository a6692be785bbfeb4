#include <zlib.h>

#include <algorithm>
#include <limits>
#include <string>

#include "imagetool/layer/blob_input.h"
#include "imagetool/layer/gzip.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr int kGzipOnly = MAX_WBITS + 16;  // zlib's way to ask for a gzip wrapper

class ZlibDecompressor : public Decompressor {
 public:
  explicit ZlibDecompressor(const BlobSource& blob) : input_(blob) {
    if (::inflateInit2(&stream_, kGzipOnly) != Z_OK) throw Error("gzip: cannot start zlib");
  }
  ~ZlibDecompressor() override { ::inflateEnd(&stream_); }
  ZlibDecompressor(const ZlibDecompressor&) = delete;
  ZlibDecompressor& operator=(const ZlibDecompressor&) = delete;

  size_t read(char* buffer, size_t size) override {
    const auto wanted = static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = wanted;
    while (stream_.avail_out > 0) {
      if (stream_.avail_in == 0) refill();
      if (member_ended_) {
        if (stream_.avail_in == 0) break;
        begin_next_member();
      }
      inflate();
    }
    return wanted - stream_.avail_out;
  }

 private:
  void refill() {
    const std::span<uint8_t> bytes = input_.next();
    stream_.next_in = bytes.data();
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }

  void begin_next_member() {
    ::inflateReset2(&stream_, kGzipOnly);
    member_ended_ = false;
  }

  void inflate() {
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      member_ended_ = true;
    } else if (result == Z_BUF_ERROR) {
      throw Error("gzip: the compressed data is cut short");
    } else if (result != Z_OK) {
      throw Error(std::string("gzip: ") +
                  (stream_.msg != nullptr ? stream_.msg : "the compressed data is damaged"));
    }
  }

  BlobInput input_;
  z_stream stream_{};
  bool member_ended_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_zlib_decompressor(const BlobSource& blob) {
  return std::make_unique<ZlibDecompressor>(blob);
}

}  // namespace gocker
