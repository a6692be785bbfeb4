#include <sys/mount.h>

#include <cerrno>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/linux/bind_mount.h"
#include "runtime/linux/filesystem.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/mounts.h"

namespace gocker {
namespace {

using IdMappings = std::vector<oci::IdMapping>;

// User namespaces for idmapped mounts, one for each mapping, however many mounts share it.
class IdMapNamespaces {
 public:
  const Fd& find_or_make(const IdMappings& uids, const IdMappings& gids) {
    for (const Entry& entry : entries_) {
      if (entry.uids == uids && entry.gids == gids) return entry.fd;
    }
    entries_.push_back({uids, gids, make_user_namespace(uids, gids)});
    return entries_.back().fd;
  }

 private:
  struct Entry {
    IdMappings uids;
    IdMappings gids;
    Fd fd;
  };
  std::vector<Entry> entries_;
};

bool wants_id_map(const oci::Mount& mount, const MountOptions& options) {
  return options.idmap || !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
}

class Preparation {
 public:
  Preparation(const std::string& bundle, const oci::Linux& config, bool user_namespace)
      : bundle_(bundle), config_(config), user_namespace_(user_namespace) {}

  void prepare(MountStep& step) {
    const MountOptions options = parse_mount_options(step.mount.options);
    const bool bind = is_bind(step.mount, options);
    const bool id_map = wants_id_map(step.mount, options);
    if (options.remount || !(id_map || (user_namespace_ && bind))) return;
    const Doing doing("mount", step.mount.destination);
    if (id_map && !bind && step.mount.type == "overlay") {
      throw Error("an overlay can't be mounted with mapped ids: map those of its layers", EINVAL);
    }
    step.prepared = bind ? make_bind(step.mount, options) : make_filesystem(step.mount, options);
    if (id_map) map_ids(step, options);
  }

 private:
  Fd make_bind(const oci::Mount& mount, const MountOptions& options) const {
    Fd source = open_bind_source(mount, options, bundle_);
    // This is a copy of the host's mount, and its peer where that one is shared. A container gets a
    // peer only where its whole root is asked to be one, and never with a user namespace.
    const bool peer = !user_namespace_ && config_.rootfs_propagation.ends_with("shared");
    if (options.propagation == MS_SHARED && !peer) {
      set_mount_attributes(source, 0, 0, MS_SLAVE, Depth::recursive, mount.source);
    }
    apply_bind_options(source, options);
    return source;
  }

  Fd make_filesystem(const oci::Mount& mount, const MountOptions& options) const {
    Fd made = new_filesystem(mount.type, mount.source, options.parameters,
                             options.set_attributes | options.set_recursively);
    if (options.propagation != 0) {
      set_mount_attributes(made, 0, 0, options.propagation, Depth::single, mount.destination);
    }
    return made;
  }

  void map_ids(const MountStep& step, const MountOptions& options) {
    const bool own = !step.mount.uid_mappings.empty() || !step.mount.gid_mappings.empty();
    const IdMappings& uids = own ? step.mount.uid_mappings : config_.uid_mappings;
    const IdMappings& gids = own ? step.mount.gid_mappings : config_.gid_mappings;
    if (!own && (!user_namespace_ || uids.empty())) {
      throw Error("the option idmap needs uidMappings and gidMappings, or a user namespace",
                  EINVAL);
    }
    set_id_map(step.prepared, namespaces_.find_or_make(uids, gids),
               options.recursive_idmap ? Depth::recursive : Depth::single);
  }

  const std::string& bundle_;
  const oci::Linux& config_;
  bool user_namespace_;
  IdMapNamespaces namespaces_;
};

}  // namespace

void prepare_mounts(MountPlan& plan, const std::string& bundle, const oci::Linux& linux_config,
                    bool user_namespace) {
  Preparation preparation(bundle, linux_config, user_namespace);
  for (MountStep& step : plan.mounts) preparation.prepare(step);
}

}  // namespace gocker
