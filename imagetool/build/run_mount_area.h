// The mounts of a RUN, made for one command and taken away after it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "imagetool/build/run_mount.h"
#include "imagetool/build/run_step.h"
#include "imagetool/build/source_tree.h"
#include "imagetool/build/step_key.h"
#include "imagetool/build/step_layer.h"
#include "imagetool/store/transaction.h"
#include "runtime/base/fd.h"

namespace gocker {

// A mount with the files that it shows, if it is a bind mount.
struct PreparedMount {
  RunMount mount;
  const SourceTree* tree = nullptr;
  std::vector<std::string> chain_ids;  // that the tree is of; empty: it is the build context
};

// All that the result of the command depends on: where it is mounted, and the files of bind mounts.
// What caches and secrets hold does not count.
void add_to_key(const std::vector<PreparedMount>& mounts, StepKey& key);

class RunMountArea {
 public:
  // `keeper` and the step's layer outlive it.
  RunMountArea(const Transaction& keeper, const StepLayer& layer)
      : keeper_(keeper), layer_(layer) {}
  RunMountArea(const RunMountArea&) = delete;
  RunMountArea& operator=(const RunMountArea&) = delete;
  ~RunMountArea();

  // Waits for a locked cache. Throws where a secret is required that `secrets` does not have.
  void add(const std::vector<PreparedMount>& mounts,
           const std::map<std::string, std::string>& secrets, RunRequest& request);

 private:
  // Paths, for the runtime, of what is to be mounted: files and directories below the step's own
  // directory.
  std::string source_of_bind(const PreparedMount& prepared);
  std::string source_of_cache(const RunMount& mount);
  std::string source_of_secret(const RunMount& mount, const std::string& content);
  std::string copy_of(const PreparedMount& prepared, const std::string& path);

  // Puts a detached mount there, until the end of the area; its name.
  std::string attach(const Fd& mount);
  // The same for the mount that shows `source`; its path.
  std::string attach_clone(const Fd& source);

  std::string fresh_name() { return "mount-" + std::to_string(names_++); }
  std::string path_of(const std::string& name) const { return layer_.bundle_path() + "/" + name; }

  const Transaction& keeper_;
  const StepLayer& layer_;
  std::vector<std::string> attached_;
  std::vector<Fd> caches_;  // locked
  std::string secrets_;     // the name of a file system in memory; empty: none yet
  unsigned names_ = 0;
};

}  // namespace gocker
