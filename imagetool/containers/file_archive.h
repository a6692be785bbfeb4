// Files as a tar archive and back: what `cp` moves between a container and the host.
#pragma once

#include <string>
#include <vector>

#include "imagetool/layer/tar_writer.h"
#include "runtime/base/fd.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

// Writes `object` (O_PATH, a symlink itself) and all that is below it. In the archive it is called
// `name`; an empty name leaves a directory itself out, its content stands alone. Sockets are left
// out. Throws where something changes while it is read.
void pack_files(const Fd& object, const std::string& name, const TarWriter::Sink& sink);

struct UnpackTarget {
  const RootDir& root;    // nothing leads out of it
  std::string directory;  // below `root`: where the archive's names begin
  // What the files belong to: root of this user namespace, or whom the archive says.
  enum class Owner { root, archived } owner = Owner::root;
  // Whether a directory of the archive may be a symlink to one at the target.
  enum class Links { follow, refuse } links = Links::follow;
};

// Reads an archive, packed by gzip, zstd or not at all, from a pipe or file to its end. A file
// takes the place of a file, a directory joins one that is there; else an error says what is in the
// way.
void unpack_files(const Fd& archive, const UnpackTarget& target);

}  // namespace gocker
