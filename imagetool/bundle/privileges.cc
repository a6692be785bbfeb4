#include "imagetool/bundle/privileges.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <set>

#include "imagetool/cdi/cdi_devices.h"
#include "imagetool/cdi/container_edits.h"
#include "oci-spec/capability_names.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Names = std::set<std::string>;

// What can be given at all: the caller's own bounding set.
Names grantable() {
  const std::string status = read_file("/proc/self/status");
  const size_t line = status.find("CapBnd:");
  const std::string_view digits = trim(std::string_view(status).substr(line + 7, 17));
  const uint64_t bits = std::stoull(std::string(digits), nullptr, 16);
  Names names;
  for (size_t i = 0; i < oci::kCapabilityNames.size(); ++i) {
    if ((bits >> i & 1U) != 0) names.emplace(oci::kCapabilityNames[i]);
  }
  return names;
}

// "net_admin" -> {"CAP_NET_ADMIN"}
Names named(const std::string& text) {
  std::string name = text;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  if (!name.starts_with("CAP_")) name.insert(0, "CAP_");
  if (name == "CAP_ALL") return grantable();
  const auto& known = oci::kCapabilityNames;
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    const std::string_view meant = nearest(name, {known.begin(), known.end()});
    throw Error("unknown capability '" + text + "'" +
                (meant.empty() ? "" : " (did you mean " + std::string(meant) + "?)"));
  }
  return {name};
}

void set_capabilities(const Privileges& privileges, oci::Process& process) {
  oci::Capabilities& sets = *process.capabilities;
  Names names(sets.bounding.begin(), sets.bounding.end());
  if (privileges.privileged) names = grantable();
  for (const std::string& text : privileges.cap_drop) {
    for (const std::string& name : named(text)) names.erase(name);
  }
  for (const std::string& text : privileges.cap_add) names.merge(named(text));
  sets.bounding.assign(names.begin(), names.end());
  if (process.user.uid != 0) return;
  sets.effective = sets.bounding;
  sets.permitted = sets.bounding;
}

// --- security options --------------------------------------------------------------------------

oci::Seccomp read_profile(const std::string& file) {
  const Doing doing("read the seccomp profile", file);
  const std::string text = R"({"ociVersion":"1.0.0","linux":{"seccomp":)" + read_file(file) + "}}";
  return *oci::parse_spec(text, file).linux_.seccomp;
}

void apply_security_option(const std::string& text, oci::Spec& spec) {
  const size_t equals = text.find_first_of("=:");
  const std::string name = text.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (name == "no-new-privileges") {
    spec.process->no_new_privileges = value.empty() || value == "true";
  } else if (name == "seccomp" && value == "unconfined") {
    spec.linux_.seccomp.reset();
  } else if (name == "seccomp") {
    spec.linux_.seccomp = read_profile(value);
  } else if (name == "apparmor") {
    spec.process->apparmor_profile = value == "unconfined" ? "" : value;
  } else if (text == "label=disable") {
    spec.process->selinux_label.clear();
  } else {
    throw Error("unknown security option '" + text +
                "' (no-new-privileges, seccomp=unconfined|FILE, apparmor=PROFILE, label=disable)");
  }
}

// --- devices -----------------------------------------------------------------------------------

void add_device(const HostDevice& device, oci::Spec& spec) {
  const Doing doing("give the device", device.source);
  struct stat status {};
  check(::stat(device.source.c_str(), &status), "stat");
  if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode)) throw Error("it is no device");
  const char type = S_ISCHR(status.st_mode) ? 'c' : 'b';
  const uint32_t number_major = major(status.st_rdev);
  const uint32_t number_minor = minor(status.st_rdev);
  spec.linux_.devices.push_back({.path = device.destination,
                                 .type = type,
                                 .major = number_major,
                                 .minor = number_minor,
                                 .file_mode = status.st_mode & 07777U,
                                 .uid = status.st_uid,
                                 .gid = status.st_gid});
  spec.linux_.resources->devices.push_back({.allow = true,
                                            .type = type,
                                            .major = number_major,
                                            .minor = number_minor,
                                            .access = device.access});
}

void add_cdi_devices(const CdiWish& wish, oci::Spec& spec) {
  if (wish.devices.empty() && !wish.gpus) return;  // their files are not even read
  const CdiDevices known(wish.directories.empty() ? default_cdi_directories() : wish.directories);
  std::vector<std::string> names = wish.devices;
  if (wish.gpus) {
    for (std::string& name : known.gpus(*wish.gpus)) names.push_back(std::move(name));
  }
  for (const ContainerEdits* edits : known.edits_for(names)) apply_edits(*edits, spec);
}

// As people know it: all capabilities, all devices, no filter, nothing hidden or read-only.
void lift_restrictions(oci::Spec& spec) {
  spec.linux_.seccomp.reset();
  spec.linux_.masked_paths.clear();
  spec.linux_.readonly_paths.clear();
  spec.linux_.resources->devices = {{.allow = true, .access = "rwm"}};
  for (oci::Mount& mount : spec.mounts) {
    if (mount.type == "sysfs" || mount.type == "cgroup") std::erase(mount.options, "ro");
  }
}

}  // namespace

HostDevice parse_device_option(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  const auto is_access = [](std::string_view word) {
    return !word.empty() && word.find_first_not_of("rwm") == std::string_view::npos;
  };
  HostDevice device{std::string(parts[0]), std::string(parts[0]), "rwm"};
  if (parts.size() == 2 && is_access(parts[1])) {
    device.access = parts[1];
  } else if (parts.size() > 1) {
    device.destination = parts[1];
    if (parts.size() > 2) device.access = parts[2];
  }
  const bool good = parts.size() <= 3 && device.source.starts_with('/') &&
                    device.destination.starts_with('/') && is_access(device.access);
  if (!good) {
    throw Error("'" + std::string(text) +
                "' is no device: it takes SOURCE[:DESTINATION][:rwm] or VENDOR/CLASS=NAME");
  }
  return device;
}

void apply_privileges(const Privileges& privileges, oci::Spec& spec) {
  if (privileges.privileged) lift_restrictions(spec);
  set_capabilities(privileges, *spec.process);
  for (const std::string& text : privileges.security) apply_security_option(text, spec);
  for (const HostDevice& device : privileges.devices) add_device(device, spec);
  add_cdi_devices(privileges.cdi, spec);
}

}  // namespace gocker
