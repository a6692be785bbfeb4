// Whether the store is sound: every blob what its name says, every image complete.
#pragma once

#include <string>
#include <vector>

#include "imagetool/store/store.h"

namespace gocker {

struct StoreCheck {
  size_t blobs = 0;                        // that were read
  size_t images = 0;                       // names
  size_t layers = 0;                       // unpacked
  std::vector<std::string> problems;       // a line each: what is wrong with which object
  std::vector<std::string> damaged_blobs;  // names below blobs/sha256
};

// Reads all of it, under the store's shared lock.
StoreCheck check_store(const Store& store);

// Takes damaged blobs away, so that the next pull fetches them again. Their images stay listed.
void remove_damaged(const Store& store, const StoreCheck& found);

}  // namespace gocker
