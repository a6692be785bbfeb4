// The state of a container as `state` prints it and hooks read it (runtime.md, "State").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "oci-spec/runtime_spec.h"

namespace oci {

enum class Status { creating, created, running, paused, stopped };
std::string_view name_of(Status status);

struct State {
  std::string oci_version;
  std::string id;
  Status status = Status::creating;
  int32_t pid = 0;  // 0 where there is no process
  std::string bundle;
  StringMap annotations;
};

// What the state command adds to State, as runc does and the engines read.
struct StateReport {
  State state;
  std::string rootfs;
  std::string created;  // RFC 3339 with nanoseconds
  std::string owner;
};

std::string to_json(const State& state);         // one line: what a hook gets on its stdin
std::string to_json(const StateReport& report);  // indented: what `state` prints

}  // namespace oci
