// What a person mounts in a container: -v, --mount and --tmpfs.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gocker {

struct BindMount {
  std::string source;       // on the host, absolute
  std::string destination;  // in the container, absolute
  bool readonly = false;
  std::string propagation = "rprivate";
};

struct VolumeMount {
  std::string name;  // empty: an anonymous one
  std::string destination;
  bool readonly = false;
  bool copy = true;  // an empty volume gets what the image has at the destination
};

struct TmpfsMount {
  std::string destination;
  std::vector<std::string> options;  // of mount(8): "size=64m", "mode=1777"
};

using MountOption = std::variant<BindMount, VolumeMount, TmpfsMount>;

// "SOURCE:DESTINATION[:OPTION,...]"; a source without a slash is a volume's name, a destination
// alone an anonymous volume. A source that begins with "./" or "../" starts at `here`. Options: ro,
// rw, nocopy, a propagation; z and Z are taken and do nothing without SELinux. Throws "'...' is no
// mount: ...".
MountOption parse_volume_option(std::string_view text, std::string_view here);
// "type=bind|volume|tmpfs,source=...,target=...[,readonly]" with Docker's other names for them.
MountOption parse_mount_option(std::string_view text, std::string_view here);
// "DESTINATION[:OPTION,...]"
TmpfsMount parse_tmpfs_option(std::string_view text);

}  // namespace gocker
