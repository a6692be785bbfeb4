#include "imagetool/build/run_mount_area.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imagetool/build/copy_files.h"
#include "imagetool/bundle/mount_point.h"
#include "imagetool/store/cache_directory.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr mode_t kSecretMode = 0400;

CacheSharing sharing_of(RunMount::Sharing sharing) {
  if (sharing == RunMount::Sharing::locked) return CacheSharing::locked;
  return sharing == RunMount::Sharing::exclusive ? CacheSharing::exclusive : CacheSharing::shared;
}

// The one file or directory that the mount shows.
std::string path_in_tree(const PreparedMount& prepared) {
  const std::vector<std::string> found = prepared.tree->find(prepared.mount.source);
  if (found.size() != 1) throw Error("'" + prepared.mount.source + "' names several files");
  return found.front();
}

Fd mount_memory() {
  const Fd configuration(check(::fsopen("tmpfs", FSOPEN_CLOEXEC), "fsopen"));
  check(::fsconfig(configuration.get(), FSCONFIG_SET_STRING, "mode", "0700", 0), "fsconfig");
  check(::fsconfig(configuration.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "mount tmpfs");
  constexpr unsigned kAttributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  return Fd(check(::fsmount(configuration.get(), FSMOUNT_CLOEXEC, kAttributes), "fsmount"));
}

TmpfsMount tmpfs_of(const RunMount& mount) {
  TmpfsMount tmpfs{mount.target, {}};
  if (!mount.size.empty()) tmpfs.options.push_back("size=" + mount.size);
  return tmpfs;
}

}  // namespace

void add_to_key(const std::vector<PreparedMount>& mounts, StepKey& key) {
  for (const auto& [mount, tree, chain_ids] : mounts) {
    key.add("mount").add(std::to_string(static_cast<int>(mount.kind)));
    key.add(mount.target).add(mount.id).add(mount.readonly ? "ro" : "rw");
    if (mount.kind != RunMount::Kind::bind) continue;
    key.add(mount.source).add(chain_ids.empty() ? std::string() : chain_ids.back());
    if (!chain_ids.empty()) continue;
    const CopyRequest request{tree->find(mount.source), mount.target, Owner(), {}};
    key.add(digest_of_sources(*tree, request));
  }
}

RunMountArea::~RunMountArea() {
  for (auto name = attached_.rbegin(); name != attached_.rend(); ++name) {
    let_go_of_mount(layer_.bundle(), *name);
  }
}

void RunMountArea::add(const std::vector<PreparedMount>& mounts,
                       const std::map<std::string, std::string>& secrets, RunRequest& request) {
  for (const PreparedMount& prepared : mounts) {
    const RunMount& mount = prepared.mount;
    const Doing doing("mount", mount.target);
    if (mount.kind == RunMount::Kind::tmpfs) {
      request.tmpfs.push_back(tmpfs_of(mount));
      continue;
    }
    std::string source;
    if (mount.kind == RunMount::Kind::bind) source = source_of_bind(prepared);
    if (mount.kind == RunMount::Kind::cache) source = source_of_cache(mount);
    if (mount.kind == RunMount::Kind::secret) {
      const auto secret = secrets.find(mount.id);
      if (secret == secrets.end() && mount.is_required) {
        throw Error("there is no secret '" + mount.id + "': --secret id=" + mount.id +
                    ",src=FILE gives it");
      }
      if (secret == secrets.end()) continue;
      source = source_of_secret(mount, secret->second);
    }
    request.mounts.push_back({source, mount.target, mount.readonly});
  }
}

std::string RunMountArea::source_of_bind(const PreparedMount& prepared) {
  const std::string path = path_in_tree(prepared);
  if (!prepared.mount.readonly || prepared.tree->leaves_out()) return copy_of(prepared, path);
  if (prepared.chain_ids.size() < 2) return attach_clone(prepared.tree->root().open(path, O_PATH));
  // The tree is a detached mount, of which older kernels make no clones.
  const std::string joined = attach(open_joined(keeper_, prepared.chain_ids).fd());
  return attach_clone(RootDir(open_file_at(layer_.bundle(), joined, O_PATH)).open(path, O_PATH));
}

std::string RunMountArea::source_of_cache(const RunMount& mount) {
  caches_.push_back(open_cache_directory(keeper_.store(), mount.id, sharing_of(mount.sharing),
                                         {mount.mode.value_or(0755), mount.uid, mount.gid}));
  return attach_clone(caches_.back());
}

std::string RunMountArea::copy_of(const PreparedMount& prepared, const std::string& path) {
  const std::string name = fresh_name();
  const RootDir bundle(layer_.bundle().duplicate());
  const bool keeps_owner = !prepared.chain_ids.empty();
  const CopyRequest request{
      {path}, "/" + name, keeps_owner ? std::nullopt : std::optional(Owner()), {}};
  std::vector<std::string> notes;  // of sockets, which nobody could use in there
  copy_files(*prepared.tree, request, bundle, notes);
  return path_of(name);
}

// In memory: the disk never has it.
std::string RunMountArea::source_of_secret(const RunMount& mount, const std::string& content) {
  if (secrets_.empty()) secrets_ = attach(mount_memory());
  const Fd directory = open_file_at(layer_.bundle(), secrets_, O_RDONLY | O_DIRECTORY);
  const std::string name = fresh_name();
  const Fd file = open_file_at(directory, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  write_all(file, content, mount.id);
  check(::fchown(file.get(), mount.uid, mount.gid), "chown", mount.id);
  check(::fchmod(file.get(), mount.mode.value_or(kSecretMode)), "chmod", mount.id);
  return path_of(secrets_) + "/" + name;
}

std::string RunMountArea::attach(const Fd& mount) {
  std::string name = fresh_name();
  const Fd& bundle = layer_.bundle();
  if (S_ISDIR(stat_fd(mount, name).st_mode)) {
    check(::mkdirat(bundle.get(), name.c_str(), S_IRWXU), "mkdir", name);
  } else {
    open_file_at(bundle, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
  }
  attach_mount(mount, bundle, name);
  attached_.push_back(name);
  return name;
}

std::string RunMountArea::attach_clone(const Fd& source) {
  constexpr unsigned kFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
  return path_of(attach(Fd(check(::open_tree(source.get(), "", kFlags), "open_tree"))));
}

}  // namespace gocker
