// The config.json to start from: what an ordinary program needs and little more.
#include "oci-spec/runtime_spec.h"

namespace oci {
namespace {

Process default_process() {
  const std::vector<std::string> capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL",
                                                 "CAP_NET_BIND_SERVICE"};
  Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.cwd = "/";
  // Nothing inheritable or ambient: a program gains no more than its file or its user gives it.
  process.capabilities =
      Capabilities{.bounding = capabilities, .effective = capabilities, .permitted = capabilities};
  process.rlimits = {{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
  process.no_new_privileges = true;
  return process;
}

std::vector<Mount> default_mounts() {
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
       .options = {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
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

Linux default_linux() {
  Linux linux;
  linux.resources = Resources{.devices = {{.allow = false, .access = "rwm"}}};
  linux.namespaces = {{NamespaceType::pid, ""},   {NamespaceType::network, ""},
                      {NamespaceType::ipc, ""},   {NamespaceType::uts, ""},
                      {NamespaceType::mount, ""}, {NamespaceType::cgroup, ""}};
  linux.masked_paths = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",
                        "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
                        "/proc/timer_stats", "/proc/sched_debug",   "/sys/firmware",
                        "/proc/scsi"};
  linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return linux;
}

}  // namespace

Spec default_spec() {
  Spec spec;
  spec.oci_version = kVersion;
  spec.process = default_process();
  spec.root = Root{.path = "rootfs", .readonly = true};
  spec.hostname = "gocker";
  spec.mounts = default_mounts();
  spec.linux_ = default_linux();
  return spec;
}

Spec rootless_spec(uint32_t uid, uint32_t gid) {
  Spec spec = default_spec();
  Linux& linux = spec.linux_;
  std::erase_if(linux.namespaces,
                [](const Namespace& one) { return one.type == NamespaceType::network; });
  linux.namespaces.push_back({NamespaceType::user, ""});
  linux.uid_mappings = {{.container_id = 0, .host_id = uid, .size = 1}};
  linux.gid_mappings = {{.container_id = 0, .host_id = gid, .size = 1}};
  linux.resources.reset();
  for (Mount& mount : spec.mounts) {
    // The group tty is not mapped.
    std::erase(mount.options, "gid=5");
    if (mount.type != "sysfs") continue;
    // A new sysfs needs a network namespace of one's own.
    mount = {.destination = "/sys",
             .type = "none",
             .source = "/sys",
             .options = {"rbind", "nosuid", "noexec", "nodev", "ro"}};
  }
  return spec;
}

}  // namespace oci
