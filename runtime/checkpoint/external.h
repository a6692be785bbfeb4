// What a container has of the outside: mounts and namespaces that CRIU must not save, and that are
// given to it anew when the container is restored.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/rooted_path.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/linux/host_mounts.h"
#include "runtime/linux/mounts.h"

namespace gocker {

// What CRIU calls the namespaces of others, in the images of runc too.
inline constexpr char kExternalNetwork[] = "extRootNetNS";
inline constexpr char kExternalPids[] = "extRootPidNS";

bool is_external(const MountStep& step);

// The mounts that a process sees.
class MountsOfProcess {
 public:
  explicit MountsOfProcess(pid_t pid);
  // What is mounted at `path`, if it is a mount point; nullptr otherwise.
  const MountInfo* find(const std::string& path) const;
  bool contains(uint64_t mount) const;
  const std::vector<MountInfo>& table() const { return table_; }

 private:
  RootDir root_;
  std::vector<MountInfo> table_;
};

// Of the running container whose first process is `pid`: where each one is, and its name in the
// images: the destination in config.json or, of a mount below a recursive bind, where it is.
std::vector<std::pair<std::string, std::string>> find_external_mounts(const oci::Spec& spec,
                                                                      const Cgroup& cgroup,
                                                                      pid_t pid);

// "net[4026531992]:extRootNetNS" for each namespace that was joined by its path. An Error where
// CRIU can't leave one of that type out.
std::vector<std::string> find_external_namespaces(const std::vector<oci::Namespace>& namespaces,
                                                  pid_t pid);

// CRIU's name of an open file that is on no mount of the container's.
std::string external_file_name(uint64_t mount, uint64_t inode);
bool is_external_file_name(const std::string& name);

// CLONE_NEWNET where the container has one of its own: hooks and engines set it up, so CRIU leaves
// its content alone.
uint32_t unsaved_namespaces(const std::vector<oci::Namespace>& namespaces);

}  // namespace gocker
