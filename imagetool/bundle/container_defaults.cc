#include "imagetool/bundle/container_defaults.h"

#include "imagetool/bundle/default_seccomp.h"

namespace gocker {
namespace {

using oci::DeviceRule;

DeviceRule allow(char type, std::optional<uint32_t> major, std::optional<uint32_t> minor,
                 const char* access) {
  return {.allow = true, .type = type, .major = major, .minor = minor, .access = access};
}

std::vector<DeviceRule> default_device_rules() {
  return {
      {.allow = false, .access = "rwm"},
      allow('c', std::nullopt, std::nullopt, "m"),  // any node may be made,
      allow('b', std::nullopt, std::nullopt, "m"),  // but only these opened:
      allow('c', 1, 3, "rwm"),                      // /dev/null
      allow('c', 1, 5, "rwm"),                      // /dev/zero
      allow('c', 1, 7, "rwm"),                      // /dev/full
      allow('c', 1, 8, "rwm"),                      // /dev/random
      allow('c', 1, 9, "rwm"),                      // /dev/urandom
      allow('c', 5, 0, "rwm"),                      // /dev/tty
      allow('c', 5, 1, "rwm"),                      // /dev/console
      allow('c', 5, 2, "rwm"),                      // /dev/ptmx
      allow('c', 136, std::nullopt, "rwm"),         // /dev/pts/N
  };
}

}  // namespace

oci::Spec container_defaults() {
  oci::Spec spec = oci::default_spec();
  spec.process.reset();
  spec.root->readonly = false;
  spec.hostname.clear();
  oci::Linux& linux = spec.linux_;
  linux.resources->devices = default_device_rules();
  // What a container of somebody else's program could learn of the host's users: keystrokes by
  // their timing, secrets by the power they take (CVE-2020-8694).
  linux.masked_paths.insert(linux.masked_paths.end(),
                            {"/proc/interrupts", "/sys/devices/virtual/powercap"});
  linux.seccomp = default_seccomp();
  return spec;
}

oci::Capabilities default_capabilities(uint32_t uid) {
  const std::vector<std::string> names = {
      "CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
      "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",   "CAP_SETFCAP",
      "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};
  oci::Capabilities capabilities;
  capabilities.bounding = names;
  if (uid == 0) {
    capabilities.effective = names;
    capabilities.permitted = names;
  }
  return capabilities;
}

}  // namespace gocker
