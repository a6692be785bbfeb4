// The devices that this host's vendors offer to containers by files of the Container Device
// Interface.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/cdi/cdi_spec.h"
#include "imagetool/cdi/gpu_wish.h"

namespace gocker {

// /etc/cdi, for what people keep, and /var/run/cdi, for what is made anew at each boot.
std::vector<std::string> default_cdi_directories();

// A file that cannot be used.
struct DamagedCdiFile {
  std::string path;
  std::string problem;
};

class CdiDevices {
 public:
  // Reads all files NAME.json and NAME.yaml of the directories; one that is not there has none. A
  // device of a later directory takes the place of one of the same name in an earlier directory.
  explicit CdiDevices(std::vector<std::string> directories);
  CdiDevices(const CdiDevices&) = delete;  // it points into itself
  CdiDevices& operator=(const CdiDevices&) = delete;

  // The edits for the devices "vendor.com/class=name", in their order, each file's common edits
  // once, before those of its first device. Throws where there is no such device, or where two
  // files of one directory have it.
  std::vector<const ContainerEdits*> edits_for(const std::vector<std::string>& names) const;

  // The full names of graphics processors: devices of the class "gpu", nvidia.com's where there are
  // any. A number of them are the first ones. Throws where several vendors have some.
  std::vector<std::string> gpus(const GpuWish& wish) const;

  // Name -> the file that it is taken from; conflicts, too, with one of the files.
  std::map<std::string, std::string> names() const;
  const std::vector<DamagedCdiFile>& damaged() const { return damaged_; }

 private:
  struct File {
    std::string path;
    size_t directory;  // an index: the later, the higher its rank
    CdiSpec spec;
  };
  struct Entry {
    const File* file = nullptr;
    const CdiDevice* device = nullptr;
    const File* rival = nullptr;  // another file of the same rank
  };

  void read_directory(size_t index);
  void read_file_of(size_t index, const std::string& path);
  void enter(const File& file);
  const Entry& entry(const std::string& name) const;
  [[noreturn]] void refuse(const std::string& name) const;
  std::string gpu_kind() const;

  std::vector<std::string> directories_;
  std::vector<File> files_;
  std::map<std::string, Entry> entries_;  // by full names
  std::vector<DamagedCdiFile> damaged_;
};

}  // namespace gocker
