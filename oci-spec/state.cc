#include "oci-spec/state.h"

#include <array>
#include <nlohmann/json.hpp>

#include "oci-spec/json_text.h"

namespace oci {

std::string_view name_of(Status status) {
  constexpr std::array<std::string_view, 5> kNames = {"creating", "created", "running", "paused",
                                                      "stopped"};
  return kNames[static_cast<size_t>(status)];
}

std::string to_json(const State& state) {
  OrderedJson json = {
      {"ociVersion", state.oci_version}, {"id", state.id}, {"status", name_of(state.status)}};
  if (state.pid != 0) json["pid"] = state.pid;
  json["bundle"] = state.bundle;
  put(json, "annotations", state.annotations);
  return report_text(json, Layout::one_line);
}

std::string to_json(const StateReport& report) {
  const State& state = report.state;
  OrderedJson json = {
      {"ociVersion", state.oci_version}, {"id", state.id},         {"pid", state.pid},
      {"status", name_of(state.status)}, {"bundle", state.bundle}, {"rootfs", report.rootfs},
      {"created", report.created}};
  put(json, "annotations", state.annotations);
  json["owner"] = report.owner;
  return report_text(json, Layout::two_blanks);
}

}  // namespace oci
