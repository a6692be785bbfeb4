// The layers of one image unpacked side by side, while their blobs arrive.
#include "imagetool/layer/unpack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>
#include <utility>

#include "imagetool/digest.h"
#include "runtime/base/error.h"
#include "tests/unit/imagetool/layer/layer_fixture.h"

namespace gocker::tests {
namespace {

using State = LayerUnpacking::State;

class UnpackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU: one layer at a time";
    manifest_.config.media_type = oci::media_type::kConfig;
  }

  // A layer of the image, whose blob arrives when the test says so.
  void add(const std::string& tar) {
    config_.diff_ids.push_back(digest_of(tar));
    oci::Descriptor& blob = manifest_.layers.emplace_back();
    blob.media_type = oci::media_type::kLayer;
    blob.digest = config_.diff_ids.back();
    blob.size = tar.size();
    blobs_.push_back(std::make_shared<GrowingBlob>(make_blob(tar), tar.size()));
    sources_.emplace(blob.digest, blobs_.back());
  }

  Image image() const { return make_image({}, {}, manifest_, config_); }
  void arrive(size_t layer) { blobs_[layer]->grow(blobs_[layer]->size()); }

  // Whether the layer's blob has been read to its end, within a minute.
  bool is_read(size_t layer) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) {
      if (blobs_[layer]->consumed() == blobs_[layer]->size()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  TempDir directory_{"gocker-unpack-test"};
  Store store_{directory_.path() + "/store"};
  Transaction transaction_{store_};
  oci::Manifest manifest_;
  oci::ImageConfig config_;
  std::vector<std::shared_ptr<GrowingBlob>> blobs_;
  LayerUnpacking::Sources sources_;
};

TEST_F(UnpackTest, GoesOnToTheNextLayersWhileTheBaseIsOnItsWay) {
  add(raw_tar({directory("./", 0711), file("old"), file("stays")}));
  add(raw_tar({file(".wh.old", "")}));
  add(raw_tar({file("top")}));
  const Image image = this->image();
  LayerUnpacking unpacking(transaction_, image, sources_, {});
  arrive(1);
  arrive(2);
  ASSERT_TRUE(is_read(1));
  ASSERT_TRUE(is_read(2));
  EXPECT_EQ(unpacking.progress(1).state, State::running);
  arrive(0);
  EXPECT_TRUE(unpacking.finish().empty());

  struct stat status {};
  const Fd middle = transaction_.open_layer(image.layers[1].chain_id);
  ASSERT_EQ(::fstatat(middle.get(), "old", &status, 0), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
  const Fd top = transaction_.open_layer(image.layers[2].chain_id);
  ASSERT_EQ(::fstatat(top.get(), ".", &status, 0), 0);
  EXPECT_EQ(status.st_mode & 07777, 0711U);
}

TEST_F(UnpackTest, TellsWhichLayerIsWrongWhileOthersWait) {
  add(raw_tar({file("base")}));
  add(raw_tar({file("wrong")}));
  config_.diff_ids[1] = config_.diff_ids[0];
  const Image image = this->image();
  LayerUnpacking unpacking(transaction_, image, sources_, {});
  arrive(1);
  try {
    unpacking.finish();
    FAIL() << "the layer is not what its diff id says";
  } catch (const Error& error) {
    EXPECT_TRUE(
        std::string(error.what()).starts_with("unpack layer " + image.layers[1].blob.digest))
        << error.what();
  }
  EXPECT_EQ(unpacking.failed_blob(), image.layers[1].blob.digest);
}

}  // namespace
}  // namespace gocker::tests
