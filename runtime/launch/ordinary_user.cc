#include "runtime/launch/ordinary_user.h"

#include <cerrno>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"
#include "runtime/linux/id_map.h"
#include "runtime/linux/mount_options.h"
#include "runtime/linux/rlimits.h"
#include "runtime/linux/scheduling.h"

namespace gocker {
namespace {

using oci::NamespaceType;

void require_user_namespace(const oci::Linux& config) {
  if (config.find_namespace(NamespaceType::user) != nullptr) return;
  throw Error(
      "config.json: /linux/namespaces: only root can make a container without a user namespace: "
      "add {\"type\": \"user\"} and mappings, as `gocker-runtime spec --rootless` writes them",
      EPERM);
}

void refuse_id_maps(const oci::Mount& mount) {
  const bool wanted = parse_mount_options(mount.options).idmap || !mount.uid_mappings.empty() ||
                      !mount.gid_mappings.empty();
  if (!wanted) return;
  const Doing doing("mount", mount.destination);
  throw Error("only root can mount with mapped ids: leave out idmap, uidMappings and gidMappings",
              EPERM);
}

// devpts refuses to be mounted for a group that the user namespace does not have.
void drop_unmapped_group(oci::Mount& mount, const oci::Linux& config) {
  constexpr std::string_view kGroup = "gid=";
  if (mount.type != "devpts" || config.gid_mappings.empty()) return;
  std::erase_if(mount.options, [&](const std::string& option) {
    if (!option.starts_with(kGroup)) return false;
    const auto gid = parse_u32(option.substr(kGroup.size()));
    if (!gid || host_id(config.gid_mappings, *gid)) return false;
    warn("/mounts", mount.destination + ": " + option + " left out: that group is not mapped");
    return true;
  });
}

}  // namespace

void fit_to_ordinary_user(oci::Process& process) {
  for (oci::Rlimit& rlimit : process.rlimits) {
    const oci::Rlimit granted = grantable_rlimit(rlimit);
    if (granted.soft == rlimit.soft && granted.hard == rlimit.hard) continue;
    warn("/process/rlimits", rlimit.type + " is " + std::to_string(granted.hard) +
                                 ": only root can go beyond the runtime's own limit");
    rlimit = granted;
  }
}

void set_oom_score_adj_if_allowed(pid_t pid, int32_t value) try {
  set_oom_score_adj(pid, value);
} catch (const Error& refused) {
  if (refused.code() != EACCES || is_host_root()) throw;
  warn("/process/oomScoreAdj", "not set: only root can go below the runtime's own value");
}

void fit_to_ordinary_user(oci::Spec& spec) {
  require_user_namespace(spec.linux_);
  for (oci::Mount& mount : spec.mounts) {
    refuse_id_maps(mount);
    drop_unmapped_group(mount, spec.linux_);
  }
  if (spec.process) fit_to_ordinary_user(*spec.process);
}

}  // namespace gocker
