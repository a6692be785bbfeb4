#include "imagetool/layer/decompress.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "imagetool/digest.h"
#include "imagetool/layer/gzip.h"
#include "imagetool/layer/layer_stream.h"
#include "runtime/base/error.h"
#include "tests/unit/imagetool/layer/layer_fixture.h"

namespace gocker::tests {
namespace {

std::string random_text(size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 8);
  return text;
}

std::string gzip(const std::string& text, int level = 6) {
  z_stream stream{};
  ::deflateInit2(&stream, level, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY);
  std::string packed(::deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

std::string zstd(const std::string& text) {
  std::string packed(::ZSTD_compressBound(text.size()), '\0');
  packed.resize(::ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

std::string read_all_of(Decompressor& source, size_t chunk) {
  std::string all;
  std::string buffer(chunk, '\0');
  while (const size_t got = source.read(buffer.data(), buffer.size())) all.append(buffer, 0, got);
  return all;
}

using Open = std::function<std::unique_ptr<Decompressor>(const BlobSource&)>;

std::string unpack(const Open& open, const std::string& packed, size_t chunk = 100'000) {
  const BlobFile blob(make_blob(packed));
  return read_all_of(*open(blob), chunk);
}

std::string failure(const Open& open, const std::string& packed) {
  try {
    unpack(open, packed);
  } catch (const Error& error) {
    return error.what();
  }
  return "(taken)";
}

struct Format {
  const char* name;
  Open open;
  std::function<std::string(const std::string&)> pack;
};

void PrintTo(const Format& format, std::ostream* out) {
  *out << format.name;
}

class PackedTest : public ::testing::TestWithParam<Format> {};

TEST_P(PackedTest, UnpacksWhatWasPacked) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{65536}, size_t{262144}, size_t{3'000'000}}) {
    const std::string text = random_text(size);
    const std::string packed = GetParam().pack(text);
    for (const size_t chunk : {size_t{1000}, size_t{262144}}) {
      EXPECT_EQ(unpack(GetParam().open, packed, chunk), text) << size << " by " << chunk;
    }
  }
}

TEST_P(PackedTest, TakesSeveralMembersForOneStream) {
  const std::string text = random_text(300'000);
  std::string packed;
  for (int i = 0; i < 5; ++i) packed += GetParam().pack(text) + GetParam().pack("");
  EXPECT_EQ(unpack(GetParam().open, packed), text + text + text + text + text);
}

TEST_P(PackedTest, RefusesABlobThatIsCutShortAnywhere) {
  const std::string packed = GetParam().pack(random_text(20'000));
  for (const size_t keep : {packed.size() - 1, packed.size() - 4, packed.size() - 8,
                            packed.size() - 9, packed.size() / 2, size_t{20}, size_t{5}}) {
    EXPECT_NE(failure(GetParam().open, packed.substr(0, keep)), "(taken)") << keep;
  }
  const std::string second = packed + packed.substr(0, packed.size() / 2);
  EXPECT_NE(failure(GetParam().open, second), "(taken)");
}

TEST_P(PackedTest, RefusesWhatFollowsTheEnd) {
  const std::string packed = GetParam().pack(random_text(20'000));
  const std::vector<std::string> tails = {"x", "garbage", std::string(1, '\0'),
                                          std::string(512, '\0'), std::string(300'000, 'g')};
  for (const std::string& tail : tails) {
    EXPECT_NE(failure(GetParam().open, packed + tail), "(taken)") << tail.size();
  }
}

TEST_P(PackedTest, RefusesDamage) {
  std::string packed = GetParam().pack(random_text(200'000));
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x10);
  EXPECT_NE(failure(GetParam().open, packed), "(taken)");
}

std::string zstd_with_checksum(const std::string& text) {
  ZSTD_CCtx* context = ::ZSTD_createCCtx();
  ::ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string packed(::ZSTD_compressBound(text.size()), '\0');
  packed.resize(::ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ::ZSTD_freeCCtx(context);
  return packed;
}

const Format kFormats[] = {
#ifdef GOCKER_HAVE_ISAL
    {"isal", make_isal_decompressor, [](const std::string& text) { return gzip(text); }},
    {"isal_stored", make_isal_decompressor, [](const std::string& text) { return gzip(text, 0); }},
#endif
    {"zlib", make_zlib_decompressor, [](const std::string& text) { return gzip(text); }},
    {"zstd", [](const BlobSource& blob) { return open_decompressor(blob, Compression::zstd); },
     zstd_with_checksum},
};

INSTANTIATE_TEST_SUITE_P(Formats, PackedTest, ::testing::ValuesIn(kFormats),
                         [](const auto& format) { return std::string(format.param.name); });

TEST(DecompressTest, KnowsTheMediaTypesOfLayers) {
  EXPECT_EQ(compression_of("application/vnd.oci.image.layer.v1.tar+gzip"), Compression::gzip);
  EXPECT_EQ(compression_of("application/vnd.oci.image.layer.v1.tar+zstd"), Compression::zstd);
  EXPECT_EQ(compression_of("application/vnd.oci.image.layer.v1.tar"), Compression::none);
  EXPECT_EQ(compression_of("application/vnd.docker.image.rootfs.diff.tar.gzip"), Compression::gzip);
  EXPECT_THROW(compression_of("application/vnd.oci.image.layer.v1.tar+bzip2"), Error);
  EXPECT_THROW(compression_of(""), Error);
}

TEST(DecompressTest, RefusesBytesThatAreNotWhatTheMediaTypeSays) {
  const std::string texts[] = {"plain text", gzip("text"), zstd("text")};
  const Compression kinds[] = {Compression::none, Compression::gzip, Compression::zstd};
  for (size_t i = 0; i < 3; ++i) {
    const BlobFile blob(make_blob(texts[i]));
    for (const Compression kind : kinds) {
      if (kind == kinds[i]) {
        EXPECT_NO_THROW(open_decompressor(blob, kind));
      } else {
        EXPECT_THROW(open_decompressor(blob, kind), Error);
      }
    }
  }
  const BlobFile empty(make_blob(""));
  EXPECT_THROW(open_decompressor(empty, Compression::gzip), Error);
}

TEST(DecompressTest, SkipsSkippableFramesOfZstd) {
  const std::string skippable(
      "\x50\x2a\x4d\x18\x04\x00\x00\x00"
      "abcd",
      12);
  const BlobFile blob(make_blob(skippable + zstd("text") + skippable));
  EXPECT_EQ(read_all_of(*open_decompressor(blob, Compression::zstd), 100), "text");
}

TEST(LayerStreamTest, HashesAllBytesAlsoThoseThatNobodyRead) {
  const std::string text = random_text(3'000'000);
  const BlobFile blob(make_blob(gzip(text)));
  LayerStream stream(blob, Compression::gzip, {});
  stream.next();
  EXPECT_EQ(stream.finish(), digest_of(text));
}

TEST(LayerStreamTest, EndsWhenNobodyReads) {
  const BlobFile blob(make_blob(gzip(random_text(8'000'000), 1)));
  const LayerStream stream(blob, Compression::gzip, {});
}

TEST(LayerStreamTest, StopsABombAtTheRatio) {
  LayerLimits limits;
  limits.free_bytes = 1 << 20;
  limits.ratio = 100;
  const BlobFile bomb(make_blob(gzip(std::string(150 << 20, '\0'), 9)));
  LayerStream stream(bomb, Compression::gzip, limits);
  EXPECT_THROW(stream.finish(), Error);
  const BlobFile fine(make_blob(gzip(std::string(1 << 20, '\0'), 9)));
  LayerStream small(fine, Compression::gzip, limits);
  EXPECT_NO_THROW(small.finish());
}

TEST(LayerStreamTest, PassesAnErrorOfItsThreadOn) {
  const std::string packed = gzip(random_text(3'000'000));
  const BlobFile blob(make_blob(packed.substr(0, packed.size() / 2)));
  LayerStream stream(blob, Compression::gzip, {});
  try {
    stream.finish();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "gzip: the compressed data is cut short");
  }
}

}  // namespace
}  // namespace gocker::tests
