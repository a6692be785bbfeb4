// What COPY and ADD do to a stage's file system.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "imagetool/build/source_tree.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct CopyRequest {
  std::vector<std::string> sources;  // as SourceTree::find gives them
  // Absolute. A slash at its end, several sources or a source that is a directory make it a
  // directory; else an existing directory is one.
  std::string destination;
  std::optional<Owner> owner;  // else the sources' own
  std::optional<mode_t> mode;  // of files and directories alike, else the sources' own
};

// Copies below `root`. A directory's content goes to the destination, not the directory itself;
// directories that are there keep their attributes; symlinks to directories are followed; anything
// else is replaced. Throws where a file would take the place of a directory, or the other way
// round, and for what a layer cannot hold; sockets are left out with a note.
void copy_files(const SourceTree& tree, const CopyRequest& request, const RootDir& root,
                std::vector<std::string>& notes);

// A digest of what copy_files() would read: names, types, modes, contents, links, extended
// attributes, and, where the request gives no owner, owners. Times do not count.
std::string digest_of_sources(const SourceTree& tree, const CopyRequest& request);

// mkdir -p below `root`; what is missing is made with mode 0755 and the owner. Symlinks are
// followed. Returns the directory (O_PATH).
Fd make_owned_directories(const RootDir& root, const std::string& path, Owner owner);

}  // namespace gocker
