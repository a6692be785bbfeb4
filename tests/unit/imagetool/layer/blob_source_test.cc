#include "imagetool/layer/blob_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/imagetool/layer/layer_fixture.h"

namespace gocker::tests {
namespace {

std::string read_at(const BlobSource& blob, size_t size, uint64_t offset) {
  std::string text(size, '?');
  text.resize(blob.read_at(text.data(), size, offset));
  return text;
}

TEST(BlobFileTest, ReadsFromAnywhereUpToTheEnd) {
  const BlobFile blob(make_blob("0123456789"));
  EXPECT_EQ(blob.size(), 10u);
  EXPECT_EQ(read_at(blob, 4, 0), "0123");
  EXPECT_EQ(read_at(blob, 4, 8), "89");
  EXPECT_EQ(read_at(blob, 4, 10), "");
}

TEST(GrowingBlobTest, WaitsForWhatIsWanted) {
  const Fd file = make_blob("");
  GrowingBlob blob(file.duplicate(), 10);
  auto reader = std::async(std::launch::async, [&] { return read_at(blob, 6, 2); });
  write_all(file, "0123", "blob");
  blob.grow(4);
  EXPECT_EQ(reader.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  write_all(file, "456789", "blob");
  blob.grow(10);
  EXPECT_EQ(reader.get(), "234567");
  EXPECT_EQ(read_at(blob, 100, 8), "89");
  EXPECT_EQ(read_at(blob, 100, 10), "");
}

TEST(GrowingBlobTest, StaysReadableWhereADownloadStartsAgain) {
  const Fd file = make_blob("0123");
  GrowingBlob blob(file.duplicate(), 10);
  blob.grow(4);
  blob.grow(1);
  EXPECT_EQ(read_at(blob, 4, 0), "0123");
}

TEST(GrowingBlobTest, ThrowsWhereTheRestWillNotCome) {
  GrowingBlob blob(make_blob("0123"), 10);
  auto reader = std::async(std::launch::async, [&] { return read_at(blob, 6, 0); });
  blob.give_up();
  EXPECT_THROW(reader.get(), Error);
}

}  // namespace
}  // namespace gocker::tests
