#include "runtime/container/record.h"

#include <nlohmann/json.hpp>

#include "runtime/base/error.h"

namespace gocker {
namespace {

using nlohmann::json;

json to_value(const CgroupPaths& cgroup) {
  json hierarchies = json::array();
  for (const auto& hierarchy : cgroup.hierarchies) {
    hierarchies.push_back({{"controllers", hierarchy.controllers},
                           {"directory", hierarchy.directory},
                           {"owned", hierarchy.owned}});
  }
  return hierarchies;
}

json to_value(const std::vector<oci::Namespace>& namespaces) {
  json list = json::array();
  for (const auto& entry : namespaces) {
    list.push_back({{"type", oci::name_of(entry.type)}, {"path", entry.path}});
  }
  return list;
}

oci::NamespaceType namespace_type(const std::string& name) {
  using enum oci::NamespaceType;
  for (const auto type : {pid, network, mount, ipc, uts, user, cgroup, time}) {
    if (oci::name_of(type) == name) return type;
  }
  throw Error("unknown namespace type \"" + name + "\"");
}

}  // namespace

std::string to_json(const ContainerRecord& record) {
  const json value{
      {"id", record.id},
      {"ociVersion", record.oci_version},
      {"bundle", record.bundle},
      {"rootfs", record.rootfs},
      {"created", record.created},
      {"owner", record.owner},
      {"annotations", record.annotations},
      {"pid", record.pid},
      {"startTime", record.start_time},
      {"cgroup", to_value(record.cgroup)},
      {"scope", record.scope},
      {"rdtDirectories", record.rdt_directories},
      {"rootfsMount", record.rootfs_mount},
      {"namespaces", to_value(record.namespaces)},
      {"externalMounts", record.external_mounts},
      {"consoleSocket", record.console_socket},
      {"hasPoststartHooks", record.has_poststart_hooks},
      {"hasPoststopHooks", record.has_poststop_hooks},
  };
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

// The file lies in a directory that only its owner may write to: its content is ours, so whatever
// does not fit is damage, and one message for all of it will do.
ContainerRecord parse_record(std::string_view text, std::string_view file) try {
  const json value = json::parse(text);
  ContainerRecord record;
  value.at("id").get_to(record.id);
  value.at("ociVersion").get_to(record.oci_version);
  value.at("bundle").get_to(record.bundle);
  value.at("rootfs").get_to(record.rootfs);
  value.at("created").get_to(record.created);
  value.at("owner").get_to(record.owner);
  value.at("annotations").get_to(record.annotations);
  value.at("pid").get_to(record.pid);
  value.at("startTime").get_to(record.start_time);
  for (const json& entry : value.at("cgroup")) {
    record.cgroup.hierarchies.push_back(
        {entry.at("controllers"), entry.at("directory"), entry.at("owned")});
  }
  record.scope = value.value("scope", record.scope);
  record.rdt_directories = value.value("rdtDirectories", record.rdt_directories);
  record.rootfs_mount = value.value("rootfsMount", record.rootfs_mount);
  for (const json& entry : value.at("namespaces")) {
    record.namespaces.push_back({namespace_type(entry.at("type")), entry.at("path")});
  }
  value.at("externalMounts").get_to(record.external_mounts);
  value.at("consoleSocket").get_to(record.console_socket);
  value.at("hasPoststartHooks").get_to(record.has_poststart_hooks);
  value.at("hasPoststopHooks").get_to(record.has_poststop_hooks);
  return record;
} catch (const json::exception& failure) {
  throw Error(std::string(file).append(" is damaged: ").append(failure.what()));
}

}  // namespace gocker
