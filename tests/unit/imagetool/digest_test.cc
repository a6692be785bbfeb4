#include "imagetool/digest.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace gocker {
namespace {

// FIPS 180-4's example, and the hash of nothing.
constexpr const char* kAbc =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kNothing =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, HashesKnownTexts) {
  EXPECT_EQ(digest_of("abc"), kAbc);
  EXPECT_EQ(digest_of(""), kNothing);
}

TEST(Digest, HashesPiecesAsTheWholeAndStartsAfresh) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish(), kAbc);
  EXPECT_EQ(hash.finish(), kNothing);
}

TEST(Digest, GivesTheDigitsOfAWellFormedDigestOnly) {
  EXPECT_EQ(digest_hex(kAbc), std::string(kAbc).substr(7));
  const std::string upper = "sha256:" + std::string(64, 'A');
  for (const std::string& bad : {std::string(), std::string("sha256:"), std::string("sha256:../x"),
                                 "md5:" + std::string(32, 'a'), upper, std::string(kAbc) + "0"}) {
    EXPECT_THROW(digest_hex(bad), Error) << bad;
  }
}

TEST(Digest, ChainsLayersAsTheSpecificationSays) {
  const std::string second = "sha256:" + std::string(64, '2');
  EXPECT_EQ(chain_id("", kAbc), kAbc);
  EXPECT_EQ(chain_id(kAbc, second), digest_of(std::string(kAbc) + " " + second));
}

}  // namespace
}  // namespace gocker
