#include "runtime/linux/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/error.h"

namespace gocker {
namespace {

// The recursive twin of an attribute option has an "r" before its name.
struct AttributeOption {
  std::string_view name;
  uint64_t set;
  uint64_t clear;
};

constexpr uint64_t kAccessTimes = MOUNT_ATTR__ATIME;

// mount_setattr(2) takes an access time mode only together with the clearing of the old one, and
// relatime is the mode without a bit.
constexpr std::array<AttributeOption, 18> kAttributeOptions{{
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    {"relatime", MOUNT_ATTR_RELATIME, kAccessTimes},
    {"noatime", MOUNT_ATTR_NOATIME, kAccessTimes},
    {"strictatime", MOUNT_ATTR_STRICTATIME, kAccessTimes},
    // The opposite of one mode leaves another one, chosen earlier in the list, alone.
    {"atime", 0, MOUNT_ATTR_NOATIME},
    {"nostrictatime", 0, MOUNT_ATTR_STRICTATIME},
    {"norelatime", 0, 0},  // the kernel's default is relatime all the same
}};

struct PropagationOption {
  std::string_view name;
  uint64_t propagation;
};

constexpr std::array<PropagationOption, 4> kPropagationOptions{{
    {"shared", MS_SHARED},
    {"slave", MS_SLAVE},
    {"private", MS_PRIVATE},
    {"unbindable", MS_UNBINDABLE},
}};

// Flags of the superblock that the kernel's mount API takes as parameters without a value. Two of
// a pair are contrary to each other.
struct SuperblockOption {
  std::string_view name;
  std::string_view contrary;
};

constexpr std::array<SuperblockOption, 7> kSuperblockOptions{{
    {"sync", "async"},
    {"async", "sync"},
    {"dirsync", ""},
    {"lazytime", "nolazytime"},
    {"nolazytime", "lazytime"},
    {"mand", "nomand"},
    {"nomand", "mand"},
}};

// No effect on a mount: what the kernel does anyway (defaults; filesystems that count changes do so
// always since Linux 6.1), how much it prints (silent, loud), and words that fstab has for mount(8)
// itself.
constexpr std::array<std::string_view, 10> kWithoutEffect{
    "defaults", "iversion", "noiversion", "silent", "loud",
    "auto",     "noauto",   "nofail",     "nouser", "_netdev"};

struct Switch {
  std::string_view name;
  bool MountOptions::*member;
};

constexpr std::array<Switch, 8> kSwitches{{
    {"bind", &MountOptions::bind},
    {"remount", &MountOptions::remount},
    {"tmpcopyup", &MountOptions::tmpcopyup},
    // Not of the specification, but of engines: podman's no-dereference and container-created
    // links.
    {"copy-symlink", &MountOptions::copy_symlink},
    {"src-nofollow", &MountOptions::source_nofollow},
    {"dest-nofollow", &MountOptions::destination_nofollow},
    {"idmap", &MountOptions::idmap},
    {"ridmap", &MountOptions::idmap},
}};

struct AttributeChange {
  uint64_t& set;
  uint64_t& clear;
};

// The later of two contrary options wins.
void change_attributes(AttributeChange change, const AttributeOption& option) {
  const bool opposite_of_mode = option.set == 0 && (option.clear & kAccessTimes) != 0 &&
                                (option.clear & kAccessTimes) != kAccessTimes;
  if (opposite_of_mode) {
    if ((change.set & kAccessTimes & ~option.clear) != 0) return;
    change.set &= ~option.clear;
    change.clear |= kAccessTimes;
    return;
  }
  change.set = (change.set & ~option.clear) | option.set;
  change.clear |= option.clear;
  // A mode's bit stands in both words: that is how the kernel wants it.
  change.clear &= ~(option.set & ~kAccessTimes);
}

// What a recursive option says holds for the top of the tree, too: an earlier contrary option for
// the top alone is undone.
void forget_contrary(MountOptions& options, const AttributeOption& option) {
  const uint64_t touched = option.set | option.clear;
  options.set_attributes &= ~touched;
  options.clear_attributes &= ~touched;
  if ((touched & kAccessTimes) != 0) options.clear_attributes &= ~kAccessTimes;
}

const AttributeOption* find_attribute(std::string_view name) {
  const auto* found =
      std::find_if(kAttributeOptions.begin(), kAttributeOptions.end(),
                   [&](const AttributeOption& option) { return option.name == name; });
  return found == kAttributeOptions.end() ? nullptr : found;
}

bool apply_attribute(MountOptions& options, std::string_view name) {
  if (const AttributeOption* option = find_attribute(name)) {
    change_attributes({options.set_attributes, options.clear_attributes}, *option);
    return true;
  }
  if (!name.starts_with('r')) return false;
  const AttributeOption* option = find_attribute(name.substr(1));
  if (option == nullptr) return false;
  forget_contrary(options, *option);
  change_attributes({options.set_recursively, options.clear_recursively}, *option);
  return true;
}

bool apply_propagation(MountOptions& options, std::string_view name) {
  for (const PropagationOption& option : kPropagationOptions) {
    const bool recursive = name.starts_with('r') && name.substr(1) == option.name;
    if (!recursive && name != option.name) continue;
    options.propagation = option.propagation;
    options.recursive_propagation = recursive;
    return true;
  }
  return false;
}

bool apply_switch(MountOptions& options, std::string_view name) {
  if (name == "rbind") {
    options.bind = true;
    options.recursive = true;
    return true;
  }
  for (const Switch& option : kSwitches) {
    if (option.name != name) continue;
    options.*option.member = true;
    if (name == "ridmap") options.recursive_idmap = true;
    return true;
  }
  return false;
}

void apply_parameter(MountOptions& options, std::string_view text) {
  for (const SuperblockOption& option : kSuperblockOptions) {
    if (option.name != text) continue;
    std::erase_if(options.parameters, [&](const auto& parameter) {
      return parameter.first == option.name || parameter.first == option.contrary;
    });
  }
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    options.parameters.emplace_back(text, "");
  } else {
    options.parameters.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
}

bool has_no_effect(std::string_view name) {
  if (name.empty() || name.starts_with("x-") || name.starts_with("X-")) return true;
  return std::find(kWithoutEffect.begin(), kWithoutEffect.end(), name) != kWithoutEffect.end();
}

}  // namespace

MountOptions parse_mount_options(const std::vector<std::string>& options) {
  MountOptions parsed;
  for (const std::string& option : options) {
    if (has_no_effect(option)) continue;
    if (apply_switch(parsed, option)) continue;
    if (apply_attribute(parsed, option)) continue;
    if (apply_propagation(parsed, option)) continue;
    apply_parameter(parsed, option);
  }
  return parsed;
}

uint64_t parse_rootfs_propagation(std::string_view text) {
  if (text.empty()) return MS_SLAVE | MS_REC;
  MountOptions parsed;
  if (!apply_propagation(parsed, text)) {
    throw Error("/linux/rootfsPropagation: unknown value " + std::string(text), EINVAL);
  }
  return parsed.propagation | (parsed.recursive_propagation ? uint64_t{MS_REC} : 0);
}

std::vector<std::string> known_mount_options() {
  std::vector<std::string> names{"rbind"};
  for (const Switch& option : kSwitches) names.emplace_back(option.name);
  for (const AttributeOption& option : kAttributeOptions) {
    names.emplace_back(option.name);
    names.push_back("r" + std::string(option.name));
  }
  for (const PropagationOption& option : kPropagationOptions) {
    names.emplace_back(option.name);
    names.push_back("r" + std::string(option.name));
  }
  for (const SuperblockOption& option : kSuperblockOptions) names.emplace_back(option.name);
  names.insert(names.end(), kWithoutEffect.begin(), kWithoutEffect.end());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace gocker
