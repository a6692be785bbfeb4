#include "runtime/launch/host_rules.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/launch/become.h"
#include "runtime/linux/seccomp.h"
#include "runtime/linux/seccomp_names.h"

namespace gocker {
namespace {

void require_in(const std::vector<std::string>& available, const std::string& name) {
  if (std::find(available.begin(), available.end(), name) != available.end()) return;
  throw Error("/linux/seccomp: this kernel has no " + name);
}

bool is_below_a_mount(std::string_view path, const std::vector<oci::Mount>& mounts) {
  return std::any_of(mounts.begin(), mounts.end(), [&](const oci::Mount& mount) {
    const std::string_view point = mount.destination;
    return point == "/" ||
           (path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/'));
  });
}

bool is_program(const RootDir& rootfs, const std::string& path) {
  const Fd file = rootfs.try_open(path, O_PATH);
  return file && S_ISREG(stat_fd(file, path).st_mode);
}

}  // namespace

std::string find_rootfs(const oci::Spec& spec, const std::string& bundle) {
  const std::string& path = spec.root->path;
  const Doing doing("find the root filesystem", path);
  return path.starts_with('/') ? real_path(path) : real_path_in(bundle, path);
}

bool shares_mount_namespace(const oci::Linux& config) {
  return config.find_namespace(oci::NamespaceType::mount) == nullptr;
}

void check_mount_namespace(const oci::Linux& config) {
  if (!shares_mount_namespace(config)) return;
  if (config.find_namespace(oci::NamespaceType::user) != nullptr) {
    throw Error(
        "config.json: /linux/namespaces: no mount namespace: a user namespace has no right to "
        "mount "
        "in the host's; add {\"type\": \"mount\"}");
  }
  warn("/linux/namespaces",
       "no mount namespace: the container's mounts are made in the runtime's, and chroot is all "
       "that "
       "keeps it from the rest of the host's files");
}

void require_seccomp(const oci::Seccomp& seccomp) {
  compile_seccomp(seccomp);
  const oci::SeccompFeatures features = seccomp_features();
  require_in(features.actions, std::string(oci::name_of(seccomp.default_action)));
  for (const std::string& flag : seccomp.flags) require_in(features.supported_flags, flag);
  for (const oci::SeccompSyscall& rule : seccomp.syscalls) {
    require_in(features.actions, std::string(oci::name_of(rule.action)));
  }
}

void require_program(const oci::Process& process, const std::vector<oci::Mount>& mounts,
                     const RootDir& rootfs) {
  if (process.args.empty() || !rootfs) return;
  for (const std::string& candidate : program_candidates(process.args[0], process.env)) {
    const std::string path = candidate.starts_with('/') ? candidate : process.cwd + "/" + candidate;
    if (is_below_a_mount(path, mounts) || is_program(rootfs, path)) return;
  }
  throw Error(json_quote(process.args[0]) + " is not in the root filesystem");
}

}  // namespace gocker
