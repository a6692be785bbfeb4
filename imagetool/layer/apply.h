// A layer's tar stream as a directory: one overlay layer, complete with whiteouts.
//
// The rules (image-spec, layer.md, "Applying Changesets"; docs/layers.md has the table):
// - The last entry of a name wins; an entry never writes through a symlink of its own name.
// - Every path starts at the image's root: absolute ones, "..", and symlinks on the way.
// - Whiteouts speak of the layers below only, wherever in the archive they stand.
// - Hard links stay inside the image; a lower layer's file is copied up with all its names.
// - Refused: a character device 0:0 (it is overlay's own whiteout), ".wh." alone, whiteouts of "."
//   and "..", hard links to directories, names in a whiteout.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/layer/layer_stream.h"
#include "imagetool/layer/layer_tree.h"
#include "imagetool/layer/limits.h"
#include "imagetool/layer/lower_view.h"
#include "imagetool/store/store.h"
#include "runtime/base/fd.h"

namespace gocker {

// What was left out: sockets, attributes that Linux has no place for, device nodes where only root
// of the host may make them. At most kMaxNotes are kept.
using Notes = std::vector<std::string>;
inline constexpr size_t kMaxNotes = 20;

// Fills the empty layer `tree` with the entries of `stream`, and hashes the stream to its end:
// returns the diff id. What is left to do is tree.settle(). Throws an Error that names the entry;
// the directory is of no use then.
std::string apply_entries(LayerStream& stream, LayerTree& tree, const LayerLimits& limits,
                          Notes& notes);

// Both for the empty directory `tree` (opened for reading). `lower` joins the layers below.
std::string apply_layer(LayerStream& stream, const Fd& tree, LowerView& lower,
                        OverlayAttributes overlay_attributes, const LayerLimits& limits,
                        Notes& notes);

// Where an archive that is no layer goes, as ADD in a Dockerfile has it.
struct ArchiveTarget {
  std::string directory;     // of the image; all entries stay below it but for symlinks on the way
  std::optional<uid_t> uid;  // else the entries' own
  std::optional<gid_t> gid;
};

// Unpacks an archive into the layer `tree`, which may have entries already; they count as
// the layer's own. Names that begin with ".wh." are refused: in a layer they would be whiteouts.
void unpack_archive(LayerStream& stream, const Fd& tree, LowerView& lower,
                    OverlayAttributes overlay_attributes, const ArchiveTarget& target,
                    Notes& notes);

}  // namespace gocker
