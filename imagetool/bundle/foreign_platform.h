// Whether this machine can run what an image for another platform holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/image_spec.h"

namespace gocker {

// What is missing to run programs for `platform` here, to be told a person; nothing where they run:
// natively, or by an emulator that is registered with the kernel (binfmt_misc).
std::optional<std::string> missing_for(const oci::Platform& platform);

// Whether one of these registrations (the texts of the files in /proc/sys/fs/binfmt_misc) is for
// ELF programs of the architecture (in Go's words) and enabled.
bool has_emulator(const std::vector<std::string>& registrations, std::string_view architecture);

}  // namespace gocker
