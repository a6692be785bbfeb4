#include "imagetool/store/lease.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "imagetool/digest.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

std::string file_name(std::string_view directory) {
  return digest_hex(digest_of(directory));
}

nlohmann::json to_json(const std::vector<oci::IdMapping>& mappings) {
  auto list = nlohmann::json::array();
  for (const oci::IdMapping& each : mappings) {
    list.push_back({each.container_id, each.host_id, each.size});
  }
  return list;
}

std::vector<oci::IdMapping> mappings_in(const nlohmann::json& lease, const char* member) {
  std::vector<oci::IdMapping> mappings;
  for (const auto& each : lease.value(member, nlohmann::json::array())) {
    mappings.push_back({each.at(0), each.at(1), each.at(2)});
  }
  return mappings;
}

std::string to_json(const Lease& lease) {
  nlohmann::ordered_json json;
  json["directory"] = lease.directory;
  json["reference"] = lease.reference;
  json["digest"] = lease.digest;
  json["chainIds"] = lease.chain_ids;
  json["bootId"] = lease.boot_id;
  if (!lease.id_maps.empty()) {
    json["uidMappings"] = to_json(lease.id_maps.uids);
    json["gidMappings"] = to_json(lease.id_maps.gids);
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Lease from_json(const std::string& text, std::string_view file) {
  try {
    const auto json = nlohmann::json::parse(text);
    return {
        json.at("directory"), json.at("reference"),
        json.at("digest"),    json.at("chainIds"),
        json.at("bootId"),    {mappings_in(json, "uidMappings"), mappings_in(json, "gidMappings")}};
  } catch (const nlohmann::json::exception& error) {
    throw Error(std::string("lease ").append(file).append(": ").append(error.what()));
  }
}

bool directory_is_gone(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

void require_present(const Store& store, const Lease& lease) {
  bool complete = store.has_blob(lease.digest);
  for (const std::string& id : lease.chain_ids) complete = complete && store.has_layer(id);
  if (!complete) {
    throw Error("image " + lease.reference + " was removed meanwhile; pull it and try again");
  }
}

}  // namespace

Lease record_lease(const Store& store, Lease lease, const LeaseCompletion& complete) {
  const Doing doing("lease the image to", lease.directory);
  const Fd locked = store.lock(Store::Lock::exclusive);
  require_present(store, lease);
  if (complete) {
    std::vector<Lease> others = leases(store);
    std::erase_if(others, [&](const Lease& other) { return other.directory == lease.directory; });
    complete(lease, others);
  }
  replace_file_at(store.leases(), file_name(lease.directory), to_json(lease), 0600,
                  lease.ephemeral ? Sync::no : Sync::yes);
  return lease;
}

std::optional<Lease> find_lease(const Store& store, std::string_view directory) {
  const std::string name = file_name(directory);
  const auto text = read_if_exists_at(store.leases(), name);
  if (!text || text->empty()) return std::nullopt;
  return from_json(*text, name);
}

void drop_lease(const Store& store, std::string_view directory) {
  const Fd locked = store.lock(Store::Lock::exclusive);
  const std::string name = file_name(directory);
  if (::unlinkat(store.leases().get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    throw_errno("remove the lease of", directory);
  }
}

std::vector<Lease> leases(const Store& store) {
  std::vector<Lease> living;
  for (const std::string& name : list_directory(store.leases(), "leases")) {
    const auto text = read_if_exists_at(store.leases(), name);
    if (!text || text->empty() || name[0] == '.') continue;
    Lease lease = from_json(*text, name);
    if (!directory_is_gone(lease.directory)) living.push_back(std::move(lease));
  }
  return living;
}

void remove_dead_leases(const Store& store) {
  for (const std::string& name : list_directory(store.leases(), "leases")) {
    const auto text = read_if_exists_at(store.leases(), name);
    if (!text) continue;
    // Under the lock nobody writes: a temporary file is what a killed command left, an empty one
    // what a power loss left of an ephemeral bundle's.
    const bool is_leftover = name.starts_with('.') || text->empty();
    if (!is_leftover && !directory_is_gone(from_json(*text, name).directory)) continue;
    ::unlinkat(store.leases().get(), name.c_str(), 0);
  }
}

std::string current_boot_id() {
  return std::string(trim(read_file("/proc/sys/kernel/random/boot_id")));
}

}  // namespace gocker
