// The trace of a command as Chrome trace JSON, which trace viewers open (about:tracing, Perfetto).
#pragma once

#include <string>
#include <string_view>

namespace gocker {

// Adds the events to a file, which stays one valid JSON array: create and start of a container fit
// on one time line. `command` names this process; `traceparent` (W3C Trace Context) may be empty.
// Throws where the file can't be written or is no trace.
void append_trace(const std::string& path, std::string_view command, std::string_view traceparent);

// One event a line; the commas between them included, the brackets not.
std::string trace_json(std::string_view command, std::string_view traceparent);

}  // namespace gocker
