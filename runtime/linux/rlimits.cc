#include "runtime/linux/rlimits.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

struct NamedResource {
  std::string_view name;
  __rlimit_resource number;
};

constexpr std::array<NamedResource, 16> kResources = {{
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
}};

__rlimit_resource resource_of(const std::string& type) {
  std::vector<std::string_view> names;
  for (const NamedResource& resource : kResources) {
    if (resource.name == type) return resource.number;
    names.push_back(resource.name);
  }
  std::string reason = "unknown rlimit " + type;
  const std::string_view likely = nearest(type, names);
  if (!likely.empty()) reason.append(" (is ").append(likely).append(" meant?)");
  throw Error(reason);
}

std::string text_of(uint64_t limit) {
  return limit == RLIM64_INFINITY ? "unlimited" : std::to_string(limit);
}

}  // namespace

void set_rlimits(pid_t pid, const std::vector<oci::Rlimit>& rlimits) {
  for (const oci::Rlimit& rlimit : rlimits) {
    const __rlimit_resource resource = resource_of(rlimit.type);
    const rlimit64 limits{rlimit.soft, rlimit.hard};
    if (::prlimit64(pid, resource, &limits, nullptr) == 0) continue;
    const Doing doing("set", rlimit.type);
    throw_errno("prlimit", "soft " + text_of(rlimit.soft) + ", hard " + text_of(rlimit.hard));
  }
}

void forbid_core_files(std::vector<oci::Rlimit>& rlimits) {
  constexpr const char* kType = "RLIMIT_CORE";
  rlimit64 before{};
  check(::getrlimit64(RLIMIT_CORE, &before), "getrlimit", kType);
  if (before.rlim_cur == 0) return;
  const rlimit64 none{0, before.rlim_max};
  check(::setrlimit64(RLIMIT_CORE, &none), "setrlimit", kType);
  const bool named = std::any_of(rlimits.begin(), rlimits.end(),
                                 [&](const oci::Rlimit& limit) { return limit.type == kType; });
  if (!named) rlimits.push_back({.type = kType, .soft = before.rlim_cur, .hard = before.rlim_max});
}

oci::Rlimit grantable_rlimit(const oci::Rlimit& wanted) {
  rlimit64 own{};
  check(::getrlimit64(resource_of(wanted.type), &own), "getrlimit", wanted.type);
  oci::Rlimit granted = wanted;
  granted.hard = std::min<uint64_t>(wanted.hard, own.rlim_max);
  granted.soft = std::min(wanted.soft, granted.hard);
  return granted;
}

}  // namespace gocker
