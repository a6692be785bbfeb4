#include "runtime/launch/annotations.h"

#include <array>
#include <string_view>

#include "runtime/base/log.h"

namespace gocker {
namespace {

constexpr char kSeccompReceiver[] = "run.oci.seccomp.receiver";
constexpr char kKeepGroups[] = "run.oci.keep_original_groups";

struct Ignored {
  const char* name;
  const char* reason;
};
constexpr std::array kIgnored{
    Ignored{"run.oci.handler", "not heeded: this runtime runs Linux processes only"},
    Ignored{"run.oci.mount_context_type", "not heeded: linux.mountLabel is given as `context`"},
    Ignored{"run.oci.seccomp.plugins", "not heeded: a static program loads no plugins"},
    Ignored{"run.oci.seccomp_bpf_data", "not heeded: use linux.seccomp"},
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

Groups wanted_groups(const oci::StringMap& annotations) {
  const auto keep = annotations.find(kKeepGroups);
  return keep == annotations.end() || keep->second == "0" ? Groups::as_asked : Groups::kept;
}

}  // namespace gocker
