#include "imagetool/volume/volumes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "imagetool/layer/copy.h"
#include "imagetool/object_name.h"
#include "oci-spec/json_fields.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kData = "_data";
constexpr const char* kRecord = "volume.json";
constexpr size_t kAnonymousDigits = 64;

Volume volume_from_json(std::string_view text, std::string_view file) {
  Volume volume;
  const oci::JsonDocument document(text, file, oci::kImageLimits);
  const oci::Fields fields = document.fields();
  fields.required("name", volume.name);
  fields.required("created", volume.created);
  fields.optional("anonymous", volume.anonymous);
  fields.optional("labels", volume.labels);
  return volume;
}

bool is_empty(const Fd& directory) {
  return list_directory(directory, kData).empty();
}

// The directory itself is what the image's is: a program that is not root must be able to write.
void fill(const Fd& data, const Fd& image_content) {
  const Doing doing("fill the volume with the image's files");
  copy_tree(image_content, data);
}

}  // namespace

std::string to_json(const Volume& volume) {
  nlohmann::ordered_json json;
  json["name"] = volume.name;
  json["driver"] = "local";
  json["mountpoint"] = volume.path;
  json["created"] = volume.created;
  json["anonymous"] = volume.anonymous;
  json["labels"] = volume.labels;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// Made under a name that no volume can have and renamed when it is whole, so that a killed command
// leaves no half of a volume and two commands at once make one.
Volume Volumes::create(const std::string& name,
                       const std::map<std::string, std::string>& labels) const {
  return add({name, {}, {}, name.empty(), labels}, Fd());
}

Volume Volumes::add(Volume volume, const Fd& image_content) const {
  if (volume.anonymous) volume.name = random_hex(kAnonymousDigits);
  const Doing doing("create volume", volume.name);
  check_object_name(volume.name, "volume");
  volume.path = directory_ + "/" + volume.name + "/" + kData;
  volume.created = rfc3339_now();
  const NoUmask no_umask;
  make_directories(directory_, 0711);
  const Fd volumes = open_file(directory_, O_RDONLY | O_DIRECTORY);
  const std::string draft = ".new-" + random_hex(16);
  try {
    check(::mkdirat(volumes.get(), draft.c_str(), 0711), "mkdir", draft);
    const Fd directory = open_file_at(volumes, draft, O_RDONLY | O_DIRECTORY);
    check(::mkdirat(directory.get(), kData, 0755), "mkdir", kData);
    if (image_content) fill(open_file_at(directory, kData, O_RDONLY | O_DIRECTORY), image_content);
    replace_file_at(directory, kRecord, to_json(volume), 0600, Sync::yes);
    if (::renameat2(volumes.get(), draft.c_str(), volumes.get(), volume.name.c_str(),
                    RENAME_NOREPLACE) != 0) {
      if (errno != EEXIST) throw_errno("rename", draft);
      throw Error("there is one of that name already", EEXIST);
    }
  } catch (...) {
    remove_tree_at(volumes, draft);
    throw;
  }
  return volume;
}

std::optional<Volume> Volumes::find_if_exists(const std::string& name) const {
  if (!is_object_name(name)) return std::nullopt;
  const std::string folder = directory_ + "/" + name;
  const std::string path = folder + "/" + kRecord;
  const Fd file = open_if_exists(path, O_RDONLY);
  if (!file) return std::nullopt;
  Volume volume = volume_from_json(read_all(file, path), path);
  volume.path = folder + "/" + kData;
  return volume;
}

std::vector<Volume> Volumes::list() const {
  std::vector<Volume> volumes;
  const Fd directory = open_if_exists(directory_, O_RDONLY | O_DIRECTORY);
  if (!directory) return volumes;
  for (const std::string& name : list_directory(directory, directory_)) {
    std::optional<Volume> volume = find_if_exists(name);
    if (volume) volumes.push_back(*std::move(volume));
  }
  return volumes;
}

Volume Volumes::find(const std::string& name) const {
  std::optional<Volume> found = find_if_exists(name);
  if (found) return *std::move(found);
  const std::vector<Volume> volumes = list();
  std::vector<std::string_view> names;
  names.reserve(volumes.size());
  for (const Volume& volume : volumes) names.emplace_back(volume.name);
  const std::string_view meant = nearest(name, names);
  throw Error("there is no volume '" + name + "'" +
              (meant.empty() ? "; gocker volume ls lists them"
                             : "; did you mean '" + std::string(meant) + "'?"));
}

Volume Volumes::ensure(const std::string& name, const Fd& image_content) const {
  if (name.empty()) return add({{}, {}, {}, true, {}}, image_content);
  const std::optional<Volume> found = find_if_exists(name);
  if (!found) {
    try {
      return add({name, {}, {}, false, {}}, image_content);
    } catch (const Error& error) {
      if (error.code() != EEXIST) throw;  // somebody was faster
    }
    return find(name);
  }
  const Fd data = open_file(found->path, O_RDONLY | O_DIRECTORY);
  if (image_content && is_empty(data)) fill(data, image_content);
  return *found;
}

void Volumes::remove(const std::string& name) const {
  const Doing doing("remove volume", name);
  const Volume volume = find(name);
  const Fd volumes = open_file(directory_, O_RDONLY | O_DIRECTORY);
  // Out of sight in one step: what is removed half-way is no volume any more.
  const std::string doomed = ".old-" + random_hex(16);
  check(::renameat(volumes.get(), volume.name.c_str(), volumes.get(), doomed.c_str()), "rename");
  remove_tree_at(volumes, doomed);
}

}  // namespace gocker
