// An image's User as numbers, looked up in the image's own files.
#pragma once

#include <string>
#include <string_view>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/rooted_path.h"

namespace gocker {

struct ImageUser {
  oci::User ids;
  std::string home;  // from passwd; "/" where it has none
};

// `user` is "", "USER", or "USER:GROUP", each a name or a number; "" is root. A number is taken as
// it is and never looked up as a name (CVE-2016-3697); its group is that of its line in passwd,
// else 0. A name brings its additional groups unless a group is given. Throws for a name that
// is not there, for numbers beyond 2^32 - 2, and for files of more than 16 MiB.
// (image-spec, conversion.md, "Config.User")
ImageUser look_up_user(std::string_view user, const RootDir& rootfs);

// A group by name or number, likewise.
uint32_t look_up_group(std::string_view name, const RootDir& rootfs);

}  // namespace gocker
