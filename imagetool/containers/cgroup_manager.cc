#include "imagetool/containers/cgroup_manager.h"

#include <unistd.h>

#include <cstdlib>

#include "runtime/base/companion.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/user_rights.h"

namespace gocker {
namespace {

constexpr const char* kOnlyOnUnifiedHosts = "/sys/fs/cgroup/cgroup.controllers";

bool users_systemd_listens() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  if (folder == nullptr) return false;
  return ::access((std::string(folder) + "/systemd/private").c_str(), W_OK) == 0;
}

// Without systemd's library it was not built.
bool has_helper(const std::string& runtime) {
  if (::access(runtime.c_str(), X_OK) != 0) return false;
  return find_companion(std::string(split_path(real_path(runtime)).parent), "gocker-systemd")
      .has_value();
}

}  // namespace

std::vector<std::string> cgroup_manager_options(const Places& places) {
  const bool is_possible = !is_host_root() && users_systemd_listens() &&
                           ::access(kOnlyOnUnifiedHosts, F_OK) == 0 && has_helper(places.runtime);
  return is_possible ? std::vector<std::string>{"--systemd-cgroup"} : std::vector<std::string>{};
}

}  // namespace gocker
