#include "runtime/checkpoint/stage.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/checkpoint/external.h"
#include "runtime/launch/mount_plan.h"
#include "runtime/linux/detached_mount.h"
#include "runtime/linux/devices.h"
#include "runtime/linux/filesystem.h"
#include "runtime/linux/host_mounts.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/mount_target.h"
#include "runtime/linux/rootfs.h"

namespace gocker {
namespace {

TargetKind kind_of(const Fd& mount) {
  const struct stat status = stat_fd(mount, "mount");
  return S_ISDIR(status.st_mode) ? TargetKind::directory : TargetKind::file;
}

// Puts a detached mount below a directory of ours, on an entry that is made for it.
void put_up(const Fd& mount, const RootDir& stage, const std::string& name) {
  const Fd target = kind_of(mount) == TargetKind::directory ? stage.make_directories(name, 0700)
                                                            : stage.make_file(name, 0600);
  attach_mount(mount, target, name);
}

bool is_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

}  // namespace

PrivateMounts::PrivateMounts()
    : home_(open_file("/proc/self/ns/mnt", O_RDONLY)), working_directory_(open_directory(".")) {
  check(::unshare(CLONE_NEWNS), "unshare the mount namespace");
  // What the host mounts and unmounts still shows; nothing of this shows on the host.
  set_mount_attributes(open_directory("/"), 0, 0, MS_SLAVE, Depth::recursive, "/");
}

PrivateMounts::~PrivateMounts() {
  // It was left a moment ago: nothing can be in the way of going back.
  [[maybe_unused]] const bool is_home =
      ::setns(home_.get(), CLONE_NEWNS) == 0 && ::fchdir(working_directory_.get()) == 0;
}

Stage::Stage(const LaunchRequest& request)
    : request_(request),
      plan_(plan_mounts(request.spec, request.cgroup)),
      root_(clone_rootfs(request.rootfs)),
      path_(real_path(descriptor_path(request.state_directory))) {
  constexpr bool kEveryBind = true;
  prepare_mounts(plan_, request.bundle, request.spec.linux_, kEveryBind);
  make_mount_points();
}

// What lies on a mount of the container's own is in its image.
void Stage::make_mount_points() const {
  const RootDir root(root_.duplicate());
  std::vector<std::string> mounted;
  for (const MountStep& step : plan_.mounts) {
    const std::string destination = normal_destination(step.mount.destination);
    bool on_root = destination != "/";
    for (const std::string& before : mounted) on_root &= !is_below(destination, before);
    mounted.push_back(destination);
    if (!on_root) continue;
    const Doing doing("mount", step.mount.destination);
    make_mount_target(root, destination,
                      step.prepared ? kind_of(step.prepared) : TargetKind::directory);
  }
}

void Stage::set_up() const {
  const Doing doing("set up the root filesystem for CRIU");
  const Fd tmpfs = new_filesystem("tmpfs", "tmpfs", {{"mode", "700"}}, 0);
  attach_mount(tmpfs, open_directory(path_), path_);
  const RootDir stage(tmpfs.duplicate());
  put_up(root_, stage, "root");
  for (size_t i = 0; i < plan_.mounts.size(); ++i) {
    if (is_external(plan_.mounts[i])) put_up(plan_.mounts[i].prepared, stage, std::to_string(i));
  }
}

Fd Stage::show_images(Fd images) const {
  const oci::Linux& config = request_.spec.linux_;
  if (config.uid_mappings.empty() || config.gid_mappings.empty()) return images;
  const Doing doing("map the images' owner");
  const Fd mapped = clone_mount(images, Depth::single);
  set_id_map(mapped, make_user_namespace(config.uid_mappings, config.gid_mappings), Depth::single);
  put_up(mapped, RootDir::open_host_path(path_), "images");
  return open_file(path_ + "/images", O_RDONLY | O_DIRECTORY);
}

std::vector<std::pair<std::string, std::string>> Stage::external_mounts() const {
  std::vector<std::pair<std::string, std::string>> mounts;
  const std::vector<MountInfo> table = parse_mountinfo(read_file("/proc/self/mountinfo"));
  for (size_t i = 0; i < plan_.mounts.size(); ++i) {
    const MountStep& step = plan_.mounts[i];
    if (!is_external(step)) continue;
    mounts.emplace_back(step.mount.destination, path_of(i));
    for (const MountInfo& mount : table) {
      if (!is_below(mount.mount_point, path_of(i))) continue;
      mounts.emplace_back(
          normal_destination(step.mount.destination) + mount.mount_point.substr(path_of(i).size()),
          mount.mount_point);
    }
  }
  for (const std::string& path : request_.spec.linux_.masked_paths) {
    mounts.emplace_back(path, "/dev/null");
  }
  if (request_.spec.linux_.find_namespace(oci::NamespaceType::user) != nullptr) {
    for (const oci::Device& device : default_devices()) {
      mounts.emplace_back(device.path, device.path);
    }
    for (const oci::Device& device : request_.spec.linux_.devices) {
      mounts.emplace_back(device.path, device.path);
    }
  }
  return mounts;
}

}  // namespace gocker
