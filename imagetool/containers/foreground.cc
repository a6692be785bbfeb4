#include <fcntl.h>
#include <unistd.h>

#include "imagetool/containers/attended_run.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/removal.h"
#include "imagetool/containers/start.h"
#include "imagetool/containers/transition.h"
#include "imagetool/containers/wiring.h"
#include "imagetool/store/lease.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// The network's end takes longer than all else; nobody is to wait for it. The journal's entry lasts
// until it is done.
void disconnect_in_background(const Places& places, const std::string& id, Transition& transition) {
  if (std::optional<Child> child = clone_child(0, Fd())) {
    child->release();
    transition.hand_over();
    return;
  }
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  Doing::start_anew();
  try {
    disconnect_network(places, id);
    transition.finish();
  } catch (const std::exception&) {
    exit_now(1);  // the next command tries again
  }
  exit_now(0);
}

ProgramEnd run_to_the_end(const OciRuntime& runtime, const Places& places,
                          const ContainerRecord& record) try {
  return run_attended(runtime, {"run", "--bundle", places.bundle(record.id), record.id},
                      record.interactive ? Input::ours : Input::none);
} catch (...) {  // there is no such runtime
  const Transition transition(places, record.id, "remove");
  remove_container(places, record.id);
  throw;
}

}  // namespace

int run_in_foreground(const Places& places, ContainerRecord& record, Transition making) {
  std::vector<Fd> ports;
  try {
    ports = connect_network(places, record);
    set_keeper(places, record.id, ::getpid());
    record.started = rfc3339_now();
    record.boot_id = current_boot_id();
    write_record(places, record);
  } catch (...) {
    remove_container(places, record.id);
    throw;
  }
  making.finish();

  const OciRuntime runtime(places);
  const ProgramEnd end = run_to_the_end(runtime, places, record);
  Transition transition(places, record.id, "remove");
  announce_end(places, record.id, end.exit_code);
  // A runtime that was killed has left its container behind.
  if (end.runtime_was_killed) runtime.remove(record.id);
  if (read_record(places, record.id)) remove_ended_container(places, record);
  if (!ports.empty()) {
    // Whoever runs the same command again finds the ports free.
    ports.clear();
    disconnect_network(places, record.id);
  } else if (record.network.has_namespace()) {
    disconnect_in_background(places, record.id, transition);
  }
  return end.exit_code;
}

}  // namespace gocker
