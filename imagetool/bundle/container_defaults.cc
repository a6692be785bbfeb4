#include "imagetool/bundle/container_defaults.h"

#include "imagetool/bundle/default_seccomp.h"

namespace gocker {
namespace {

using oci::DeviceRule;
using oci::NamespaceType;

std::vector<oci::Mount> default_mounts() {
  return {
      {.destination = "/proc",
       .type = "proc",
       .source = "proc",
       .options = {"nosuid", "noexec", "nodev"}},
      {.destination = "/dev",
       .type = "tmpfs",
       .source = "tmpfs",
       .options = {"nosuid", "strictatime", "mode=755", "size=65536k"}},
      {.destination = "/dev/pts",
       .type = "devpts",
       .source = "devpts",
       .options = {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
      {.destination = "/dev/shm",
       .type = "tmpfs",
       .source = "shm",
       .options = {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}},
      {.destination = "/dev/mqueue",
       .type = "mqueue",
       .source = "mqueue",
       .options = {"nosuid", "noexec", "nodev"}},
      {.destination = "/sys",
       .type = "sysfs",
       .source = "sysfs",
       .options = {"nosuid", "noexec", "nodev", "ro"}},
      {.destination = "/sys/fs/cgroup",
       .type = "cgroup",
       .source = "cgroup",
       .options = {"nosuid", "noexec", "nodev", "relatime", "ro"}},
  };
}

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

oci::Linux default_linux() {
  oci::Linux linux;
  linux.namespaces = {{NamespaceType::pid, ""},   {NamespaceType::network, ""},
                      {NamespaceType::ipc, ""},   {NamespaceType::uts, ""},
                      {NamespaceType::mount, ""}, {NamespaceType::cgroup, ""}};
  linux.resources = oci::Resources{.devices = default_device_rules()};
  linux.masked_paths = {
      "/proc/acpi",        "/proc/asound",  "/proc/interrupts",
      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
      "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
      "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap",
  };
  linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  linux.seccomp = default_seccomp();
  return linux;
}

}  // namespace

oci::Spec container_defaults() {
  oci::Spec spec;
  spec.oci_version = oci::kVersion;
  spec.root = oci::Root{.path = "rootfs"};
  spec.mounts = default_mounts();
  spec.linux_ = default_linux();
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
