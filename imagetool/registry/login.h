// Logging in: which registry is meant, and whether it lets somebody in.
#pragma once

#include <string>
#include <string_view>

#include "imagetool/registry/credentials.h"
#include "imagetool/registry/http.h"
#include "imagetool/registry/registries_conf.h"

namespace gocker {

// HOST[:PORT] as references have it; an empty text is Docker Hub. Throws for anything else.
std::string parse_registry(std::string_view text);

// Asks for the registry's base address (distribution-spec, "Determining Support") as that user.
// Throws where it refuses, and where it cannot be asked.
void try_login(HttpClient& client, const std::string& registry, Transport transport,
               const Credentials& credentials);

}  // namespace gocker
