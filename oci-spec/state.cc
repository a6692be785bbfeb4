#include "oci-spec/state.h"

#include <array>

#include "oci-spec/json_writer.h"

namespace oci {

std::string_view name_of(Status status) {
  constexpr std::array<std::string_view, 5> kNames = {"creating", "created", "running", "paused",
                                                      "stopped"};
  return kNames[static_cast<size_t>(status)];
}

std::string to_json(const State& state) {
  JsonWriter json(Layout::one_line);
  json.add("ociVersion", state.oci_version);
  json.add("id", state.id);
  json.add("status", name_of(state.status));
  if (state.pid != 0) json.add("pid", state.pid);
  json.add("bundle", state.bundle);
  if (!state.annotations.empty()) json.add("annotations", state.annotations);
  return json.finish();
}

std::string to_json(const StateReport& report) {
  const State& state = report.state;
  JsonWriter json(Layout::two_blanks);
  json.add("ociVersion", state.oci_version);
  json.add("id", state.id);
  json.add("pid", state.pid);
  json.add("status", name_of(state.status));
  json.add("bundle", state.bundle);
  json.add("rootfs", report.rootfs);
  json.add("created", report.created);
  if (!state.annotations.empty()) json.add("annotations", state.annotations);
  json.add("owner", report.owner);
  return json.finish();
}

}  // namespace oci
