#include "imagetool/store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imagetool/digest.h"
#include "runtime/base/error.h"
#include "tests/unit/imagetool/store_fixture.h"

namespace gocker {
namespace {

const std::string kAlpine = "docker.io/library/alpine:latest";

TEST_F(StoreTest, IsMadeForItsOwnerAloneAndOpenedAgain) {
  struct stat status {};
  ASSERT_EQ(::stat(store_.root().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  const auto before = listing();
  const Store again(store_.root());
  EXPECT_EQ(listing(), before);
}

TEST_F(StoreTest, RefusesADirectoryThatIsSomethingElse) {
  const std::string root = directory_.path() + "/home";
  make_directories(root, 0755);
  open_file(root + "/letter", O_WRONLY | O_CREAT, 0644);
  EXPECT_EQ(error_of([&] { Store store(root); }),
            "open store " + root + ": it is no store and not empty");
  EXPECT_NE(::access((root + "/letter").c_str(), F_OK), -1);
  EXPECT_EQ(::access((root + "/version").c_str(), F_OK), -1);
}

TEST_F(StoreTest, RefusesTheLayoutOfAnotherVersion) {
  replace_file_at(store_.directory(), "version", "gocker-store 2 trusted\n", 0600);
  EXPECT_NE(error_of([&] { Store store(store_.root()); }).find("of another version"),
            std::string::npos);
}

TEST_F(StoreTest, FinishesAStoreWhoseMakingWasCutShort) {
  ASSERT_EQ(::unlinkat(store_.directory().get(), "version", 0), 0);
  ASSERT_EQ(::unlinkat(store_.directory().get(), "index.json", 0), 0);
  const Store again(store_.root());
  EXPECT_TRUE(image_names(again).empty());
}

TEST_F(StoreTest, NoticesADamagedDocument) {
  const std::string digest = add_image(kAlpine, {"base"});
  replace_file_at(store_.blobs(), digest_hex(digest), "{}", 0600);
  EXPECT_NE(error_of([&] { find_image(store_, "alpine"); }).find("damaged"), std::string::npos);
}

TEST_F(StoreTest, NeverMakesAPathOfAMalformedDigest) {
  EXPECT_THROW(store_.open_blob("sha256:../../version"), Error);
  EXPECT_THROW(store_.has_layer("../tmp"), Error);
}

TEST_F(StoreTest, FindsImagesByNameAndByDigest) {
  const std::string digest = add_image(kAlpine, {"base"});
  EXPECT_EQ(find_image(store_, "alpine").digest, digest);
  EXPECT_EQ(find_image(store_, "docker.io/library/alpine:latest").reference, kAlpine);
  EXPECT_EQ(find_image(store_, "alpine@" + digest).reference, kAlpine);
  EXPECT_EQ(find_image(store_, digest).reference, kAlpine);
  EXPECT_EQ(find_image(store_, digest.substr(7, 6)).reference, kAlpine);
  EXPECT_NE(error_of([&] { find_image(store_, digest.substr(7, 5)); }).find("no such image"),
            std::string::npos);
  EXPECT_NE(error_of([&] { find_image(store_, "alpine:3"); }).find("no such image: alpine:3"),
            std::string::npos);
  EXPECT_NE(error_of([&] { find_image(store_, "busybox@" + digest); }).find("no such image"),
            std::string::npos);
}

TEST_F(StoreTest, PrefersTheExactNameToAnotherOneOfTheSameImage) {
  const std::string digest = add_image(kAlpine, {"base"});
  add_image("docker.io/library/alpine@" + digest, {"base"});
  EXPECT_EQ(find_image(store_, "alpine@" + digest).reference, "docker.io/library/alpine@" + digest);
  EXPECT_EQ(find_image(store_, "alpine").reference, kAlpine);
}

TEST_F(StoreTest, GivesTheLayersOfAChainInOrder) {
  add_image(kAlpine, {"base", "middle", "top"});
  const std::vector<Fd> trees = store_.open_layers(find_image(store_, "alpine").chain_ids());
  ASSERT_EQ(trees.size(), 3u);
  EXPECT_EQ(::faccessat(trees[0].get(), "base", F_OK, 0), 0);
  EXPECT_EQ(::faccessat(trees[2].get(), "top", F_OK, 0), 0);
}

TEST_F(StoreTest, KeepsOneLayerForImagesThatShareIt) {
  add_image(kAlpine, {"base", "one"});
  const auto before = list_directory(store_.layers(), "layers").size();
  add_image("docker.io/library/other:latest", {"base", "two"});
  EXPECT_EQ(list_directory(store_.layers(), "layers").size(), before + 1);
}

TEST_F(StoreTest, TransactionShowsNothingBeforeItsCommit) {
  const auto before = listing();
  {
    Transaction transaction(store_);
    const ImageName name = fill(transaction, kAlpine, {"base"});
    EXPECT_TRUE(transaction.has_blob(name.digest));
    EXPECT_EQ(read_all(transaction.open_blob(name.digest), "manifest").size(), name.size);
    EXPECT_FALSE(store_.has_blob(name.digest));
    EXPECT_TRUE(image_names(store_).empty());
  }
  EXPECT_EQ(listing(), before);
}

TEST_F(StoreTest, TransactionThatFailsToCommitLeavesTheStoreAsItWas) {
  ASSERT_EQ(::renameat(store_.directory().get(), "index.json", store_.directory().get(), "old"), 0);
  ASSERT_EQ(::mkdirat(store_.directory().get(), "index.json", 0700), 0);
  const auto before = listing();
  {
    Transaction transaction(store_);
    const ImageName name = fill(transaction, kAlpine, {"base", "top"});
    EXPECT_THROW(transaction.commit(name), Error);
  }
  EXPECT_EQ(listing(), before);
}

TEST_F(StoreTest, TwoTransactionsMayAddTheSame) {
  Transaction first(store_);
  Transaction second(store_);
  const ImageName name = fill(first, kAlpine, {"base"});
  fill(second, kAlpine, {"base"});
  first.commit(name);
  second.commit(name);
  EXPECT_EQ(find_image(store_, "alpine").digest, name.digest);
  EXPECT_NO_THROW(store_.open_layers(find_image(store_, "alpine").chain_ids()));
}

TEST_F(StoreTest, DroppedLayerDraftIsGoneAtOnce) {
  Transaction transaction(store_);
  const auto before = listing();
  LayerDraft draft = transaction.draft_layer();
  EXPECT_EQ(::mkdirat(draft.tree().get(), "x", 0), 0);
  EXPECT_NE(listing(), before);
  transaction.drop_layer(std::move(draft));
  EXPECT_EQ(listing(), before);
}

TEST_F(StoreTest, NextCommandRemovesWhatAKilledOneLeft) {
  const auto before = listing();
  const pid_t child = ::fork();
  if (child == 0) {
    Transaction transaction(store_);
    fill(transaction, kAlpine, {"base"});
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_NE(listing(), before);
  { Transaction next(store_); }
  EXPECT_EQ(listing(), before);
}

TEST_F(StoreTest, NextCommandLeavesALivingOneAlone) {
  Transaction living(store_);
  const ImageName name = fill(living, kAlpine, {"base"});
  { Transaction next(store_); }
  living.commit(name);
  EXPECT_EQ(find_image(store_, "alpine").digest, name.digest);
}

oci::Manifest manifest_with_layer(std::string_view type) {
  oci::Manifest manifest;
  manifest.config.media_type = oci::media_type::kConfig;
  manifest.layers.resize(1);
  manifest.layers[0].media_type = type;
  return manifest;
}

std::string error_with_layer(std::string_view type) {
  oci::ImageConfig config;
  config.diff_ids = {"sha256:" + std::string(64, 'a')};
  return error_of([&] { make_image("x", "y", manifest_with_layer(type), config); });
}

TEST(MakeImage, TakesTheLayerTypesOfTheSpecificationAndOfDocker) {
  EXPECT_EQ(error_with_layer("application/vnd.oci.image.layer.v1.tar+zstd"), "no error");
  EXPECT_EQ(error_with_layer("application/vnd.docker.image.rootfs.diff.tar.gzip"), "no error");
}

TEST(MakeImage, RefusesOtherLayers) {
  EXPECT_EQ(error_with_layer("text/plain"), "layer 1: unknown media type 'text/plain'");
  for (const char* type : {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar"}) {
    EXPECT_NE(error_with_layer(type).find("registries may not distribute it"), std::string::npos);
  }
}

TEST(MakeImage, RefusesConfigsThatDoNotFit) {
  oci::Manifest manifest = manifest_with_layer(oci::media_type::kLayer);
  EXPECT_EQ(error_of([&] { make_image("x", "y", manifest, {}); }),
            "its manifest has 1 layers and its config 0 diff_ids");
  manifest.config.media_type = "application/vnd.cncf.helm.config.v1+json";
  EXPECT_NE(error_of([&] { make_image("x", "y", manifest, {}); }).find("no image of a container"),
            std::string::npos);
}

}  // namespace
}  // namespace gocker
