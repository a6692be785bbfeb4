#include "runtime/cgroup/device_rules.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/controllers.h"
#include "runtime/cgroup/device_filter.h"

namespace gocker {
namespace {

constexpr const char* kAllow = "devices.allow";
constexpr const char* kDeny = "devices.deny";

const std::array kDefaultDevices{
    DeviceAccess{'c', std::nullopt, std::nullopt, kDeviceMknod},
    DeviceAccess{'b', std::nullopt, std::nullopt, kDeviceMknod},
    DeviceAccess{'c', 1, 3, kDeviceAll},               // null
    DeviceAccess{'c', 1, 5, kDeviceAll},               // zero
    DeviceAccess{'c', 1, 7, kDeviceAll},               // full
    DeviceAccess{'c', 1, 8, kDeviceAll},               // random
    DeviceAccess{'c', 1, 9, kDeviceAll},               // urandom
    DeviceAccess{'c', 5, 0, kDeviceAll},               // tty
    DeviceAccess{'c', 5, 2, kDeviceAll},               // ptmx
    DeviceAccess{'c', 136, std::nullopt, kDeviceAll},  // pts/*, and with it console
    DeviceAccess{'c', 10, 200, kDeviceAll},            // net/tun
};

unsigned access_bits(const std::string& letters, const std::string& origin) {
  if (letters.empty()) return kDeviceAll;
  unsigned bits = 0;
  for (const char letter : letters) {
    switch (letter) {
      case 'r':
        bits |= kDeviceRead;
        break;
      case 'w':
        bits |= kDeviceWrite;
        break;
      case 'm':
        bits |= kDeviceMknod;
        break;
      default:
        throw Error(origin + "/access: " + json_quote(letters) + ": letters are r, w and m");
    }
  }
  return bits;
}

bool is_everything(const DeviceAccess& what) {
  return what.type == 'a' && !what.major && !what.minor && what.access == kDeviceAll;
}

bool is_same_device(const DeviceAccess& a, const DeviceAccess& b) {
  return a.type == b.type && a.major == b.major && a.minor == b.minor;
}

bool number_covers(const std::optional<uint32_t>& wide, const std::optional<uint32_t>& narrow) {
  return !wide || wide == narrow;
}

bool number_overlaps(const std::optional<uint32_t>& a, const std::optional<uint32_t>& b) {
  return !a || !b || a == b;
}

// The kernel grants reading and writing at once only by one exception that has both, so bits that
// a wider exception has are added to the narrower one.
void add_exception(std::vector<DeviceAccess>& exceptions, DeviceAccess added) {
  constexpr unsigned kOpen = kDeviceRead | kDeviceWrite;
  for (DeviceAccess& other : exceptions) {
    if (is_same_device(other, added)) continue;
    if (other.covers(added) && (added.access & kOpen) != 0) added.access |= other.access & kOpen;
    if (added.covers(other) && (other.access & kOpen) != 0) other.access |= added.access & kOpen;
  }
  const auto same = std::find_if(exceptions.begin(), exceptions.end(),
                                 [&](const auto& other) { return is_same_device(other, added); });
  if (same == exceptions.end()) {
    exceptions.push_back(added);
  } else {
    same->access |= added.access;
  }
}

void take_back(std::vector<DeviceAccess>& exceptions, const DeviceAccess& what,
               const DeviceDecision& decision) {
  for (DeviceAccess& exception : exceptions) {
    if (!what.overlaps(exception) || (exception.access & what.access) == 0) continue;
    if (!what.covers(exception)) {
      throw Error((decision.origin.empty() ? "/linux/resources/devices" : decision.origin) + ": " +
                  (decision.allow ? "allows " : "denies ") + what.text() + ", a part of " +
                  exception.text() + " before it: cgroup v1 can't express that");
    }
    exception.access &= ~what.access;
  }
  std::erase_if(exceptions, [](const DeviceAccess& left) { return left.access == 0; });
}

std::vector<DeviceAccess> by_type(const DeviceAccess& what) {
  if (what.type != 'a') return {what};
  std::vector<DeviceAccess> both{what, what};
  both[0].type = 'b';
  both[1].type = 'c';
  return both;
}

const DeviceAccess* find_device(const DeviceList& list, const DeviceAccess& what) {
  const auto found = std::find_if(list.exceptions.begin(), list.exceptions.end(),
                                  [&](const auto& other) { return is_same_device(other, what); });
  return found == list.exceptions.end() ? nullptr : &*found;
}

std::optional<uint32_t> parse_number(std::string_view text) {
  return text == "*" ? std::nullopt : parse_u32(text);
}

// Where a rule of the list came from, for the error; empty for what only default devices ask for.
std::string origin_of(const std::vector<DeviceDecision>& decisions, const DeviceWrite& change) {
  for (const DeviceDecision& decision : decisions) {
    if (decision.origin.empty() || decision.allow != change.allow) continue;
    if (change.text == "a" && is_everything(decision.what)) return decision.origin;
    for (const DeviceAccess& what : by_type(decision.what)) {
      const std::string text = what.text();
      if (change.text.starts_with(text.substr(0, text.rfind(' ') + 1))) return decision.origin;
    }
  }
  return {};
}

void write_device_line(const GroupDirectory& group, const Fd& file, const DeviceWrite& change,
                       const std::vector<DeviceDecision>& decisions) {
  const auto length = static_cast<ssize_t>(change.text.size());
  if (::write(file.get(), change.text.data(), change.text.size()) == length) return;
  const int code = errno;
  const std::string origin = origin_of(decisions, change);
  // A group inside another container's may have fewer devices than the default ones.
  if (change.allow && code == EPERM && origin.empty()) return;
  const char* hint = code == EPERM    ? ": the group above does not have it"
                     : code == EINVAL ? ": not while there are groups below this one"
                                      : "";
  throw_write_failure(code, group, change.allow ? kAllow : kDeny, change.text,
                      (origin.empty() ? "/linux/resources/devices" : origin) + ": ", hint);
}

}  // namespace

bool DeviceAccess::covers(const DeviceAccess& other) const {
  return (type == 'a' || type == other.type) && number_covers(major, other.major) &&
         number_covers(minor, other.minor);
}

bool DeviceAccess::overlaps(const DeviceAccess& other) const {
  return (type == 'a' || other.type == 'a' || type == other.type) &&
         number_overlaps(major, other.major) && number_overlaps(minor, other.minor);
}

std::string DeviceAccess::text() const {
  const auto number = [](const std::optional<uint32_t>& value) {
    return value ? std::to_string(*value) : std::string("*");
  };
  std::string line = std::string(1, type) + " " + number(major) + ":" + number(minor) + " ";
  if ((access & kDeviceRead) != 0) line += 'r';
  if ((access & kDeviceWrite) != 0) line += 'w';
  if ((access & kDeviceMknod) != 0) line += 'm';
  return line;
}

std::vector<DeviceDecision> decide_devices(const std::vector<oci::DeviceRule>& rules) {
  std::vector<DeviceDecision> decisions;
  for (size_t i = 0; i < rules.size(); ++i) {
    const oci::DeviceRule& rule = rules[i];
    std::string origin = "/linux/resources/devices/" + std::to_string(i);
    const unsigned access = access_bits(rule.access, origin);
    decisions.push_back(
        {rule.allow, {rule.type, rule.major, rule.minor, access}, std::move(origin)});
  }
  for (const DeviceAccess& device : kDefaultDevices) decisions.push_back({true, device, {}});
  return decisions;
}

bool allows_everything(const std::vector<DeviceDecision>& decisions) {
  const auto reset =
      std::find_if(decisions.rbegin(), decisions.rend(),
                   [](const DeviceDecision& decision) { return is_everything(decision.what); });
  if (reset == decisions.rend() || !reset->allow) return false;
  return std::all_of(decisions.rbegin(), reset,
                     [](const DeviceDecision& decision) { return decision.allow; });
}

DeviceList device_list_of(const std::vector<DeviceDecision>& decisions) {
  DeviceList list;
  for (const DeviceDecision& decision : decisions) {
    if (is_everything(decision.what)) {
      list = {.allow_by_default = decision.allow, .exceptions = {}};
      continue;
    }
    for (const DeviceAccess& what : by_type(decision.what)) {
      if (decision.allow != list.allow_by_default) {
        add_exception(list.exceptions, what);
      } else {
        take_back(list.exceptions, what, decision);
      }
    }
  }
  return list;
}

DeviceList parse_device_list(std::string_view content) {
  DeviceList list;
  for (const std::string_view line : split(trim(content), '\n')) {
    const std::vector<std::string_view> fields = split(line, ' ');
    if (fields.size() != 3 || fields[0].size() != 1) continue;
    const size_t colon = fields[1].find(':');
    if (colon == std::string_view::npos) continue;
    const DeviceAccess device{fields[0][0], parse_number(fields[1].substr(0, colon)),
                              parse_number(fields[1].substr(colon + 1)),
                              access_bits(std::string(fields[2]), "devices.list")};
    if (is_everything(device)) return {.allow_by_default = true, .exceptions = {}};
    list.exceptions.push_back(device);
  }
  return list;
}

std::vector<DeviceWrite> device_list_changes(const DeviceList& from, const DeviceList& to) {
  std::vector<DeviceWrite> changes;
  const bool reset = from.allow_by_default || to.allow_by_default;
  if (reset) {
    changes.push_back({to.allow_by_default, "a"});
  } else {
    for (DeviceAccess exception : from.exceptions) {
      const DeviceAccess* kept = find_device(to, exception);
      if (kept != nullptr) exception.access &= ~kept->access;
      if (exception.access != 0) changes.push_back({to.allow_by_default, exception.text()});
    }
  }
  for (DeviceAccess exception : to.exceptions) {
    const DeviceAccess* known = reset ? nullptr : find_device(from, exception);
    if (known != nullptr) exception.access &= ~known->access;
    if (exception.access != 0) changes.push_back({!to.allow_by_default, exception.text()});
  }
  return changes;
}

void write_device_list(const GroupDirectory& group, const std::vector<DeviceDecision>& decisions,
                       Attached attached) {
  DeviceList before{.allow_by_default = true, .exceptions = {}};
  if (attached == Attached::perhaps) before = parse_device_list(group.read_record("devices.list"));
  const std::vector<DeviceWrite> changes = device_list_changes(before, device_list_of(decisions));
  if (changes.empty()) return;
  const Fd allow = group.open_file(kAllow, O_WRONLY);
  const Fd deny = group.open_file(kDeny, O_WRONLY);
  for (const DeviceWrite& change : changes) {
    write_device_line(group, change.allow ? allow : deny, change, decisions);
  }
}

void apply_device_rules(const CgroupPaths& paths, const std::vector<oci::DeviceRule>& rules) {
  const std::vector<DeviceDecision> decisions = decide_devices(rules);
  if (const auto group = open_v1_group(paths, "devices")) {
    return write_device_list(*group, decisions, Attached::perhaps);
  }
  if (const CgroupPaths::Hierarchy* unified = paths.find("")) {
    return attach_device_filter(GroupDirectory::open(unified->directory), decisions,
                                Attached::perhaps);
  }
  if (allows_everything(decisions)) return;
  throw Error("/linux/resources/devices: no devices controller on this host");
}

}  // namespace gocker
