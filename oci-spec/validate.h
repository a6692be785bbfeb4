// The rules of the runtime specification that join several fields and need no kernel: absolute
// paths, ids inside the mappings, namespaces named once, hostname only with a UTS namespace, ...
#pragma once

#include <string_view>

#include "oci-spec/runtime_spec.h"

namespace oci {

// Throws SpecError for the first rule that is broken. `file` is what the error names.
void validate(const Spec& spec, std::string_view file);
void validate(const Process& process, std::string_view file, std::string_view json_path);

}  // namespace oci
