#include "imagetool/containers/end.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "imagetool/containers/keeper.h"
#include "imagetool/containers/monitor.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/start.h"
#include "imagetool/containers/transition.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using std::chrono::milliseconds;

}  // namespace

bool wants_restart(const ContainerRecord& record) {
  using When = RestartPolicy::When;
  if (record.stopped || record.remove) return false;
  switch (record.restart.when) {
    case When::always:
    case When::unless_stopped:
      return true;
    case When::on_failure:
      return record.exit_code != 0 &&
             (record.restart.most == 0 || record.restarts < record.restart.most);
    case When::never:
      return false;
  }
  return false;
}

milliseconds restart_delay(const ContainerRecord& record) {
  constexpr uint64_t kMostDoublings = 10;
  const auto doublings = std::min(record.restarts, kMostDoublings);
  return std::min(milliseconds(100) * (1U << doublings), milliseconds(60'000));
}

void end_container(const Places& places, ContainerRecord& record, std::optional<int> exit_code) {
  record.finished = rfc3339_now();
  record.exit_code = exit_code;
  record.waits_to_restart = wants_restart(record);
  write_record(places, record);
  announce_end(places, record.id, exit_code);
  if (record.remove) return remove_container(places, record.id);
  release_resources(places, record.id);
}

void attend_to_end(const Places& places, const std::string& id) {
  milliseconds delay{};
  {
    Transition transition(places, id, "end");
    auto record = read_record(places, id);
    const auto state = OciRuntime(places).state(id);
    // Whoever could not start it undoes that.
    if (!record || !record->is_unfinished() || (state && state->is_alive())) {
      if (transition.was_cut_off()) transition.hand_over();  // to the next command
      return;
    }
    end_container(places, *record, read_exit_code(places, id));
    if (!record->waits_to_restart) return;
    set_keeper(places, id, ::getpid());
    delay = restart_delay(*record);
  }
  std::this_thread::sleep_for(delay);
  restart_waiting(places, id);
}

void restart_waiting(const Places& places, const std::string& id) {
  const Transition transition(places, id, "restart");
  auto record = read_record(places, id);
  if (!record || !record->waits_to_restart) return;
  ++record->restarts;
  start_container(places, *record);
}

}  // namespace gocker
