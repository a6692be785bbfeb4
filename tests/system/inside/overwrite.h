// An attempt to write to the program of another process, as CVE-2019-5736 did to the runtime.
#pragma once

#include <string>

namespace inside {

// Opens the program of process `pid` and leaves a child that waits until `signal_file` exists, then
// tries to write to it by all means: through the descriptor, and after clearing the read-only flag
// of its mount. It writes the byte that is there already. What came of it goes to `result_file`.
int overwrite(const std::string& pid, const std::string& signal_file,
              const std::string& result_file);

}  // namespace inside
