#include "runtime/checkpoint/external.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/launch/mount_plan.h"
#include "runtime/linux/bind_mount.h"
#include "runtime/linux/devices.h"
#include "runtime/linux/mount_options.h"

namespace gocker {
namespace {

using oci::NamespaceType;

std::string process_file(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

class ExternalMounts {
 public:
  explicit ExternalMounts(pid_t pid) : mounts_(pid) {}

  void add(const std::string& destination) {
    if (const MountInfo* mount = mounts_.find(destination)) names_[mount->id] = destination;
  }
  void keep(const std::string& destination) {
    if (const MountInfo* mount = mounts_.find(destination)) kept_.insert(mount->id);
  }
  // A mask that is a directory is a tmpfs of the container's own.
  void add_mask(const std::string& path) {
    const MountInfo* mount = mounts_.find(path);
    if (mount != nullptr && mount->type != "tmpfs") names_[mount->id] = path;
  }

  std::vector<std::pair<std::string, std::string>> list() {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const MountInfo& mount : mounts_.table()) {  // parents come first
      if (names_.contains(mount.parent) && !kept_.contains(mount.id)) {
        names_.try_emplace(mount.id, mount.mount_point);
      }
      const auto name = names_.find(mount.id);
      if (name != names_.end()) pairs.emplace_back(mount.mount_point, name->second);
    }
    return pairs;
  }

 private:
  MountsOfProcess mounts_;
  std::map<uint64_t, std::string> names_;  // by mount
  std::set<uint64_t> kept_;                // the container's own, though they lie on external ones
};

// CRIU's name, and ours in the images; empty where it can't be left out.
std::string external_name(NamespaceType type) {
  if (type == NamespaceType::network) return kExternalNetwork;
  if (type == NamespaceType::pid) return kExternalPids;
  return "";
}

constexpr std::string_view kFileName = "file[";

}  // namespace

MountsOfProcess::MountsOfProcess(pid_t pid)
    : root_(RootDir::open_host_path(process_file(pid, "root"))),
      table_(parse_mountinfo(read_file(process_file(pid, "mountinfo")))) {}

const MountInfo* MountsOfProcess::find(const std::string& path) const {
  const Fd fd = root_.open_if_exists(path, O_PATH);
  if (!fd) return nullptr;
  const uint64_t id = mount_id(fd);
  const auto found = std::find_if(table_.begin(), table_.end(),
                                  [&](const MountInfo& mount) { return mount.id == id; });
  if (found == table_.end()) return nullptr;
  // What is inside a mount has its id, too.
  const Fd top = root_.open_if_exists(found->mount_point, O_PATH);
  if (!top || mount_id(top) != id) return nullptr;
  return stat_fd(fd, path).st_ino == stat_fd(top, path).st_ino ? &*found : nullptr;
}

bool MountsOfProcess::contains(uint64_t mount) const {
  return std::any_of(table_.begin(), table_.end(),
                     [&](const MountInfo& entry) { return entry.id == mount; });
}

bool is_external(const MountStep& step) {
  const MountOptions options = parse_mount_options(step.mount.options);
  return !options.remount && is_bind(step.mount, options);
}

std::vector<std::pair<std::string, std::string>> find_external_mounts(const oci::Spec& spec,
                                                                      const Cgroup& cgroup,
                                                                      pid_t pid) {
  const Doing doing("find the mounts from outside");
  ExternalMounts found(pid);
  for (const MountStep& step : plan_mounts(spec, cgroup).mounts) {
    if (is_external(step)) {
      found.add(step.mount.destination);
    } else {
      found.keep(step.mount.destination);
    }
  }
  for (const std::string& path : spec.linux_.masked_paths) found.add_mask(path);
  if (spec.linux_.find_namespace(NamespaceType::user) != nullptr) {
    for (const oci::Device& device : default_devices()) found.add(device.path);
    for (const oci::Device& device : spec.linux_.devices) found.add(device.path);
  }
  return found.list();
}

std::vector<std::string> find_external_namespaces(const std::vector<oci::Namespace>& namespaces,
                                                  pid_t pid) {
  std::vector<std::string> external;
  for (const oci::Namespace& entry : namespaces) {
    if (entry.path.empty()) continue;
    const std::string name = external_name(entry.type);
    if (name.empty()) {
      throw Error("its " + std::string(oci::name_of(entry.type)) +
                  " namespace is another's: only pid and network namespaces can be");
    }
    const std::string file = entry.type == NamespaceType::pid ? "pid" : "net";
    const struct stat status =
        stat_fd(open_file(process_file(pid, "ns/" + file), O_RDONLY), entry.path);
    external.push_back(std::string(file)
                           .append("[")
                           .append(std::to_string(status.st_ino))
                           .append("]:")
                           .append(name));
  }
  return external;
}

std::string external_file_name(uint64_t mount, uint64_t inode) {
  std::array<char, 64> name;
  const int size =
      std::snprintf(name.data(), name.size(), "file[%" PRIx64 ":%" PRIx64 "]", mount, inode);
  return std::string(name.data(), static_cast<size_t>(size));
}

bool is_external_file_name(const std::string& name) {
  return name.starts_with(kFileName);
}

uint32_t unsaved_namespaces(const std::vector<oci::Namespace>& namespaces) {
  const bool own_network =
      std::any_of(namespaces.begin(), namespaces.end(), [](const oci::Namespace& entry) {
        return entry.type == NamespaceType::network && entry.path.empty();
      });
  return own_network ? CLONE_NEWNET : 0;
}

}  // namespace gocker
