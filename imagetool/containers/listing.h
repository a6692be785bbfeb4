// Containers as people look at them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/record.h"

namespace gocker {

struct ListedContainer {
  ContainerRecord record;
  std::string status;     // running, paused, restarting, created, exited
  pid_t pid = 0;          // 0 where it does not run
  bool attended = false;  // somebody sees to its end

  bool is_alive() const { return status == "running" || status == "paused"; }
};

// All of them, the newest first.
std::vector<ListedContainer> list_containers(const Places& places);
ListedContainer look_at(const Places& places, const std::string& id);

// "Up 3 minutes", "Exited (0) 2 hours ago", "Up 5 seconds (nobody attends to it)", ...
std::string describe_status(const ListedContainer& container, int64_t now);

// "3 minutes" for a time in RFC 3339; "Less than a second" at least.
std::string describe_age(std::string_view time, int64_t now);

// Whether the container is one that "KEY=VALUE" means: id, name (parts of them), status, label,
// ancestor, exited, volume, network. Throws for other keys.
bool matches(const ListedContainer& container, std::string_view filter);

// As `docker inspect` shapes it.
nlohmann::ordered_json to_json(const Places& places, const ListedContainer& container);
// What templates of `ps --format` may name, as docker calls it.
std::vector<nlohmann::ordered_json> to_rows(const std::vector<ListedContainer>& containers,
                                            int64_t now);
// "[...]" with each container on what `ps --format json` says of it.
std::string list_to_json(const std::vector<ListedContainer>& containers);

}  // namespace gocker
