#include "imagetool/containers/recovery.h"

#include <fcntl.h>

#include <map>
#include <optional>
#include <string>

#include "imagetool/containers/end.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/monitor.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/record.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/transition.h"
#include "imagetool/store/lease.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kBootFile = "boot-id";

// The container whose change was cut off, or whose keeper is gone. Every case ends in one of:
// gone, never started, ended, or running.
void settle(const Places& places, const Transition& transition) {
  const std::string& id = transition.id();
  auto record = read_record(places, id);
  if (!record || !record->made) {  // half made or half removed
    kill_monitor(places, id);
    return remove_container(places, id);
  }
  const auto state = OciRuntime(places).state(id);
  if (state && state->status == "paused" && transition.cut_off() == kPausedForCommit) {
    return OciRuntime(places).resume(id);
  }
  if (state && state->is_alive()) return;  // without a keeper: `ps` says so
  // Nobody will give it the word to begin. One that is stopped is its keeper's to end.
  if (state && state->status != "stopped") kill_monitor(places, id);
  if (record->is_unfinished()) {
    if (has_keeper(places, id)) return;  // which is about to end it
    return end_container(places, *record, read_exit_code(places, id));
  }
  if (record->remove && !record->finished.empty()) return remove_container(places, id);
  if (record->waits_to_restart) return;
  kill_monitor(places, id);
  release_resources(places, id);
  announce_end(places, id, record->exit_code);
}

bool waits_in_vain(const Places& places, const std::string& id) {
  const auto record = read_record(places, id);
  return record && record->waits_to_restart && !has_keeper(places, id);
}

// One that cannot be settled now does not keep the others, nor the command that came to do
// something else; it is tried again by the next.
void try_to_settle(const Places& places, const std::string& id) {
  auto transition = Transition::try_begin(places, id, "settle");
  if (!transition) return;
  const Doing doing("recover container", id);
  try {
    settle(places, *transition);
    transition->finish();
    if (waits_in_vain(places, id)) restart_waiting(places, id);
  } catch (const std::exception&) {
    transition->hand_over();  // the file stays for the next command
  }
}

void settle_cut_off_changes(const Places& places) {
  for (const std::string& id : open_transitions(places)) try_to_settle(places, id);
}

void settle_left_containers(const Places& places) {
  for (const std::string& id : kept_containers(places)) {
    if (!has_keeper(places, id)) try_to_settle(places, id);
  }
}

// All that ran in another boot has ended, whatever RUN has kept of it.
void settle_after_reboot(const Places& places) {
  const Fd run = open_directory(places.run);
  const std::string boot_id = current_boot_id();
  if (read_if_exists_at(run, kBootFile) == boot_id) return;
  for (const ContainerRecord& record : records(places)) {
    if (record.is_unfinished() && record.boot_id != boot_id) try_to_settle(places, record.id);
  }
  replace_file_at(run, kBootFile, boot_id, 0600);
}

}  // namespace

void recover(const Places& places) {
  settle_after_reboot(places);
  settle_cut_off_changes(places);
  settle_left_containers(places);
}

}  // namespace gocker
