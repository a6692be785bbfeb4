#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "imagetool/layer/pack_writers.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kChunk = 256 << 10;

class ZlibWriter : public PackWriter {
 public:
  ZlibWriter(const Fd& file, int level) : PackWriter(file) {
    constexpr int kGzip = 16;  // added to the size of the window; a header without time and name
    const int result = ::deflateInit2(&stream_, level, Z_DEFLATED, MAX_WBITS + kGzip, MAX_MEM_LEVEL,
                                      Z_DEFAULT_STRATEGY);
    if (result != Z_OK) throw Error("compress: out of memory", ENOMEM);
  }
  ~ZlibWriter() override { ::deflateEnd(&stream_); }
  ZlibWriter(const ZlibWriter&) = delete;
  ZlibWriter& operator=(const ZlibWriter&) = delete;

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      deflate(bytes.substr(0, kChunk), Z_NO_FLUSH);
      bytes.remove_prefix(std::min(bytes.size(), kChunk));
    }
  }

 private:
  void end() override { deflate({}, Z_FINISH); }

  void deflate(std::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(output_.get());
      stream_.avail_out = kChunk;
      ::deflate(&stream_, flush);
      take({output_.get(), kChunk - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

  std::unique_ptr<char[]> output_ = std::make_unique_for_overwrite<char[]>(kChunk);
  z_stream stream_{};
};

}  // namespace

std::unique_ptr<PackWriter> make_zlib_writer(const Fd& file, int level) {
  return std::make_unique<ZlibWriter>(file, level);
}

}  // namespace gocker
