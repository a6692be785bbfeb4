// Which devices a container may use (config-linux.md, "Allowed Device list"). The rules hold in
// their order, the last that fits decides; what none fits is denied. The default devices come after
// the user's rules: null, zero, full, random, urandom, tty, ptmx, the pseudoterminals, net/tun, and
// making a node of any kind, which gives no access to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/cgroup/cgroup_paths.h"
#include "runtime/cgroup/group_directory.h"

namespace gocker {

// Bits of DeviceAccess::access, as in the kernel's BPF_DEVCG_ACC_*.
inline constexpr unsigned kDeviceMknod = 1;
inline constexpr unsigned kDeviceRead = 2;
inline constexpr unsigned kDeviceWrite = 4;
inline constexpr unsigned kDeviceAll = 7;

// A rule with its letters resolved.
struct DeviceAccess {
  char type = 'a';  // a, b or c
  std::optional<uint32_t> major;
  std::optional<uint32_t> minor;
  unsigned access = kDeviceAll;
  bool operator==(const DeviceAccess&) const = default;

  bool covers(const DeviceAccess& other) const;  // as to the device, not the access
  bool overlaps(const DeviceAccess& other) const;
  std::string text() const;  // "c 1:* rwm", as devices.allow takes it
};

struct DeviceDecision {
  bool allow = false;
  DeviceAccess what;
  std::string origin;  // the JSON path; empty for a default device
};
// The user's rules, then the default ones. An error for letters other than r, w and m.
std::vector<DeviceDecision> decide_devices(const std::vector<oci::DeviceRule>& rules);

// Whether all is allowed in the end, so that no controller is needed.
bool allows_everything(const std::vector<DeviceDecision>& decisions);

// What cgroup v1 can hold: exceptions to one default. Exceptions are of type b or c.
struct DeviceList {
  bool allow_by_default = false;
  std::vector<DeviceAccess> exceptions;
};
// An error where a rule takes back a part of what another one gave: v1 can't express that.
DeviceList device_list_of(const std::vector<DeviceDecision>& decisions);
// The content of devices.list. Exceptions to "all is allowed" can't be read from the kernel.
DeviceList parse_device_list(std::string_view content);

struct DeviceWrite {
  bool allow = false;  // to devices.allow, else to devices.deny
  std::string text;
  bool operator==(const DeviceWrite&) const = default;
};
// What to write to get from one list to the other; what both hold stays untouched meanwhile.
std::vector<DeviceWrite> device_list_changes(const DeviceList& from, const DeviceList& to);

// What a group has of rules before: nothing of its own, where it was made in this very run.
enum class Attached { nothing, perhaps };

// By the devices controller of v1, whose group it is.
void write_device_list(const GroupDirectory& group, const std::vector<DeviceDecision>& decisions,
                       Attached attached);

// By the devices controller of v1, else by a BPF program on the unified group (device_filter.h).
void apply_device_rules(const CgroupPaths& paths, const std::vector<oci::DeviceRule>& rules);

}  // namespace gocker
