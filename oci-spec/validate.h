// The rules of the runtime specification that join several fields, or hold for values that a
// command line may set too, and need no kernel: absolute paths, known names of capabilities, ids
// inside the mappings, namespaces named once, hostname only with a UTS namespace, ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace oci {

// Throws SpecError for the first rule that is broken. `file` is what the error names. All of them
// go into `findings` where it is not null and wants that.
void validate(const Spec& spec, std::string_view file, Findings* findings = nullptr);
// `json_path` is where the process stands in the file: "/process", or empty for exec's
// process.json.
void validate(const Process& process, std::string_view file, std::string_view json_path);

// Of a container that runs already: what hangs on its namespaces is not judged.
void validate(const std::vector<Mount>& mounts, std::string_view file);

// A kernel parameter's name as a path below /proc/sys. As in sysctl(8) the first separator decides:
// "net.ipv4.conf.eth0/1.forwarding" and "net/ipv4/conf/eth0.1/forwarding" are the same. Whoever
// writes a parameter must use this, as validate() judges the same reading.
std::string sysctl_path(std::string_view name);

}  // namespace oci
