#include "imagetool/network/network_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <optional>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kBootIdFile = "boot_id";

// A process id in aardvark's file, above all, would be another process's by now.
void clear_earlier_boot(const NetworkPlaces& places) {
  const Fd state = open_file(places.state(), O_RDONLY | O_DIRECTORY);
  const std::string current(trim(read_file("/proc/sys/kernel/random/boot_id")));
  const std::optional<std::string> recorded = read_if_exists_at(state, kBootIdFile);
  if (recorded == current) return;
  if (recorded) {
    remove_tree_at(state, "attachments");
    remove_tree_at(state, "aardvark");
    remove_tree_at(open_directory(places.run), "netns");
  }
  replace_file_at(state, kBootIdFile, current, 0600);
}

}  // namespace

NetworkLock::NetworkLock(const NetworkPlaces& places) {
  make_directories(places.state(), 0700);
  const std::string path = places.state() + "/lock";
  file_ = open_file(path, O_RDWR | O_CREAT, 0600);
  while (::flock(file_.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno("lock", path);
  }
  clear_earlier_boot(places);
  make_directories(places.attachments(), 0700);
  make_directories(places.aardvark(), 0700);
  make_directories(places.namespaces(), 0700);
}

}  // namespace gocker
