#include "imagetool/containers/update.h"

#include "imagetool/containers/control.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/transition.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {

void update_container(const Places& places, const std::string& id, const ContainerUpdate& update) {
  const Transition transition(places, id, "update");
  ContainerRecord record = load_record(places, id);
  if (update.restart && record.remove && update.restart->when != RestartPolicy::When::never) {
    throw Error("container " + id + " goes at its end (--rm), so it cannot be restarted");
  }
  const Fd bundle = open_directory(places.bundle(id));
  oci::Spec spec = oci::parse_spec(read_file_at(bundle, "config.json"), "config.json");
  if (!spec.linux_.resources) spec.linux_.resources.emplace();
  apply_limits(update.limits, *spec.linux_.resources);
  const OciRuntime runtime(places);
  const auto state = runtime.state(id);
  if (state && state->is_alive()) runtime.update(id, update.limits);
  replace_file_at(bundle, "config.json", oci::to_json(spec), 0600);
  if (!update.restart) return;
  record.restart = *update.restart;
  write_record(places, record);
}

}  // namespace gocker
