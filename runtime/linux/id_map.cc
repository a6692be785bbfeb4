#include "runtime/linux/id_map.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
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
std::string id_map_lines(const std::vector<oci::IdMapping>& mappings) {
  std::string lines;
  for (const oci::IdMapping& mapping : mappings) {
    lines += std::to_string(mapping.container_id) + " " + std::to_string(mapping.host_id) + " " +
             std::to_string(mapping.size) + "\n";
  }
  return lines;
}

void write_id_map(const std::string& directory, const std::string& file,
                  const std::vector<oci::IdMapping>& mappings) {
  const Doing doing("write", file);
  if (mappings.empty()) throw Error("there are no mappings", EINVAL);
  const std::string lines = id_map_lines(mappings);
  if (mappings.size() > kMaxExtents || lines.size() > kMaxBytes) {
    throw Error(std::to_string(mappings.size()) + " mappings in " + std::to_string(lines.size()) +
                    " bytes: the kernel takes at most 340 in 4095",
                EINVAL);
  }
  write_file(directory + file, lines);
}

}  // namespace

void write_id_maps(pid_t pid, const std::vector<oci::IdMapping>& uid_mappings,
                   const std::vector<oci::IdMapping>& gid_mappings) {
  const Doing doing("map ids of the user namespace");
  const std::string directory = "/proc/" + std::to_string(pid) + "/";
  write_id_map(directory, "uid_map", uid_mappings);
  write_id_map(directory, "gid_map", gid_mappings);
}

Fd make_user_namespace(const std::vector<oci::IdMapping>& uid_mappings,
                       const std::vector<oci::IdMapping>& gid_mappings) {
  const Doing doing("make a user namespace");
  std::optional<Child> child = clone_child(CLONE_NEWUSER, Fd());
  if (!child) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // not to outlive a caller that is killed
    while (true) ::pause();
  }
  write_id_maps(child->pid(), uid_mappings, gid_mappings);
  return open_file("/proc/" + std::to_string(child->pid()) + "/ns/user", O_RDONLY);
}

std::optional<uint32_t> host_id(const std::vector<oci::IdMapping>& mappings,
                                uint32_t container_id) {
  for (const oci::IdMapping& mapping : mappings) {
    if (container_id < mapping.container_id) continue;
    const uint32_t offset = container_id - mapping.container_id;
    if (offset >= mapping.size) continue;
    const uint64_t outside = uint64_t{mapping.host_id} + offset;
    // 4294967295 is the "no id" of the kernel.
    if (outside >= UINT32_MAX) return std::nullopt;
    return static_cast<uint32_t>(outside);
  }
  return std::nullopt;
}

}  // namespace gocker
