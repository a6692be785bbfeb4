// Which of an index's images is for which machine (image-index.md, "platform").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/image_spec.h"

namespace gocker {

// "linux/arm64/v8"
std::string to_text(const oci::Platform& platform);

// OS/ARCH[/VARIANT], or ARCH[/VARIANT] for linux; names that people use for architectures (x86_64,
// aarch64, armhf) are taken too. Throws where it is neither.
oci::Platform parse_platform(std::string_view text);

// Of the machine that this runs on.
oci::Platform host_platform();

// How well an image runs on `wanted`: 0 not at all, higher is better. The variant wanted is best,
// then the next older one; arm without a variant counts as v7, arm64 as v8, amd64 as v1.
int fitness(const oci::Platform& offered, const oci::Platform& wanted);

// The entry that fits best, the first of equals; nullptr where none fits. Entries without a
// platform fit only where they are alone.
const oci::Descriptor* choose(const oci::Index& index, const oci::Platform& wanted);

// The platforms that an index offers, for messages: "linux/amd64, linux/arm64/v8".
std::string platforms_of(const oci::Index& index);

}  // namespace gocker
