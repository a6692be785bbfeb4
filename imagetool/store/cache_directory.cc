#include "imagetool/store/cache_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "imagetool/digest.h"
#include "imagetool/store/usage.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr const char* kCaches = "caches";

Fd open_or_make(const Fd& parent, const std::string& name) {
  if (::mkdirat(parent.get(), name.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    throw_errno("mkdir", name);
  }
  return open_file_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// Its name below caches/.
std::string directory_of(std::string_view id) {
  Sha256 hash;
  hash.update(id);
  return digest_hex(hash.finish());
}

// Made aside and renamed, so that nobody sees it with other attributes.
void make_cache(const Fd& caches, const std::string& name, const CacheAttributes& attributes) {
  const std::string draft = name + "." + std::to_string(::getpid());
  const Fd made = open_or_make(caches, draft);
  check(::fchown(made.get(), attributes.uid, attributes.gid), "chown", draft);
  check(::fchmod(made.get(), attributes.mode), "chmod", draft);
  if (::renameat2(caches.get(), draft.c_str(), caches.get(), name.c_str(), RENAME_NOREPLACE) == 0) {
    return;
  }
  const int error = errno;
  ::unlinkat(caches.get(), draft.c_str(), AT_REMOVEDIR);
  // It is there, or gc has taken the draft: whoever wants it looks again.
  if (error != EEXIST && error != ENOENT) throw_errno_value(error, "make the cache", name);
}

// Whether `name` still is what was opened: it may have been removed before it was locked.
bool is_there(const Fd& caches, const std::string& name, const Fd& opened) {
  struct stat there {};
  const struct stat mine = stat_fd(opened, name);
  return ::fstatat(caches.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         there.st_ino == mine.st_ino && there.st_dev == mine.st_dev;
}

// An invalid Fd where somebody has it who does not share.
Fd try_lock(const Fd& caches, const std::string& name, int operation) {
  for (;;) {
    Fd opened = open_if_exists_at(caches, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened) return {};
    if (::flock(opened.get(), operation) != 0) {
      if (errno == EWOULDBLOCK) return {};
      throw_errno("lock", name);
    }
    if (is_there(caches, name, opened)) return opened;
  }
}

template <class Visit>
void for_each_cache(const Store& store, Visit visit) {
  const Fd caches = open_if_exists_at(store.directory(), kCaches, O_RDONLY | O_DIRECTORY);
  if (!caches) return;
  for (const std::string& name : list_directory(caches, kCaches)) visit(caches, name);
}

}  // namespace

Fd open_cache_directory(const Store& store, std::string_view id, CacheSharing sharing,
                        const CacheAttributes& attributes) {
  const std::string shown(id);
  const Doing doing("open the cache", shown);
  const Fd caches = open_or_make(store.directory(), kCaches);
  const int operation = sharing == CacheSharing::shared      ? LOCK_SH
                        : sharing == CacheSharing::exclusive ? LOCK_EX | LOCK_NB
                                                             : LOCK_EX;
  const std::string first = directory_of(id);
  std::string name = first;
  for (unsigned number = 1;; ++number) {
    make_cache(caches, name, attributes);
    if (Fd opened = try_lock(caches, name, operation)) return opened;
    // Else it was removed in between.
    if (sharing == CacheSharing::exclusive) name = first + "-" + std::to_string(number);
  }
}

CacheUsage cache_directory_usage(const Store& store) {
  CacheUsage usage;
  for_each_cache(store, [&](const Fd& caches, const std::string& name) {
    ++usage.count;
    usage.bytes += disk_usage(caches, name);
  });
  return usage;
}

CacheUsage remove_cache_directories(const Store& store) {
  CacheUsage removed;
  for_each_cache(store, [&](const Fd& caches, const std::string& name) {
    const Fd locked = try_lock(caches, name, LOCK_EX | LOCK_NB);
    if (!locked) return;
    removed.bytes += disk_usage(caches, name);
    ++removed.count;
    remove_tree_at(caches, name);
  });
  return removed;
}

}  // namespace gocker
