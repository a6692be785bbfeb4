// What the files of validate.h share; private to the folder.
#pragma once

#include <string_view>
#include <vector>

#include "oci-spec/json_fields.h"
#include "oci-spec/runtime_spec.h"

namespace oci {

void check_absolute(std::string_view path, const JsonPlace& at);
void check_known(std::string_view name, Names known, const JsonPlace& at);
// Each entry is NAME=value, or NAME alone, which some engines pass on.
void check_environment(const std::vector<std::string>& env, const JsonPlace& at);
// Ranges that are not empty, fit into 32 bits and do not overlap on either side.
void check_mappings(const std::vector<IdMapping>& mappings, const JsonPlace& at);

void check_process(const Process& process, const JsonPlace& at);
void check_seccomp(const Seccomp& seccomp, const JsonPlace& at);
void check_sysctl(const Spec& spec, const JsonPlace& at);
// `top` is the whole document: some of these rules blame the process.
void check_linux(const Spec& spec, const JsonPlace& top);

}  // namespace oci
