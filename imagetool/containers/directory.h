// The containers by id and by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imagetool/containers/places.h"

namespace gocker {

// 12 hexadecimal digits that no container has.
std::string new_container_id(const Places& places);

// Throws "'...' is no name for a container: ...".
void check_container_name(std::string_view name);

// Throws where another container has the name. A name whose container is gone is free.
void claim_name(const Places& places, const std::string& name, const std::string& id);
// Fine where the name is not `id`'s.
void release_name(const Places& places, const std::string& name, const std::string& id);

// All ids, sorted; those of containers whose making was cut off, too.
std::vector<std::string> container_ids(const Places& places);

// The id of the container that a person means: an id, a name, or the beginning of one id. Throws
// "no container '...'" with the nearest name, or tells that several begin like that.
std::string find_container(const Places& places, const std::string& text);

}  // namespace gocker
