// What a vendor of devices says about them: a document of the Container Device Interface, versions
// 0.3.0 to 1.1.0 (https://github.com/cncf-tags/container-device-interface, SPEC.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

struct CdiDeviceNode {
  std::string path;                   // in the container
  std::string host_path;              // empty: the same
  std::string type;                   // "b", "c", "u" or "p"; empty: the host's
  std::optional<uint32_t> major;      // absent: the host's
  std::optional<uint32_t> minor;      // goes with it
  std::optional<uint32_t> file_mode;  // permission bits; absent: the host's
  std::string permissions;            // of "rwm"; empty: all three
  std::optional<uint32_t> uid;        // absent: the container's user
  std::optional<uint32_t> gid;
};

// What is changed in a container's configuration.
struct ContainerEdits {
  std::vector<std::string> env;
  std::vector<CdiDeviceNode> device_nodes;
  std::map<std::string, oci::NetDevice> net_devices;  // by their names on the host
  std::vector<oci::Mount> mounts;
  oci::Hooks hooks;
  std::vector<uint32_t> additional_gids;
  std::optional<oci::IntelRdt> intel_rdt;
};

struct CdiDevice {
  std::string name;
  ContainerEdits edits;
};

struct CdiSpec {
  std::string kind;      // "vendor.com/class"
  ContainerEdits edits;  // for whoever gets one of the devices
  std::vector<CdiDevice> devices;
};

// `file` is what errors name; one that ends with .yaml is YAML, else it is JSON. Throws where the
// document breaks a rule of the specification, such as a field that its version does not have.
CdiSpec parse_cdi_spec(std::string_view text, std::string_view file);

// "vendor.com/class=name", the name of a device that everybody knows it by.
struct CdiName {
  std::string kind;
  std::string device;
};

// Nothing where the text is no such name.
std::optional<CdiName> parse_cdi_name(std::string_view text);

}  // namespace gocker
