#include "runtime/launch/mount_plan.h"

#include <sys/mount.h>

#include <algorithm>
#include <string>
#include <utility>

#include "runtime/linux/mount_options.h"

namespace gocker {
namespace {

bool is_cgroup_mount(const oci::Mount& mount) {
  return mount.type == "cgroup" || mount.type == "cgroup2";
}

MountStep tmpfs_step(const oci::Mount& wanted) {
  oci::Mount mount = wanted;
  mount.type = mount.source = "tmpfs";
  const bool readonly = std::erase(mount.options, "ro") > 0;
  mount.options.emplace_back("mode=755");
  return {.mount = std::move(mount), .prepared = Fd(), .readonly_at_end = readonly};
}

MountStep bind_step(const oci::Mount& wanted, const CgroupMount& part,
                    const std::string& destination) {
  oci::Mount mount = wanted;
  mount.type = "bind";
  mount.source = part.source;
  mount.destination = destination;
  mount.options.emplace_back("bind");
  return {.mount = std::move(mount), .prepared = Fd(), .is_directory = true};
}

// One mount of type "cgroup" in config.json: the container's group, or on v1 a tmpfs with a
// directory for each hierarchy.
void add_cgroup_mount(MountPlan& plan, const oci::Mount& wanted,
                      const std::vector<CgroupMount>& parts) {
  for (const CgroupMount& part : parts) {
    if (part.source.empty()) {
      plan.mounts.push_back(tmpfs_step(wanted));
      continue;
    }
    const std::string below = part.controllers.empty() ? "" : "/" + part.controllers;
    plan.mounts.push_back(bind_step(wanted, part, wanted.destination + below));
    for (const std::string& link : part.links) {
      plan.links.push_back({wanted.destination + "/" + link, part.controllers});
    }
  }
}

}  // namespace

MountPlan plan_mounts(const oci::Spec& spec, const Cgroup& cgroup) {
  const auto cgroup_namespace = spec.linux_.find_namespace(oci::NamespaceType::cgroup) != nullptr
                                    ? CgroupNamespace::own
                                    : CgroupNamespace::host;
  MountPlan plan;
  plan.mounts.reserve(spec.mounts.size() + 12);
  for (const oci::Mount& mount : spec.mounts) {
    if (is_cgroup_mount(mount)) {
      add_cgroup_mount(plan, mount, cgroup.mounts(cgroup_namespace));
    } else {
      plan.mounts.push_back({.mount = mount, .prepared = Fd()});
    }
  }
  return plan;
}

bool can_manage_groups(const oci::Spec& spec) {
  const oci::Namespace* own = spec.linux_.find_namespace(oci::NamespaceType::cgroup);
  if (own == nullptr || !own->path.empty()) return false;
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [](const oci::Mount& mount) {
    const uint64_t readonly = parse_mount_options(mount.options).set_attributes & MOUNT_ATTR_RDONLY;
    return is_cgroup_mount(mount) && readonly == 0;
  });
}

}  // namespace gocker
