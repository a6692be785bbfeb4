#include "imagetool/layer/gzip_writer.h"

#include <zlib.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

#ifdef GOCKER_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

namespace gocker {
namespace {

constexpr size_t kChunk = 256 << 10;
enum class Flush { no, finish };

}  // namespace

#ifdef GOCKER_HAVE_ISAL

class GzipWriter::Deflater {
 public:
  Deflater() {
    ::isal_deflate_init(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.level = 1;
    stream_.level_buf = work_.get();
    stream_.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  }

  // Hands the packed bytes to `take`, piece by piece.
  template <class Take>
  void deflate(std::string_view bytes, Flush flush, Take take) {
    stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uint32_t>(bytes.size());
    stream_.end_of_stream = flush == Flush::finish ? 1 : 0;
    do {
      stream_.next_out = reinterpret_cast<uint8_t*>(output_.get());
      stream_.avail_out = kChunk;
      if (::isal_deflate(&stream_) != COMP_OK) throw Error("compress: igzip failed");
      take({output_.get(), kChunk - stream_.avail_out});
    } while (stream_.avail_out == 0 || stream_.avail_in != 0);
  }

 private:
  std::unique_ptr<char[]> output_ = std::make_unique_for_overwrite<char[]>(kChunk);
  std::unique_ptr<uint8_t[]> work_ = std::make_unique<uint8_t[]>(ISAL_DEF_LVL1_DEFAULT);
  isal_zstream stream_{};
};

#else

class GzipWriter::Deflater {
 public:
  Deflater() {
    constexpr int kGzip = 16;  // added to the size of the window
    const int result = ::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                      MAX_WBITS + kGzip, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY);
    if (result != Z_OK) throw Error("compress: out of memory");
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { ::deflateEnd(&stream_); }

  template <class Take>
  void deflate(std::string_view bytes, Flush flush, Take take) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(output_.get());
      stream_.avail_out = kChunk;
      ::deflate(&stream_, flush == Flush::finish ? Z_FINISH : Z_NO_FLUSH);
      take({output_.get(), kChunk - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

 private:
  std::unique_ptr<char[]> output_ = std::make_unique_for_overwrite<char[]>(kChunk);
  z_stream stream_{};
};

#endif

GzipWriter::GzipWriter(const Fd& file) : file_(file), deflater_(std::make_unique<Deflater>()) {}

GzipWriter::~GzipWriter() = default;

void GzipWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    deflater_->deflate(bytes.substr(0, kChunk), Flush::no,
                       [this](std::string_view packed) { take(packed); });
    bytes.remove_prefix(std::min(bytes.size(), kChunk));
  }
}

PackedBytes GzipWriter::finish() {
  deflater_->deflate({}, Flush::finish, [this](std::string_view packed) { take(packed); });
  return {hash_.finish(), size_};
}

void GzipWriter::take(std::string_view packed) {
  if (packed.empty()) return;
  hash_.update(packed);
  write_all(file_, packed, "the packed layer");
  size_ += packed.size();
}

}  // namespace gocker
