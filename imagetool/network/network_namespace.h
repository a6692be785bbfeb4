// Network namespaces with a name: bound to a file, they live without a process.
#pragma once

#include <string>

namespace gocker {

// Makes one and binds it to the new file `path`. The caller's stays as it is.
void make_network_namespace(const std::string& path);

// Whether a namespace is bound to the file `path`.
bool is_network_namespace(const std::string& path);

// Unbinds and removes the file; fine where either is gone. Interfaces in it vanish with the last
// process that is in it.
void remove_network_namespace(const std::string& path);

}  // namespace gocker
