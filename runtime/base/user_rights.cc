#include "runtime/base/user_rights.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// A setting that keeps ordinary users from making user namespaces, where it has that value. Not
// every kernel has each.
struct Obstacle {
  const char* file;
  std::string_view value;
  std::string_view hint;
};

constexpr std::array<Obstacle, 3> kObstacles{{
    {"/proc/sys/user/max_user_namespaces", "0",
     " (user.max_user_namespaces is 0: set it to 15000 with sysctl)"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "0",
     " (kernel.unprivileged_userns_clone is 0: set it to 1 with sysctl)"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
     " (kernel.apparmor_restrict_unprivileged_userns is 1: set it to 0 with sysctl, or give this "
     "program an AppArmor profile with the rule userns)"},
}};

// The initial user namespace maps every id to itself.
bool is_in_initial_user_namespace() {
  const std::string map = read_file("/proc/self/uid_map");
  std::string_view rest = trim(map);
  for (const uint64_t wanted : {uint64_t{0}, uint64_t{0}, uint64_t{4294967295}}) {
    const size_t end = rest.find(' ');
    if (parse_u64(rest.substr(0, end)) != wanted) return false;
    rest = end == std::string_view::npos ? std::string_view() : trim(rest.substr(end));
  }
  return rest.empty();
}

}  // namespace

bool is_superuser() {
  static const bool superuser = ::geteuid() == 0;
  return superuser;
}

bool is_host_root() {
  static const bool host_root = is_superuser() && is_in_initial_user_namespace();
  return host_root;
}

std::string user_namespace_hint() {
  for (const Obstacle& obstacle : kObstacles) {
    const Fd setting = open_if_exists(obstacle.file, O_RDONLY);
    if (setting && trim(read_all(setting, obstacle.file)) == obstacle.value) {
      return std::string(obstacle.hint);
    }
  }
  return {};
}

}  // namespace gocker
