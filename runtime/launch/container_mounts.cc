#include "runtime/launch/container_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/socket.h"
#include "runtime/launch/protocol.h"
#include "runtime/linux/bind_mount.h"
#include "runtime/linux/filesystem.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/mount_target.h"
#include "runtime/linux/mounts.h"
#include "runtime/linux/user.h"

namespace gocker {
namespace {

// Its root is the container's, who could not change the owner of a host's.
void add_owner(FilesystemParameters& parameters, const oci::Linux& config) {
  const auto uid = host_id(config.uid_mappings, 0);
  const auto gid = host_id(config.gid_mappings, 0);
  if (uid && *uid != 0) parameters.emplace_back("uid", std::to_string(*uid));
  if (gid && *gid != 0) parameters.emplace_back("gid", std::to_string(*gid));
}

Fd make_tmpfs(const oci::Mount& mount, const oci::Linux& config) {
  MountOptions options = parse_mount_options(mount.options);
  if (options.tmpcopyup) throw Error("tmpcopyup is for new containers only", EINVAL);
  add_owner(options.parameters, config);
  return new_filesystem("tmpfs", mount.source, options.parameters,
                        options.set_attributes | options.set_recursively);
}

MountPlan make_detached(const std::vector<oci::Mount>& mounts, const oci::Spec& spec,
                        const std::string& bundle) {
  MountPlan plan;
  for (const oci::Mount& mount : mounts) plan.mounts.push_back({.mount = mount, .prepared = Fd()});
  constexpr bool kEveryBind = true;
  prepare_mounts(plan, bundle, spec.linux_, kEveryBind);
  for (MountStep& step : plan.mounts) {
    if (step.prepared) continue;
    const Doing doing("mount", step.mount.destination);
    if (step.mount.type != "tmpfs" || parse_mount_options(step.mount.options).remount) {
      throw Error("only bind mounts and tmpfs can be added to a running container", EINVAL);
    }
    step.prepared = make_tmpfs(step.mount, spec.linux_);
  }
  return plan;
}

// Whatever is mounted there last. A symlink is not followed: its target may be named itself.
void unmount(const RootDir& root, const std::string& given) {
  const std::string destination = normal_destination(given);
  const Doing doing("unmount", given);
  const SplitPath path = split_path(destination);
  if (path.name.empty()) throw Error("the root itself can't be unmounted", EINVAL);
  const Fd parent = root.open(path.parent.empty() ? "/" : path.parent, O_PATH | O_DIRECTORY);
  check(::fchdir(parent.get()), "fchdir");
  if (::umount2(std::string(path.name).c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) == 0) return;
  if (errno == EINVAL) throw Error("nothing is mounted there that could be removed", EINVAL);
  throw_errno("umount2");
}

void attach_all(const MountPlan& plan, const RootDir& root) {
  std::vector<std::string> done;
  try {
    for (const MountStep& step : plan.mounts) {
      MountPlan one;
      one.mounts.push_back({.mount = step.mount, .prepared = step.prepared.duplicate()});
      const Fd readonly_dev = apply_mounts(one, root, "", "");
      done.push_back(step.mount.destination);
    }
  } catch (...) {
    for (auto last = done.rbegin(); last != done.rend(); ++last) {
      try {
        unmount(root, *last);
      } catch (const Error&) {
        // The error that led here is the one to tell.
      }
    }
    throw;
  }
}

// A child in the container's mount and user namespaces, but in no other one: nobody in there can
// see it. What it throws is thrown here.
void work_in_container(const Container& container,
                       const std::function<void(const RootDir&)>& work) {
  const Fd first_process = container.open_process();
  if (!first_process) throw Error("container not running");
  const std::vector<oci::Namespace>& namespaces = container.record().namespaces;
  const bool own_user = std::any_of(
      namespaces.begin(), namespaces.end(),
      [](const oci::Namespace& entry) { return entry.type == oci::NamespaceType::user; });
  allow_tracing(Tracing::nobody);
  auto [ours, theirs] = socket_pair();
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    ours.reset();
    const SyncSocket parent(std::move(theirs));
    Doing::start_anew();
    try {
      check(::setns(first_process.get(), CLONE_NEWNS | (own_user ? CLONE_NEWUSER : 0)),
            "join the namespaces");
      if (own_user) become_namespace_root();
      work(RootDir::open_host_path("/"));
      exit_now(0);
    } catch (const Error& error) {
      parent.send_failure(error.code(), error.what());
    } catch (const std::exception& error) {
      parent.send_failure(0, error.what());
    }
    exit_now(1);
  }
  theirs.reset();
  SyncSocket(std::move(ours)).receive_until_end();
  if (child->wait() != 0) throw Error("the process that mounts died");
}

}  // namespace

void add_mounts(const Container& container, const std::vector<oci::Mount>& mounts) {
  const Doing doing("add mounts to container", container.record().id);
  const MountPlan plan = make_detached(mounts, container.load_config(), container.record().bundle);
  work_in_container(container, [&](const RootDir& root) { attach_all(plan, root); });
}

void remove_mounts(const Container& container, const std::vector<oci::Mount>& mounts) {
  const Doing doing("remove mounts of container", container.record().id);
  work_in_container(container, [&](const RootDir& root) {
    for (auto last = mounts.rbegin(); last != mounts.rend(); ++last) {
      unmount(root, last->destination);
    }
  });
}

}  // namespace gocker
