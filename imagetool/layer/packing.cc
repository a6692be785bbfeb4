#include "imagetool/layer/packing.h"

#include "imagetool/layer/pack_writers.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr int kMostGzip = 9;
constexpr int kMostZstd = 22;
constexpr int kDefaultGzip = 6;
constexpr int kDefaultZstd = 3;

}  // namespace

Compression parse_packing(std::string_view name) {
  if (name == "gzip") return Compression::gzip;
  if (name == "zstd") return Compression::zstd;
  throw Error("'" + std::string(name) + "' is neither gzip nor zstd");
}

void check_level(const Packing& packing) {
  const bool gzip = packing.compression == Compression::gzip;
  const int most = gzip ? kMostGzip : kMostZstd;
  if (packing.level >= 1 && packing.level <= most) return;
  throw Error(std::to_string(packing.level) + " is no level of " + (gzip ? "gzip" : "zstd") +
              ": 1 to " + std::to_string(most));
}

PackedBytes PackWriter::finish() {
  end();
  return {hash_.finish(), size_};
}

void PackWriter::take(std::string_view packed) {
  if (packed.empty()) return;
  hash_.update(packed);
  write_all(file_, packed, "the packed layer");
  size_ += packed.size();
}

std::unique_ptr<PackWriter> make_pack_writer(const Fd& file, const Packing& packing) {
  if (packing.compression == Compression::zstd) {
    return make_zstd_writer(file, packing.level == 0 ? kDefaultZstd : packing.level);
  }
#ifdef GOCKER_HAVE_ISAL
  if (packing.level == 0) return make_isal_writer(file);
#endif
  return make_zlib_writer(file, packing.level == 0 ? kDefaultGzip : packing.level);
}

}  // namespace gocker
