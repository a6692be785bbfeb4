// The part of examine.h that asks the kernel; private to it.
#pragma once

#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/launch/examine.h"

namespace gocker {

// Adds what is not among the problems yet. The spec may have errors of its own: what those
// concern is not asked.
void examine_host(const oci::Spec& spec, const std::string& bundle, std::vector<Problem>& problems);

}  // namespace gocker
