#include <isa-l/igzip_lib.h>

#include <algorithm>

#include "imagetool/layer/pack_writers.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kChunk = 256 << 10;

class IsalWriter : public PackWriter {
 public:
  explicit IsalWriter(const Fd& file) : PackWriter(file) {
    ::isal_deflate_init(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;  // a header without time and name
    stream_.level = 1;
    stream_.level_buf = work_.get();
    stream_.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      deflate(bytes.substr(0, kChunk));
      bytes.remove_prefix(std::min(bytes.size(), kChunk));
    }
  }

 private:
  void end() override {
    stream_.end_of_stream = 1;
    deflate({});
  }

  void deflate(std::string_view bytes) {
    stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uint32_t>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<uint8_t*>(output_.get());
      stream_.avail_out = kChunk;
      if (::isal_deflate(&stream_) != COMP_OK) throw Error("compress: igzip failed");
      take({output_.get(), kChunk - stream_.avail_out});
    } while (stream_.avail_out == 0 || stream_.avail_in != 0);
  }

  std::unique_ptr<char[]> output_ = std::make_unique_for_overwrite<char[]>(kChunk);
  std::unique_ptr<uint8_t[]> work_ = std::make_unique<uint8_t[]>(ISAL_DEF_LVL1_DEFAULT);
  isal_zstream stream_{};
};

}  // namespace

std::unique_ptr<PackWriter> make_isal_writer(const Fd& file) {
  return std::make_unique<IsalWriter>(file);
}

}  // namespace gocker
