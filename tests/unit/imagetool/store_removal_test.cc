#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "imagetool/store/lease.h"
#include "imagetool/store/removal.h"
#include "runtime/base/error.h"
#include "tests/unit/imagetool/store_fixture.h"

namespace gocker {
namespace {

const std::string kOne = "docker.io/library/one:latest";
const std::string kTwo = "docker.io/library/two:latest";

class RemovalTest : public StoreTest {
 protected:
  size_t blobs() const { return list_directory(store_.blobs(), "blobs").size(); }
  size_t layers() const { return list_directory(store_.layers(), "layers").size(); }

  // A lease of the image on a directory that is there.
  std::string lease(const std::string& reference) {
    const std::string bundle = directory_.path() + "/bundle";
    make_directories(bundle, 0700);
    const Image image = find_image(store_, reference);
    record_lease(store_,
                 {bundle, image.reference, image.digest, image.chain_ids(), current_boot_id()});
    return bundle;
  }
};

TEST_F(RemovalTest, TakesAnImageAwayWithAllThatItAloneNeeds) {
  const auto before = listing();
  add_image(kOne, {"base", "top"});
  const Removal removal = remove_images(store_, {"one"});
  EXPECT_EQ(removal.references, std::vector<std::string>{kOne});
  EXPECT_EQ(removal.blobs, 4u);
  EXPECT_EQ(removal.layers, 2u);
  EXPECT_EQ(listing(), before);
}

TEST_F(RemovalTest, KeepsWhatAnotherImageShares) {
  add_image(kTwo, {"base", "two"});
  const auto before = listing();
  add_image(kOne, {"base", "one"});
  remove_images(store_, {"one"});
  EXPECT_EQ(listing(), before);
}

TEST_F(RemovalTest, TakesOneOfSeveralNamesOnly) {
  const std::string digest = add_image(kOne, {"base"});
  add_image(kTwo, {"base"});
  EXPECT_EQ(remove_images(store_, {"one"}).blobs, 0u);
  EXPECT_EQ(find_image(store_, "two").digest, digest);
}

TEST_F(RemovalTest, ChangesNothingWhereOneNameIsUnknown) {
  add_image(kOne, {"base"});
  const auto before = listing();
  EXPECT_NE(error_of([&] {
              remove_images(store_, {"one", "three"});
            }).find("no such image: three"),
            std::string::npos);
  EXPECT_EQ(listing(), before);
}

TEST_F(RemovalTest, CollectsWhatATagLeftBehind) {
  add_image(kOne, {"base", "old"});
  add_image(kOne, {"base", "new"});
  const Removal removal = collect_garbage(store_);
  EXPECT_EQ(removal.blobs, 3u);  // the old manifest, its config and its top layer
  EXPECT_EQ(removal.layers, 1u);
  EXPECT_NO_THROW(store_.open_layers(find_image(store_, "one").chain_ids()));
  EXPECT_EQ(collect_garbage(store_).blobs, 0u);
}

TEST_F(RemovalTest, LeavesWhatARunningTransactionFound) {
  add_image(kOne, {"base"});
  const std::string chain = find_image(store_, "one").layers[0].chain_id;
  {
    Transaction transaction(store_);
    ASSERT_TRUE(transaction.has_layer(chain));
    remove_images(store_, {"one"});
    EXPECT_TRUE(store_.has_layer(chain));
    transaction.commit(fill(transaction, kTwo, {"base"}));
  }
  EXPECT_NO_THROW(store_.open_layers(find_image(store_, "two").chain_ids()));
}

TEST_F(RemovalTest, RefusesAnImageThatABundleUsesAndNamesTheBundle) {
  add_image(kOne, {"base"});
  const std::string bundle = lease("one");
  const auto before = listing();
  EXPECT_EQ(error_of([&] { remove_images(store_, {"one"}); }),
            "image " + kOne + " is used by the bundle " + bundle +
                " (remove that first: gocker-image unbundle " + bundle + ")");
  EXPECT_EQ(listing(), before);
  drop_lease(store_, bundle);
  EXPECT_EQ(remove_images(store_, {"one"}).layers, 1u);
}

TEST_F(RemovalTest, TakesALeasedImagesSecondName) {
  add_image(kOne, {"base"});
  lease("one");
  add_image(kTwo, {"base"});
  EXPECT_NO_THROW(remove_images(store_, {"one"}));
  EXPECT_THROW(remove_images(store_, {"two"}), Error);
}

TEST_F(RemovalTest, RefusesToTakeAllNamesOfALeasedImageAtOnce) {
  add_image(kOne, {"base"});
  add_image(kTwo, {"base"});
  lease("one");
  EXPECT_THROW(remove_images(store_, {"one", "two"}), Error);
  EXPECT_EQ(image_names(store_).size(), 2u);
}

TEST_F(RemovalTest, KeepsALeasedImageThatHasLostItsName) {
  add_image(kOne, {"old"});
  const std::string bundle = lease("one");
  const Image old = find_image(store_, "one");
  add_image(kOne, {"new"});
  EXPECT_EQ(collect_garbage(store_).layers, 0u);
  EXPECT_NO_THROW(load_image(store_, "", old.digest));
  drop_lease(store_, bundle);
  EXPECT_EQ(collect_garbage(store_).layers, 1u);
}

TEST_F(RemovalTest, TakesALeaseAsGivenBackWhereItsDirectoryIsGone) {
  add_image(kOne, {"base"});
  const std::string bundle = lease("one");
  ASSERT_EQ(leases(store_).size(), 1u);
  ASSERT_EQ(::rmdir(bundle.c_str()), 0);
  EXPECT_TRUE(leases(store_).empty());
  EXPECT_EQ(remove_images(store_, {"one"}).layers, 1u);
  EXPECT_FALSE(find_lease(store_, bundle));
}

TEST_F(RemovalTest, IgnoresALeaseThatAPowerLossEmptied) {
  add_image(kOne, {"base"});
  const std::string bundle = lease("one");
  const std::string name = list_directory(store_.leases(), "leases").at(0);
  replace_file_at(store_.leases(), name, "", 0600);
  EXPECT_FALSE(find_lease(store_, bundle));
  EXPECT_TRUE(leases(store_).empty());
  EXPECT_EQ(remove_images(store_, {"one"}).layers, 1u);
  collect_garbage(store_);
  EXPECT_TRUE(list_directory(store_.leases(), "leases").empty());
}

TEST_F(RemovalTest, TakesAwayTheIndexThatAKilledCommandWasWriting) {
  add_image(kOne, {"base"});
  open_file_at(store_.directory(), ".index.json.12345.1", O_WRONLY | O_CREAT, 0600);
  const auto is_hidden = [](const std::string& name) { return name.starts_with('.'); };
  remove_images(store_, {"one"});
  const std::vector<std::string> names = list_directory(store_.directory(), "the store");
  EXPECT_TRUE(std::none_of(names.begin(), names.end(), is_hidden));
}

TEST_F(RemovalTest, ReadsALeaseAsItWasRecorded) {
  add_image(kOne, {"base", "top"});
  const Image image = find_image(store_, "one");
  const std::string bundle = lease("one");
  const auto found = find_lease(store_, bundle);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->directory, bundle);
  EXPECT_EQ(found->reference, kOne);
  EXPECT_EQ(found->digest, image.digest);
  EXPECT_EQ(found->chain_ids, image.chain_ids());
  EXPECT_EQ(found->boot_id, current_boot_id());
  EXPECT_FALSE(find_lease(store_, "/no/such/bundle"));
}

TEST_F(RemovalTest, GivesNoLeaseOfAnImageThatIsGone) {
  add_image(kOne, {"base"});
  const Image image = find_image(store_, "one");
  remove_images(store_, {"one"});
  EXPECT_NE(error_of([&] {
              record_lease(store_, {"/", image.reference, image.digest, image.chain_ids(), ""});
            }).find("was removed meanwhile"),
            std::string::npos);
}

}  // namespace
}  // namespace gocker
