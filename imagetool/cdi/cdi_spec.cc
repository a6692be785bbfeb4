#include "imagetool/cdi/cdi_spec.h"

#include <algorithm>
#include <array>
#include <set>

#include "imagetool/cdi/yaml_document.h"
#include "oci-spec/json_fields.h"

namespace gocker {
namespace {

using oci::Fields;

// --- names -------------------------------------------------------------------------------------

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_letter_or_digit(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

// Letters and digits at both ends, between them also the characters of `others`.
bool is_word(std::string_view text, std::string_view others) {
  if (text.empty() || !is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back())) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_kind(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos) return false;
  return is_letter(text.front()) && is_word(text.substr(0, slash), "_-.") &&
         is_word(text.substr(slash + 1), "_-.");
}

bool is_device_name(std::string_view text) {
  return is_word(text, "_-.:");
}

// --- what is edited ----------------------------------------------------------------------------

constexpr std::array<std::string_view, 4> kDeviceTypes = {"b", "c", "u", "p"};

void read_device_node(const Fields& fields, CdiDeviceNode& node) {
  fields.required("path", node.path);
  if (!node.path.starts_with('/')) fields.refuse("path", "must be absolute");
  fields.optional("hostPath", node.host_path);
  fields.optional("type", node.type);
  const bool is_known = std::ranges::find(kDeviceTypes, node.type) != kDeviceTypes.end();
  if (!node.type.empty() && !is_known) fields.refuse("type", "must be b, c, u or p");
  fields.optional("major", node.major);
  fields.optional("minor", node.minor);
  fields.optional("fileMode", node.file_mode, oci::Between{0u, 07777u});
  fields.optional("permissions", node.permissions);
  if (node.permissions.find_first_not_of("rwm") != std::string::npos) {
    fields.refuse("permissions", "must be letters of rwm");
  }
  fields.optional("uid", node.uid);
  fields.optional("gid", node.gid);
}

void read_mount(const Fields& fields, oci::Mount& mount) {
  fields.required("hostPath", mount.source);
  fields.required("containerPath", mount.destination);
  if (!mount.destination.starts_with('/')) fields.refuse("containerPath", "must be absolute");
  fields.optional("type", mount.type);
  fields.optional("options", mount.options);
}

std::vector<oci::Hook>* hooks_at(std::string_view point, oci::Hooks& hooks) {
  if (point == "prestart") return &hooks.prestart;
  if (point == "createRuntime") return &hooks.create_runtime;
  if (point == "createContainer") return &hooks.create_container;
  if (point == "startContainer") return &hooks.start_container;
  if (point == "poststart") return &hooks.poststart;
  return point == "poststop" ? &hooks.poststop : nullptr;
}

struct NamedHook {
  std::string point;
  oci::Hook hook;
};

void read_hook(const Fields& fields, NamedHook& named) {
  oci::Hooks known;
  fields.required("hookName", named.point);
  if (hooks_at(named.point, known) == nullptr) {
    fields.refuse("hookName", "is no point at which hooks run");
  }
  fields.required("path", named.hook.path);
  if (!named.hook.path.starts_with('/')) fields.refuse("path", "must be absolute");
  fields.optional("args", named.hook.args);
  fields.optional("env", named.hook.env);
  uint32_t timeout = 0;  // none
  fields.optional("timeout", timeout, oci::Between{0u, 2147483647u});
  if (timeout != 0) named.hook.timeout = timeout;
}

void read_intel_rdt(const Fields& fields, oci::IntelRdt& rdt) {
  fields.optional("closID", rdt.clos_id);
  fields.optional("l3CacheSchema", rdt.l3_cache_schema);
  fields.optional("memBwSchema", rdt.mem_bw_schema);
  fields.optional("schemata", rdt.schemata);
  fields.optional("enableMonitoring", rdt.enable_monitoring);
  bool is_monitored = false;  // before 1.1 by two fields
  for (const char* name : {"enableCMT", "enableMBM"}) {
    fields.optional(name, is_monitored);
    rdt.enable_monitoring |= is_monitored;
  }
}

struct NamedNetDevice {
  std::string host_name;
  oci::NetDevice device;
};

void read_net_device(const Fields& fields, NamedNetDevice& named) {
  fields.required("hostInterfaceName", named.host_name);
  fields.required("name", named.device.name);
}

void check_variables(const Fields& fields, const std::vector<std::string>& variables) {
  for (const std::string& variable : variables) {
    const size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) {
      fields.refuse("env", "has " + oci::quote(variable) + ", which is not NAME=VALUE");
    }
  }
}

void read_edits(const Fields& fields, ContainerEdits& edits) {
  fields.optional("env", edits.env);
  check_variables(fields, edits.env);
  fields.optional("deviceNodes", edits.device_nodes, read_device_node);
  fields.optional("mounts", edits.mounts, read_mount);
  fields.optional("additionalGids", edits.additional_gids);
  std::erase(edits.additional_gids, 0u);  // the specification: ignored
  fields.optional("intelRdt", edits.intel_rdt, read_intel_rdt);
  std::vector<NamedHook> hooks;
  fields.optional("hooks", hooks, read_hook);
  for (NamedHook& each : hooks) {
    hooks_at(each.point, edits.hooks)->push_back(std::move(each.hook));
  }
  std::vector<NamedNetDevice> net_devices;
  fields.optional("netDevices", net_devices, read_net_device);
  for (NamedNetDevice& each : net_devices) {
    edits.net_devices[each.host_name] = std::move(each.device);
  }
}

void read_device(const Fields& fields, CdiDevice& device) {
  fields.required("name", device.name);
  if (!is_device_name(device.name)) fields.refuse("name", "is no name of a device");
  fields.required("containerEdits", device.edits, read_edits);
}

// --- versions ----------------------------------------------------------------------------------

// In their order: an index into it is a version.
constexpr std::array<std::string_view, 8> kVersions = {"0.3.0", "0.4.0", "0.5.0", "0.6.0",
                                                       "0.7.0", "0.8.0", "1.0.0", "1.1.0"};
constexpr size_t kVersion04 = 1;
constexpr size_t kVersion05 = 2;
constexpr size_t kVersion07 = 4;
constexpr size_t kVersion11 = 7;

size_t version_of(const Fields& fields) {
  std::string version;
  fields.required("cdiVersion", version);
  const auto* const found = std::ranges::find(kVersions, version);
  if (found == kVersions.end()) {
    fields.refuse("cdiVersion", "is " + oci::quote(version) + "; known are 0.3.0 to 1.1.0");
  }
  return static_cast<size_t>(found - kVersions.begin());
}

struct Feature {
  bool is_used;
  size_t since;
  std::string_view name;
};

std::array<Feature, 6> features_of(const ContainerEdits& edits) {
  const auto has_type = [](const oci::Mount& mount) { return !mount.type.empty(); };
  const auto has_host_path = [](const CdiDeviceNode& node) { return !node.host_path.empty(); };
  const auto& rdt = edits.intel_rdt;
  return {{{std::ranges::any_of(edits.mounts, has_type), kVersion04, "mounts with a type"},
           {std::ranges::any_of(edits.device_nodes, has_host_path), kVersion05,
            "deviceNodes with a hostPath"},
           {!edits.additional_gids.empty(), kVersion07, "additionalGids"},
           {rdt.has_value(), kVersion07, "intelRdt"},
           {rdt && rdt->schemata, kVersion11, "intelRdt with schemata"},
           {!edits.net_devices.empty(), kVersion11, "netDevices"}}};
}

// A reader of the older version would leave out what it does not know: half a device.
void check_version(const ContainerEdits& edits, size_t version, const Fields& fields) {
  for (const Feature& feature : features_of(edits)) {
    if (!feature.is_used || feature.since <= version) continue;
    fields.refuse("cdiVersion", "is " + std::string(kVersions[version]) + ", but " +
                                    std::string(feature.name) + " came with " +
                                    std::string(kVersions[feature.since]));
  }
}

void check_devices(const Fields& fields, const CdiSpec& spec) {
  if (spec.devices.empty()) fields.refuse("devices", "has no device");
  std::set<std::string_view> names;
  for (const CdiDevice& device : spec.devices) {
    if (!names.insert(device.name).second) {
      fields.refuse("devices", "has two with the name " + oci::quote(device.name));
    }
  }
}

CdiSpec read_spec(const Fields& fields) {
  CdiSpec spec;
  const size_t version = version_of(fields);
  fields.required("kind", spec.kind);
  if (!is_kind(spec.kind)) fields.refuse("kind", "must be vendor.com/class");
  fields.optional("containerEdits", spec.edits, read_edits);
  fields.required("devices", spec.devices, read_device);
  check_devices(fields, spec);
  check_version(spec.edits, version, fields);
  for (const CdiDevice& device : spec.devices) check_version(device.edits, version, fields);
  return spec;
}

}  // namespace

CdiSpec parse_cdi_spec(std::string_view text, std::string_view file) {
  const bool is_yaml = file.ends_with(".yaml");
  const std::string json = is_yaml ? json_of_yaml(text, file) : std::string(text);
  const oci::JsonDocument document(json, file, oci::kImageLimits);
  return read_spec(document.fields());
}

std::optional<CdiName> parse_cdi_name(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view kind = text.substr(0, equals);
  const std::string_view device = text.substr(equals + 1);
  if (!is_kind(kind) || !is_device_name(device)) return std::nullopt;
  return CdiName{std::string(kind), std::string(device)};
}

}  // namespace gocker
