#include "runtime/base/trace_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "runtime/base/trace.h"

namespace gocker {
namespace {

constexpr std::string_view kBegin = "[\n";
constexpr std::string_view kEnd = "\n]\n";
constexpr std::array<std::string_view, 2> kProcesses{"launcher", "init"};

// Microseconds, to the nanosecond.
std::string microseconds(uint64_t nanoseconds) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%llu.%03u",
                static_cast<unsigned long long>(nanoseconds / 1000),
                static_cast<unsigned>(nanoseconds % 1000));
  return text.data();
}

std::string name_of(const TraceEvent& event) {
  std::string name = event.action;
  if (event.object[0] != '\0') name.append(" ").append(event.object);
  return name;
}

// What a viewer shows in place of numbers.
std::string metadata(std::string_view kind, const std::string& ids, std::string_view name,
                     std::string_view more = {}) {
  return "{\"ph\":\"M\",\"name\":\"" + std::string(kind) + "\"," + ids +
         ",\"args\":{\"name\":" + json_quote(name) + std::string(more) + "}}";
}

// "00-TRACE_ID-PARENT_ID-FLAGS"
std::string context(std::string_view traceparent) {
  const std::vector<std::string_view> parts = split(traceparent, '-');
  if (parts.size() < 4) return {};
  return ",\"trace_id\":" + json_quote(parts[1]) + ",\"parent_id\":" + json_quote(parts[2]);
}

}  // namespace

std::string trace_json(std::string_view command, std::string_view traceparent) {
  const std::string pid = "\"pid\":" + std::to_string(::getpid());
  std::string json = metadata("process_name", pid + ",\"tid\":0",
                              "gocker-runtime " + std::string(command), context(traceparent));
  for (size_t i = 0; i < kProcesses.size(); ++i) {
    json += ",\n" + metadata("thread_name", pid + ",\"tid\":" + std::to_string(i), kProcesses[i]);
  }
  for (const TraceEvent& event : traced_events()) {
    if (event.action == nullptr) continue;  // a process was killed while it wrote it
    json += ",\n{\"ph\":\"X\",\"name\":" + json_quote(name_of(event)) + "," + pid +
            ",\"tid\":" + std::to_string(event.process) + ",\"ts\":" + microseconds(event.begin) +
            ",\"dur\":" + microseconds(event.end - event.begin) + "}";
  }
  return json;
}

void append_trace(const std::string& path, std::string_view command, std::string_view traceparent) {
  const Doing doing("write trace", path);
  const Fd file = open_file(path, O_RDWR | O_CREAT, 0644);
  check(::flock(file.get(), LOCK_EX), "flock");
  const off_t size = stat_fd(file, path).st_size;
  std::string text(kBegin);
  off_t at = 0;
  if (size > 0) {
    std::array<char, kEnd.size()> end{};
    at = size - static_cast<off_t>(kEnd.size());
    const bool read = at > 0 && ::pread(file.get(), end.data(), end.size(), at) ==
                                    static_cast<ssize_t>(end.size());
    if (!read || std::string_view(end.data(), end.size()) != kEnd) {
      throw Error("there is a file already, and it is no trace");
    }
    text = ",\n";
  }
  text.append(trace_json(command, traceparent)).append(kEnd);
  check(::lseek(file.get(), at, SEEK_SET), "lseek");
  write_all(file, text, path);
}

}  // namespace gocker
