#include "runtime/base/id_map.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"

namespace gocker {
namespace {

// The kernel takes UID_GID_MAP_MAX_EXTENTS of them, in one write(2) of less than a page.
constexpr size_t kMaxExtents = 340;
constexpr size_t kMaxBytes = 4095;

// "0 100000 65536\n" a mapping, as uid_map and gid_map want it.
std::string id_map_lines(const std::vector<IdRange>& ranges) {
  std::string lines;
  for (const IdRange& range : ranges) {
    lines += std::to_string(range.inside) + " " + std::to_string(range.outside) + " " +
             std::to_string(range.size) + "\n";
  }
  return lines;
}

void write_id_map(const std::string& directory, const std::string& file,
                  const std::vector<IdRange>& ranges) {
  const Doing doing("write", file);
  if (ranges.empty()) throw Error("there are no mappings", EINVAL);
  const std::string lines = id_map_lines(ranges);
  if (ranges.size() > kMaxExtents || lines.size() > kMaxBytes) {
    throw Error(std::to_string(ranges.size()) + " mappings in " + std::to_string(lines.size()) +
                    " bytes: the kernel takes at most 340 in 4095",
                EINVAL);
  }
  write_file(directory + file, lines);
}

}  // namespace

void write_id_maps(pid_t pid, const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  const Doing doing("map ids of the user namespace");
  const std::string directory = "/proc/" + std::to_string(pid) + "/";
  write_id_map(directory, "uid_map", uids);
  write_id_map(directory, "gid_map", gids);
}

Fd make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  const Doing doing("make a user namespace");
  std::optional<Child> child = clone_child(CLONE_NEWUSER, Fd());
  if (!child) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // not to outlive a caller that is killed
    while (true) ::pause();
  }
  write_id_maps(child->pid(), uids, gids);
  return open_file("/proc/" + std::to_string(child->pid()) + "/ns/user", O_RDONLY);
}

}  // namespace gocker
