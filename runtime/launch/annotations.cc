#include "runtime/launch/annotations.h"

#include <array>
#include <climits>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr char kSeccompReceiver[] = "run.oci.seccomp.receiver";
constexpr char kSubgroup[] = "run.oci.systemd.subgroup";
constexpr char kKeepGroups[] = "run.oci.keep_original_groups";

struct Ignored {
  const char* name;
  const char* reason;
};
constexpr std::array kIgnored{
    Ignored{"run.oci.delegate-cgroup",
            "not heeded: with a cgroup namespace and a writable mount of it the container has its "
            "group to itself"},
    Ignored{"run.oci.handler", "not heeded: this runtime runs Linux processes only"},
    Ignored{"run.oci.mount_context_type", "not heeded: linux.mountLabel is given as `context`"},
    Ignored{"run.oci.seccomp.plugins", "not heeded: a static program loads no plugins"},
    Ignored{"run.oci.seccomp_bpf_data", "not heeded: use linux.seccomp"},
    Ignored{"run.oci.systemd.force_cgroup_v1",
            "not heeded: groups are mounted as the host has them"},
    Ignored{"run.oci.timens_offset", "not heeded: use linux.timeOffsets"},
};

}  // namespace

bool apply_annotations(oci::Spec& spec) {
  const auto receiver = spec.annotations.find(kSeccompReceiver);
  std::optional<oci::Seccomp>& seccomp = spec.linux_.seccomp;
  if (receiver == spec.annotations.end() || !seccomp || !seccomp->listener_path.empty()) {
    return false;
  }
  seccomp->listener_path = receiver->second;
  return true;
}

void warn_of_ignored_annotations(const oci::StringMap& annotations) {
  for (const Ignored& ignored : kIgnored) {
    if (annotations.contains(ignored.name)) {
      warn(std::string("/annotations/") + ignored.name, ignored.reason);
    }
  }
}

std::string wanted_subgroup(const oci::StringMap& annotations) {
  const auto found = annotations.find(kSubgroup);
  if (found == annotations.end()) return {};
  const std::string& name = found->second;
  // "cgroup." begins the names of the kernel's own files.
  const bool is_taken = name.starts_with("cgroup.") || name == "." || name == "..";
  if (is_taken || name.size() > NAME_MAX || name.find('/') != std::string::npos) {
    throw Error(std::string("/annotations/") + kSubgroup + ": " + json_quote(name) +
                ": must be the name of one group");
  }
  return name;
}

Groups wanted_groups(const oci::StringMap& annotations) {
  const auto keep = annotations.find(kKeepGroups);
  return keep == annotations.end() || keep->second == "0" ? Groups::as_asked : Groups::kept;
}

}  // namespace gocker
