#include "tests/system/bundle.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/base/error.h"

namespace gocker::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultConfig = R"({
  "ociVersion": "1.0.2",
  "process": {
    "user": {"uid": 0, "gid": 0},
    "args": ["/inside", "report"],
    "env": ["PATH=/usr/bin:/bin"],
    "cwd": "/",
    "capabilities": {},
    "noNewPrivileges": true
  },
  "root": {"path": "rootfs"},
  "hostname": "box",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
     "options": ["nosuid", "noexec", "nodev", "ro"]}
  ],
  "linux": {
    "resources": {"devices": [{"allow": false, "access": "rwm"}]},
    "namespaces": [
      {"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}
    ]
  }
})";

const std::vector<std::string>& default_capabilities() {
  static const std::vector<std::string> kNames = {
      "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
      "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
      "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
      "CAP_KILL",    "CAP_AUDIT_WRITE"};
  return kNames;
}

}  // namespace

Value default_config() {
  Value config = Value::parse(kDefaultConfig);
  for (const char* set : {"bounding", "effective", "permitted"}) {
    config.set(std::string("/process/capabilities/") + set, default_capabilities());
  }
  return config;
}

std::string inside_program() {
  const char* chosen = std::getenv("GOCKER_INSIDE");
  return chosen != nullptr ? chosen : INSIDE_PROGRAM;
}

Bundle::Bundle(std::string directory) : config(default_config()), directory_(std::move(directory)) {
  for (const char* name : {"dev", "etc", "proc", "run", "sys", "tmp"}) {
    fs::create_directories(rootfs("/") + name);
  }
  fs::copy_file(inside_program(), rootfs("/inside"));
  check(::chmod(rootfs("/inside").c_str(), 0755), "chmod", "inside");
  check(::chmod(rootfs("/tmp").c_str(), 01777), "chmod", "tmp");
  std::ofstream(rootfs("/etc/passwd")) << "root:x:0:0:root:/:/inside\n";
}

void Bundle::write_config() const {
  std::ofstream file(directory_ + "/config.json");
  file << config.dump();
  file.close();
  if (!file) throw Error("write config.json: failed");
}

void Bundle::set_command(const std::vector<std::string>& words) {
  std::vector<std::string> args = {"/inside"};
  args.insert(args.end(), words.begin(), words.end());
  config.set("/process/args", args);
}

void Bundle::add_mount(const std::string& destination, const std::string& type,
                       const std::string& source, const std::vector<std::string>& options) {
  Value mount;
  mount.set("/destination", destination);
  mount.set("/type", type);
  mount.set("/source", source);
  mount.set("/options", options);
  config.append("/mounts", mount);
}

void Bundle::set_namespace(const std::string& type, const std::string& path) {
  remove_namespace(type);
  Value entry;
  entry.set("/type", type);
  if (!path.empty()) entry.set("/path", path);
  config.append("/linux/namespaces", entry);
}

void Bundle::remove_namespace(const std::string& type) {
  const std::vector<Value> list = config["/linux/namespaces"].elements();
  for (size_t i = list.size(); i-- > 0;) {
    if (list[i]["/type"] == type) config.remove("/linux/namespaces/" + std::to_string(i));
  }
}

void Bundle::use_user_namespace() {
  set_namespace("user");
  const Value mapping = R"([{"containerID": 0, "hostID": 100000, "size": 65536}])"_json;
  config.set("/linux/uidMappings", mapping);
  config.set("/linux/gidMappings", mapping);
  const std::string root = rootfs();
  check(::chown(root.c_str(), kFirstMappedId, kFirstMappedId), "chown", root);
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    check(::lchown(entry.path().c_str(), kFirstMappedId, kFirstMappedId), "chown");
  }
}

}  // namespace gocker::test
