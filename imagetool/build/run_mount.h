// RUN --mount: what a command sees besides the stage's files, leaving no trace in its layer.
// (https://docs.docker.com/reference/dockerfile/#run---mount)
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/build/dockerfile.h"

namespace gocker {

struct RunMount {
  enum class Kind { bind, cache, tmpfs, secret } kind = Kind::bind;
  // Of a cache: whether commands use it at once, one after the other, or each one of its own.
  enum class Sharing { shared, locked, exclusive } sharing = Sharing::shared;
  std::string target;        // absolute
  std::string source;        // bind: below `from`; empty: all of it
  std::string from;          // bind: a stage or an image; empty: the build context
  std::string id;            // of a cache or a secret
  std::string size;          // tmpfs: as mount(8) takes it; empty: no limit
  bool readonly = false;     // a bind that is not is a copy, which goes with the command
  bool is_required = false;  // a secret
  std::optional<mode_t> mode;
  uid_t uid = 0;
  gid_t gid = 0;
};

// The mounts of a RUN, in their order. `expand` puts the values of variables in; a target that is
// not absolute starts at `working_dir`. Throws "--mount=...: ...".
std::vector<RunMount> run_mounts(const Instruction& instruction,
                                 const std::function<std::string(std::string_view)>& expand,
                                 std::string_view working_dir);

// The stages and images that its mounts take files from.
std::vector<std::string> sources_of_mounts(const Instruction& instruction);

}  // namespace gocker
