// Cache and memory bandwidth groups of the resctrl file system (config-linux.md, "IntelRdt";
// Documentation/filesystems/resctrl.rst of the kernel).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "oci-spec/runtime_spec.h"

namespace gocker {

// The groups of one container, as directories of the host.
struct RdtGroups {
  std::string control;     // the class of service that it is in
  std::string monitoring;  // its monitoring group below that; empty: none
  bool make_control = false;

  // What goes with the container, innermost first.
  std::vector<std::string> own_directories() const;
};

// Where resctrl is mounted, else an Error that names the property.
std::string find_resctrl();

// Which groups the container is in; touches nothing.
RdtGroups find_rdt_groups(const oci::IntelRdt& config, const std::string& container_id,
                          const std::string& resctrl);
// The same for a new container: says what has to be made, and refuses a class that must be there
// and is not, or that is there and must not be.
RdtGroups plan_rdt_groups(const oci::IntelRdt& config, const std::string& container_id,
                          const std::string& resctrl);

// Makes what the plan says and writes the schemata. A class that stood there before must have the
// wanted l3CacheSchema and memBwSchema already.
void make_rdt_groups(const RdtGroups& groups, const oci::IntelRdt& config);
// For a running container: a line each of its class's schemata; an empty one changes nothing.
void update_rdt_schemata(const RdtGroups& groups, const std::string& l3_cache_schema,
                         const std::string& mem_bw_schema);
// The process and its later children are in the groups from now on.
void join_rdt_groups(const RdtGroups& groups, pid_t pid);
// Once their processes are gone. What is absent is fine.
void remove_rdt_directories(const std::vector<std::string>& directories);

// Whether a schemata file says of every domain that the line "L3:0=7f;1=f" names what the line
// says.
bool has_rdt_schema(std::string_view schemata, std::string_view line);

}  // namespace gocker
