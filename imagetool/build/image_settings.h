// The instructions that change an image's config and no file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagetool/build/dockerfile.h"
#include "imagetool/build/variables.h"
#include "oci-spec/image_spec.h"

namespace gocker {

// CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, SHELL, STOPSIGNAL, USER,
// VOLUME.
bool is_setting(std::string_view keyword);

// Applies one of them. Throws for values that make no sense: a port, a signal, a duration.
void apply_setting(const Instruction& instruction, char escape, const Lookup& lookup,
                   oci::ImageConfig& config);

// "NAME=VALUE" in place of the variable of that name, or at the end.
void set_variable(std::vector<std::string>& env, std::string_view name, std::string_view value);

// The shell that the shell form of commands is given to.
std::vector<std::string> shell_of(const oci::ContainerDefaults& defaults);

// The instruction's command as argv.
std::vector<std::string> command_line(const Instruction& instruction,
                                      const oci::ContainerDefaults& defaults);

}  // namespace gocker
