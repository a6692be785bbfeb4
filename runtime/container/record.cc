#include "runtime/container/record.h"

#include "oci-spec/error.h"
#include "oci-spec/json_writer.h"
#include "oci-spec/runtime_spec_fields.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr oci::JsonLimits kLimits{.bytes = 4 << 20};

void read_hierarchy(const oci::Fields& fields, CgroupPaths::Hierarchy& hierarchy) {
  fields.required("controllers", hierarchy.controllers);
  fields.required("directory", hierarchy.directory);
  fields.required("owned", hierarchy.owned);
}

void read_record(const oci::Fields& fields, ContainerRecord& record) {
  fields.required("id", record.id);
  fields.required("ociVersion", record.oci_version);
  fields.required("bundle", record.bundle);
  fields.required("rootfs", record.rootfs);
  fields.required("created", record.created);
  fields.required("owner", record.owner);
  fields.required("annotations", record.annotations);
  fields.required("pid", record.pid);
  fields.required("startTime", record.start_time);
  fields.required("cgroup", record.cgroup.hierarchies, read_hierarchy);
  fields.optional("scope", record.scope);
  fields.optional("rdtDirectories", record.rdt_directories);
  fields.optional("rootfsMount", record.rootfs_mount);
  fields.required("namespaces", record.namespaces, oci::read_namespace);
  fields.required("externalMounts", record.external_mounts);
  fields.required("consoleSocket", record.console_socket);
  fields.required("hasPoststartHooks", record.has_poststart_hooks);
  fields.required("hasPoststopHooks", record.has_poststop_hooks);
}

}  // namespace

std::string to_json(const ContainerRecord& record) {
  oci::JsonWriter json(oci::Layout::two_blanks);
  json.add("id", record.id);
  json.add("ociVersion", record.oci_version);
  json.add("bundle", record.bundle);
  json.add("rootfs", record.rootfs);
  json.add("created", record.created);
  json.add("owner", record.owner);
  json.add("annotations", record.annotations);
  json.add("pid", record.pid);
  json.add("startTime", record.start_time);
  json.add_objects("cgroup", record.cgroup.hierarchies,
                   [&](const CgroupPaths::Hierarchy& hierarchy) {
                     json.add("controllers", hierarchy.controllers);
                     json.add("directory", hierarchy.directory);
                     json.add("owned", hierarchy.owned);
                   });
  json.add("scope", record.scope);
  json.add("rdtDirectories", record.rdt_directories);
  json.add("rootfsMount", record.rootfs_mount);
  json.add_objects("namespaces", record.namespaces, [&](const oci::Namespace& space) {
    json.add("type", oci::name_of(space.type));
    json.add("path", space.path);
  });
  json.add("externalMounts", record.external_mounts);
  json.add("consoleSocket", record.console_socket);
  json.add("hasPoststartHooks", record.has_poststart_hooks);
  json.add("hasPoststopHooks", record.has_poststop_hooks);
  return json.finish();
}

// The file lies in a directory that only its owner may write to: its content is ours, so whatever
// does not fit is damage.
ContainerRecord parse_record(std::string_view text, std::string_view file) try {
  const oci::JsonDocument document(text, file, kLimits);
  ContainerRecord record;
  read_record(document.fields(), record);
  return record;
} catch (const oci::SpecError& failure) {
  throw Error(std::string(file).append(" is damaged: ").append(failure.json_path()).append(": ") +
              failure.problem());
}

}  // namespace gocker
