#include "imagetool/cdi/cdi_devices.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr std::string_view kGpuClass = "/gpu";
constexpr std::string_view kUsualGpuKind = "nvidia.com/gpu";
constexpr size_t kMostNames = 20;  // that an error lists

bool is_cdi_file(std::string_view name) {
  return name.ends_with(".json") || name.ends_with(".yaml");
}

std::string full_name(const CdiSpec& spec, const CdiDevice& device) {
  return spec.kind + "=" + device.name;
}

std::string_view kind_of(std::string_view name) {
  return name.substr(0, name.find('='));
}

std::string listed(std::vector<std::string> names) {
  if (names.size() > kMostNames) {
    const size_t more = names.size() - kMostNames;
    names.resize(kMostNames);
    names.push_back("and " + std::to_string(more) + " more");
  }
  return join(names, ", ");
}

}  // namespace

std::vector<std::string> default_cdi_directories() {
  return {"/etc/cdi", "/var/run/cdi"};
}

// --- reading -----------------------------------------------------------------------------------

CdiDevices::CdiDevices(std::vector<std::string> directories)
    : directories_(std::move(directories)) {
  for (size_t i = 0; i < directories_.size(); ++i) read_directory(i);
  for (const File& file : files_) enter(file);
}

void CdiDevices::read_directory(size_t index) {
  const std::string& directory = directories_[index];
  const Fd fd = open_if_exists(directory, O_RDONLY | O_DIRECTORY);
  if (!fd) return;
  for (const std::string& name : list_directory(fd, directory)) {
    if (is_cdi_file(name)) read_file_of(index, std::string(directory).append("/").append(name));
  }
}

// A file that is damaged keeps nobody from the devices of the others.
void CdiDevices::read_file_of(size_t index, const std::string& path) try {
  files_.push_back({path, index, parse_cdi_spec(read_file(path), path)});
} catch (const std::exception& error) {
  damaged_.push_back({path, error.what()});
}

void CdiDevices::enter(const File& file) {
  for (const CdiDevice& device : file.spec.devices) {
    Entry& entry = entries_[full_name(file.spec, device)];
    const bool is_rival = entry.file != nullptr && entry.file->directory == file.directory;
    entry = {&file, &device, is_rival ? entry.file : nullptr};
  }
}

// --- finding -----------------------------------------------------------------------------------

std::map<std::string, std::string> CdiDevices::names() const {
  std::map<std::string, std::string> names;
  for (const auto& [name, entry] : entries_) names.emplace(name, entry.file->path);
  return names;
}

void CdiDevices::refuse(const std::string& name) const {
  const std::string kind(kind_of(name));
  std::vector<std::string> same_kind;
  std::set<std::string> kinds;
  for (const auto& [known, entry] : entries_) {
    kinds.insert(entry.file->spec.kind);
    if (entry.file->spec.kind == kind) same_kind.push_back(known);
  }
  std::string reason = "no CDI device " + name + ": ";
  const std::string places = join(directories_, " and ");
  if (!same_kind.empty()) {
    reason += "there are " + listed(same_kind);
  } else if (!kinds.empty()) {
    reason += places + " have devices of " + listed({kinds.begin(), kinds.end()}) + " only";
  } else {
    reason += "there is no device's file in " + places;
  }
  if (!damaged_.empty()) {
    reason += "; a file cannot be used: " + damaged_.front().problem;
  } else if (same_kind.empty() && kind == kUsualGpuKind) {
    reason += "; 'nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml' writes one";
  } else if (same_kind.empty()) {
    reason += "; the vendor's tool writes one";
  }
  throw Error(reason);
}

const CdiDevices::Entry& CdiDevices::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) refuse(name);
  const Entry& entry = found->second;
  if (entry.rival != nullptr) {
    throw Error("CDI device " + name + ": both " + entry.rival->path + " and " + entry.file->path +
                " have it; remove one of the files");
  }
  return entry;
}

std::vector<const ContainerEdits*> CdiDevices::edits_for(
    const std::vector<std::string>& names) const {
  std::vector<const ContainerEdits*> edits;
  std::set<const void*> seen;  // files and devices: who names a device twice gets it once
  for (const std::string& name : names) {
    const Entry& found = entry(name);
    if (seen.insert(found.file).second) edits.push_back(&found.file->spec.edits);
    if (seen.insert(found.device).second) edits.push_back(&found.device->edits);
  }
  return edits;
}

std::string CdiDevices::gpu_kind() const {
  std::set<std::string> kinds;
  for (const auto& [name, entry] : entries_) {
    if (entry.file->spec.kind.ends_with(kGpuClass)) kinds.insert(entry.file->spec.kind);
  }
  if (kinds.empty() || kinds.contains(std::string(kUsualGpuKind))) {
    return std::string(kUsualGpuKind);
  }
  if (kinds.size() == 1) return *kinds.begin();
  throw Error("--gpus: there are " + join({kinds.begin(), kinds.end()}, " and ") +
              "; name one by --device KIND=NAME");
}

std::vector<std::string> CdiDevices::gpus(const GpuWish& wish) const {
  const std::string prefix = gpu_kind() + "=";
  std::vector<std::string> names;
  if (wish.all) names.push_back(prefix + "all");
  for (uint64_t i = 0; i < wish.count.value_or(0); ++i) names.push_back(prefix + std::to_string(i));
  for (const std::string& device : wish.devices) names.push_back(prefix + device);
  return names;
}

}  // namespace gocker
