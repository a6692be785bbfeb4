// How much of the disk the store takes, and what for.
#pragma once

#include <cstdint>
#include <string>

#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

struct Usage {
  uint64_t total = 0;        // how many
  uint64_t active = 0;       // of them in use
  uint64_t bytes = 0;        // on the disk
  uint64_t reclaimable = 0;  // of them: goes where the unused are removed
};

struct StoreUsage {
  Usage images;       // blobs and unpacked layers, each once; those without a name are reclaimable
  Usage build_cache;  // steps of builds, what only they keep, and the caches of their commands
  Usage partial;      // beginnings of blobs
};

// Walks all unpacked layers. Takes the shared lock.
StoreUsage store_usage(const Store& store);

// What the tree takes on the disk, a file with several names once. Other mounts below do not count.
// 0 where there is no directory of that name.
uint64_t disk_usage(const Fd& parent, const std::string& name);

}  // namespace gocker
