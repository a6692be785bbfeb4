// A store in a temporary directory, and images made of a few words.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "imagetool/store/image.h"
#include "imagetool/store/store.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/file.h"
#include "tests/unit/imagetool/error_of.h"

namespace gocker {

class StoreTest : public testing::Test {
 protected:
  // The digest of the image's manifest. Each layer is the bytes of its blob; its tree holds one
  // file of that name.
  std::string add_image(const std::string& reference, const std::vector<std::string>& layers);
  // Adds its parts without committing; `name` is what to commit.
  static ImageName fill(Transaction& transaction, const std::string& reference,
                        const std::vector<std::string>& layers);
  // All paths below the store but the lock, sorted, with the sizes of files.
  std::vector<std::string> listing() const;

  TempDir directory_;
  Store store_{directory_.path() + "/store"};
};

}  // namespace gocker
