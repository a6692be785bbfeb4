#include <zstd.h>

#include <cerrno>
#include <string>

#include "imagetool/layer/pack_writers.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kChunk = 256 << 10;

class ZstdWriter : public PackWriter {
 public:
  ZstdWriter(const Fd& file, int level) : PackWriter(file), context_(::ZSTD_createCCtx()) {
    if (!context_) throw Error("compress: out of memory", ENOMEM);
    check_result(::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
    check_result(::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
  }

  void write(std::string_view bytes) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) compress(in, ZSTD_e_continue);
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
  };

  void end() override {
    ZSTD_inBuffer in{nullptr, 0, 0};
    while (compress(in, ZSTD_e_end) != 0) {
    }
  }

  size_t compress(ZSTD_inBuffer& in, ZSTD_EndDirective directive) {
    ZSTD_outBuffer out{output_.get(), kChunk, 0};
    const size_t left = check_result(::ZSTD_compressStream2(context_.get(), &out, &in, directive));
    take({output_.get(), out.pos});
    return left;
  }

  static size_t check_result(size_t result) {
    if (::ZSTD_isError(result) == 0U) return result;
    throw Error(std::string("compress: zstd: ") + ::ZSTD_getErrorName(result));
  }

  std::unique_ptr<char[]> output_ = std::make_unique_for_overwrite<char[]>(kChunk);
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

}  // namespace

std::unique_ptr<PackWriter> make_zstd_writer(const Fd& file, int level) {
  return std::make_unique<ZstdWriter>(file, level);
}

}  // namespace gocker
