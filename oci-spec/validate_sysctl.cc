// Which kernel parameters a container may set: only those that one of its namespaces keeps apart
// from the host's (CVE-2022-0811 set kernel.core_pattern).
#include <algorithm>
#include <array>
#include <optional>

#include "oci-spec/validate.h"
#include "oci-spec/validate_parts.h"

namespace oci {
namespace {

constexpr std::array<std::string_view, 8> kIpcParameters = {
    "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
    "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced"};

// A file below /proc/sys and not a way out of it.
bool is_well_formed(std::string_view path) {
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view step = path.substr(start, end - start);
    if (step.empty() || step == "." || step == "..") return false;
    start = end + 1;
  }
  return true;
}

std::optional<NamespaceType> namespace_of(std::string_view path) {
  if (std::ranges::find(kIpcParameters, path) != kIpcParameters.end()) return NamespaceType::ipc;
  if (path.starts_with("fs/mqueue/")) return NamespaceType::ipc;
  if (path.starts_with("net/")) return NamespaceType::network;
  if (path == "kernel/hostname" || path == "kernel/domainname") return NamespaceType::uts;
  if (path.starts_with("user/")) return NamespaceType::user;
  return std::nullopt;
}

void check_parameter(const Spec& spec, std::string_view name, const JsonPlace& at) {
  const std::string path = sysctl_path(name);
  if (!is_well_formed(path)) at.refuse(quote(name) + " is no name of a kernel parameter");
  const std::optional<NamespaceType> type = namespace_of(path);
  if (!type) at.refuse("is not kept apart by any namespace, so the host's would change");
  if (spec.linux_.find_namespace(*type) == nullptr) {
    at.refuse("needs an entry of type " + std::string(name_of(*type)) +
              " in /linux/namespaces, or the host's would change");
  }
  if (path == "kernel/hostname" && !spec.hostname.empty()) at.refuse("conflicts with /hostname");
  if (path == "kernel/domainname" && !spec.domainname.empty()) {
    at.refuse("conflicts with /domainname");
  }
}

}  // namespace

std::string sysctl_path(std::string_view name) {
  std::string path(name);
  const size_t separator = name.find_first_of("./");
  if (separator == std::string_view::npos || name[separator] == '/') return path;
  for (char& c : path) {
    if (c == '.') {
      c = '/';
    } else if (c == '/') {
      c = '.';
    }
  }
  return path;
}

void check_sysctl(const Spec& spec, const JsonPlace& at) {
  for (const auto& [name, value] : spec.linux_.sysctl) {
    const JsonPlace here(at, name);
    here.attempt([&, &parameter = name] { check_parameter(spec, parameter, here); });
  }
}

}  // namespace oci
