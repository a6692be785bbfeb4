// Volumes: directories that outlive the containers that use them.
//
//   ROOT/volumes/NAME/volume.json   written when the volume is whole
//   ROOT/volumes/NAME/_data         what is mounted
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

struct Volume {
  std::string name;
  std::string path;     // of _data: absolute, if the root is
  std::string created;  // RFC 3339
  bool anonymous = false;
  std::map<std::string, std::string> labels;
};

class Volumes {
 public:
  explicit Volumes(std::string root) : directory_(std::move(root) + "/volumes") {}

  // Empty, mode 0755, owned by the caller. Throws where there is one of that name. An empty name
  // makes an anonymous volume: its name is 64 hexadecimal digits.
  Volume create(const std::string& name,
                const std::map<std::string, std::string>& labels = {}) const;

  // By name; throws with the nearest name where there is none.
  Volume find(const std::string& name) const;
  std::optional<Volume> find_if_exists(const std::string& name) const;
  std::vector<Volume> list() const;  // by name

  // The volume of that name, made where there is none. One that is empty is filled with what
  // `image_content` (a directory, or an invalid Fd) holds, owners, modes and times kept, and gets
  // its owner and mode. An empty name makes an anonymous volume.
  Volume ensure(const std::string& name, const Fd& image_content) const;

  // Throws where there is none. The caller knows that nobody uses it.
  void remove(const std::string& name) const;

 private:
  Volume add(Volume volume, const Fd& image_content) const;

  std::string directory_;
};

std::string to_json(const Volume& volume);

}  // namespace gocker
