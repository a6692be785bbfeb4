#include "imagetool/build/archive_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

#include "imagetool/layer/blob_source.h"
#include "imagetool/layer/decompress.h"
#include "imagetool/layer/layer_stream.h"
#include "runtime/base/error.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using namespace std::string_view_literals;

constexpr size_t kHeader = 512;

std::optional<Compression> compression_of_content(const Fd& file) {
  std::array<char, 6> bytes{};
  const ssize_t got = check(::pread(file.get(), bytes.data(), bytes.size(), 0), "read");
  const std::string_view start(bytes.data(), static_cast<size_t>(got));
  if (start.starts_with("\x1f\x8b"sv)) return Compression::gzip;
  if (start.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
  if (start.starts_with("\xfd"
                        "7zXZ"sv) ||
      start.starts_with("BZh"sv)) {
    return std::nullopt;
  }
  return Compression::none;
}

// The sum of a header's bytes with blanks for the sum itself (POSIX ustar).
bool has_right_sum(std::string_view header) {
  constexpr size_t kSum = 148;
  constexpr size_t kSumSize = 8;
  std::string_view text = header.substr(kSum, kSumSize);
  text = text.substr(0, text.find('\0'));
  const std::optional<uint32_t> told = parse_octal(trim(text));
  unsigned sum = 0;
  for (size_t i = 0; i < header.size(); ++i) {
    const bool is_sum = i >= kSum && i < kSum + kSumSize;
    sum += static_cast<unsigned char>(is_sum ? ' ' : header[i]);
  }
  return told && *told == sum;
}

}  // namespace

bool is_archive(const Fd& file) {
  if (!S_ISREG(stat_fd(file, "archive").st_mode)) return false;
  const std::optional<Compression> compression = compression_of_content(file);
  if (!compression) {
    throw Error(
        "it is packed by xz or bzip2, which ADD does not unpack here; use gzip or zstd, or "
        "COPY it and unpack it in a RUN");
  }
  const BlobFile packed(file.duplicate());
  std::array<char, kHeader> header{};
  try {
    if (open_decompressor(packed, *compression)->read(header.data(), kHeader) < kHeader)
      return false;
  } catch (const Error&) {
    return false;  // it only looked packed
  }
  return has_right_sum({header.data(), header.size()});
}

void unpack(const Fd& file, const Fd& changes, LowerView& below,
            OverlayAttributes overlay_attributes, const ArchiveTarget& target, Notes& notes) {
  const LayerLimits limits;
  const BlobFile packed(file.duplicate());
  LayerStream stream(packed, compression_of_content(file).value_or(Compression::none), limits);
  unpack_archive(stream, changes, below, overlay_attributes, target, notes);
}

}  // namespace gocker
