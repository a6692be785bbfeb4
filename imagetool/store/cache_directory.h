// Directories that the commands of builds keep from one build to the next: RUN --mount=type=cache.
// caches/HEX below the store's root, HEX of the cache's id; HEX-1 and so on where commands want one
// each at the same time. Whoever uses one holds a flock(2) on it; gc removes those of nobody.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

// Used by several at once, by one after the other, or by one alone, who gets another one where the
// first is in use.
enum class CacheSharing { shared, locked, exclusive };

// What a directory has when it is made.
struct CacheAttributes {
  mode_t mode = 0755;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Makes it where there is none. In use until the descriptor is closed; waits for others if it is
// to be locked.
Fd open_cache_directory(const Store& store, std::string_view id, CacheSharing sharing,
                        const CacheAttributes& attributes);

struct CacheUsage {
  uint64_t count = 0;
  uint64_t bytes = 0;
};

CacheUsage cache_directory_usage(const Store& store);
// Removes those that nobody uses, and tells what went.
CacheUsage remove_cache_directories(const Store& store);

}  // namespace gocker
