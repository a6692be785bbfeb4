#include "runtime/linux/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "oci-spec/capability_names.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using oci::kCapabilityNames;

// Linux 3.16 has all up to here; only for those above is the kernel asked.
constexpr size_t kLastOfOldKernels = CAP_AUDIT_READ;
static_assert(kCapabilityNames.size() == CAP_CHECKPOINT_RESTORE + 1);

constexpr uint64_t bit(size_t number) {
  return uint64_t{1} << number;
}

// 1, 0, or -1 where this kernel has no such capability.
int in_bounding_set(size_t number) {
  return ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
}

bool kernel_has(size_t number) {
  return number <= kLastOfOldKernels || in_bounding_set(number) >= 0;
}

uint64_t parse_name(const std::string& name) {
  for (size_t number = 0; number < kCapabilityNames.size(); ++number) {
    if (kCapabilityNames[number] != name) continue;
    if (!kernel_has(number)) throw Error("capability " + name + " is unknown to this kernel");
    return bit(number);
  }
  std::string reason = "unknown capability " + name;
  const auto likely = nearest(name, {kCapabilityNames.begin(), kCapabilityNames.end()});
  if (!likely.empty()) reason.append(" (is ").append(likely).append(" meant?)");
  throw Error(reason);
}

uint64_t parse_names(const std::vector<std::string>& names) {
  uint64_t mask = 0;
  for (const std::string& name : names) mask |= parse_name(name);
  return mask;
}

std::string names_of(uint64_t mask) {
  std::vector<std::string> names;
  for (size_t number = 0; number < kCapabilityNames.size(); ++number) {
    if ((mask & bit(number)) != 0) names.emplace_back(kCapabilityNames[number]);
  }
  return join(names, ", ");
}

// The kernel takes 64 bits as two halves.
using KernelSets = std::array<__user_cap_data_struct, 2>;

int capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const auto half = [](uint64_t mask, size_t i) { return static_cast<__u32>(mask >> (32 * i)); };
  KernelSets sets{};
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i] = {half(effective, i), half(permitted, i), half(inheritable, i)};
  }
  return static_cast<int>(::syscall(SYS_capset, &header, sets.data()));
}

uint64_t permitted_now() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  KernelSets sets{};
  check(::syscall(SYS_capget, &header, sets.data()), "capget");
  return sets[0].permitted | uint64_t{sets[1].permitted} << 32;
}

void warn_of(uint64_t mask, const char* set, const char* reason) {
  if (mask != 0) warn(std::string("/process/capabilities") + set, names_of(mask) + reason);
}

}  // namespace

CapabilitySets parse_capabilities(const oci::Capabilities& capabilities) {
  return {.bounding = parse_names(capabilities.bounding),
          .effective = parse_names(capabilities.effective),
          .inheritable = parse_names(capabilities.inheritable),
          .permitted = parse_names(capabilities.permitted),
          .ambient = parse_names(capabilities.ambient)};
}

void drop_bounding_set(const CapabilitySets& wanted) {
  // Dropping what is not there succeeds, so nothing is read first. The kernel may have more
  // capabilities than the table has names: those go, too.
  for (size_t number = 0; number < 64; ++number) {
    if ((wanted.bounding & bit(number)) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) return;  // beyond the kernel's last
    // Without CAP_SETPCAP it is denied even where there is nothing to drop.
    const int code = errno;
    if (in_bounding_set(number) <= 0) continue;
    throw_errno_value(code, "drop from the bounding set", names_of(bit(number)));
  }
}

void keep_capabilities_over_setuid() {
  check(::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities over a change of user");
}

void set_capabilities(const CapabilitySets& wanted, uint64_t extra_effective) {
  const uint64_t effective = wanted.effective | extra_effective;
  const uint64_t permitted = wanted.permitted | extra_effective;
  if (capset(effective, permitted, wanted.inheritable) == 0) return;
  if (errno != EPERM) throw_errno("capset");
  const uint64_t grantable = permitted_now();
  const uint64_t reduced = permitted & grantable;
  check(capset(effective & reduced, reduced, wanted.inheritable & grantable), "capset");
}

void set_ambient_capabilities(const CapabilitySets& wanted) {
  // The kernel keeps the ambient set inside the inheritable one, which capset(2) has set by now.
  if (wanted.inheritable == 0) return;
  check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear the ambient set");
  for (size_t number = 0; number < kCapabilityNames.size(); ++number) {
    if ((wanted.ambient & bit(number)) == 0) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) == 0) continue;
    // EPERM: not both permitted and inheritable.
    if (errno != EPERM) throw_errno("raise in the ambient set", kCapabilityNames[number]);
  }
}

void warn_of_ungrantable(const CapabilitySets& wanted) {
  const uint64_t own = permitted_now();
  const uint64_t all =
      wanted.bounding | wanted.effective | wanted.inheritable | wanted.permitted | wanted.ambient;
  warn_of(all & ~own, "", " can't be granted: the runtime doesn't have it itself");
  warn_of(wanted.effective & ~wanted.permitted, "/effective",
          " can't be effective: it is not permitted");
  warn_of(wanted.ambient & ~(wanted.permitted & wanted.inheritable), "/ambient",
          " can't be ambient: it is not both permitted and inheritable");
}

std::vector<std::string> known_capabilities() {
  std::vector<std::string> names;
  for (size_t number = 0; number < kCapabilityNames.size(); ++number) {
    if (kernel_has(number)) names.emplace_back(kCapabilityNames[number]);
  }
  return names;
}

}  // namespace gocker
