#include "imagetool/containers/control.h"

#include <fcntl.h>
#include <poll.h>

#include "imagetool/containers/end.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/monitor.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/transition.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using std::chrono::milliseconds;

// A process that may end at any time, or be gone.
class ProcessWatch {
 public:
  explicit ProcessWatch(pid_t pid) : fd_(pid > 0 ? sys::pidfd_open(pid) : -1) {}
  // False where it lives on after that time.
  bool wait(milliseconds patience) const {
    if (!fd_) return true;
    pollfd polled{fd_.get(), POLLIN, 0};
    return ::poll(&polled, 1, static_cast<int>(patience.count())) > 0;
  }

 private:
  Fd fd_;
};

// A person does not want it to be started again. Nothing where it is gone.
std::optional<ContainerRecord> note_stop(const Places& places, const std::string& id) {
  const Transition transition(places, id, "stop");
  auto record = read_record(places, id);
  if (!record || (record->stopped && !record->waits_to_restart)) return record;
  record->stopped = true;
  record->waits_to_restart = false;
  write_record(places, *record);
  return record;
}

// It may have ended since it was looked at.
void send_signal(const OciRuntime& runtime, const std::string& id, const std::string& signal) {
  try {
    runtime.kill(id, signal);
  } catch (const Error&) {
    const auto state = runtime.state(id);
    if (state && state->is_alive()) throw;
  }
}

void end_processes(const OciRuntime& runtime, const ContainerRecord& record,
                   const RuntimeState& state, milliseconds patience) {
  const ProcessWatch process(state.pid);
  if (patience.count() > 0) {
    send_signal(runtime, record.id, record.stop_signal);
    // A frozen process would sleep on.
    if (state.status == "paused") runtime.resume(record.id);
    if (process.wait(patience)) return;
  }
  send_signal(runtime, record.id, "KILL");
  if (!process.wait(milliseconds(10'000))) {
    throw Error("container " + record.id + " does not end, though it was killed");
  }
}

}  // namespace

void stop_container(const Places& places, const std::string& id,
                    std::optional<std::chrono::seconds> patience) {
  const auto record = note_stop(places, id);
  if (!record) return;
  const OciRuntime runtime(places);
  const auto state = runtime.state(id);
  const EndWatch end(places, id);
  const ProcessWatch monitor(monitor_pid(places, id));
  if (state && state->is_alive()) {
    const auto seconds = patience.value_or(std::chrono::seconds(record->stop_timeout));
    end_processes(runtime, *record, *state, seconds);
  }
  if (end) end.wait();
  // It holds the published ports.
  constexpr milliseconds kMonitorsEnd(5'000);
  monitor.wait(kMonitorsEnd);
  attend_to_end(places, id);  // where nobody did
}

void remove_container_of_person(const Places& places, const std::string& id, Force force,
                                AnonymousVolumes volumes) {
  const auto state = OciRuntime(places).state(id);
  if (state && state->is_alive() && force == Force::no) {
    throw Error("container " + id + " is " + state->status + "; gocker rm -f kills it first");
  }
  if (force == Force::yes) {
    try {
      stop_container(places, id, std::chrono::seconds(0));
    } catch (const Error&) {
      // A damaged record, a keeper in trouble: what can be removed is removed.
    }
  }
  Transition transition(places, id, "remove");
  try {
    kill_monitor(places, id);
    if (open_if_exists(places.container(id), O_PATH)) remove_container(places, id, volumes);
  } catch (...) {
    transition.hand_over();  // the next command tries again
    throw;
  }
}

std::optional<int> wait_for_container(const Places& places, const std::string& id) {
  const EndWatch end(places, id);
  const ContainerRecord record = load_record(places, id);
  if (!record.is_unfinished()) {
    if (record.started.empty()) throw Error("container " + id + " was never started");
    return record.exit_code;
  }
  if (end) {
    const EndWatch::End seen = end.wait();
    if (seen.was_announced) return seen.exit_code;
  }
  // Nobody attends to it: its end is seen, its exit code is not.
  while (const auto state = OciRuntime(places).state(id)) {
    if (!state->is_alive()) break;
    ProcessWatch(state->pid).wait(milliseconds(60'000));
  }
  attend_to_end(places, id);
  return std::nullopt;
}

std::string status_of(const ContainerRecord& record, const RuntimeState* state) {
  if (state != nullptr && state->is_alive()) return state->status;
  if (record.waits_to_restart) return "restarting";
  return record.started.empty() ? "created" : "exited";
}

void require_running(const Places& places, const ContainerRecord& record) {
  const auto state = OciRuntime(places).state(record.id);
  if (state && state->is_alive()) return;
  const std::string& what = record.name.empty() ? record.id : record.name;
  throw Error("container " + what + " does not run (" + status_of(record, nullptr) +
              "); gocker start " + what + " starts it");
}

ContainerRecord load_record(const Places& places, const std::string& id) {
  auto record = read_record(places, id);
  if (!record) throw Error("container " + id + " is being made or removed just now");
  return std::move(*record);
}

}  // namespace gocker
