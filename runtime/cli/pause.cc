// gocker-runtime pause and resume: stop all processes of a container, and let them go on.
#include "runtime/base/error.h"
#include "runtime/cli/command.h"
#include "runtime/container/container.h"

namespace gocker::cli {
namespace {

Container load(const Global& global, const Arguments& arguments) {
  return Container::load(StateRoot(global.state_root), arguments.positionals().at(0),
                         Locking::exclusive);
}

int pause(const Global& global, const Arguments& arguments) {
  const Container container = load(global, arguments);
  const Doing doing("pause container", container.record().id);
  const oci::Status status = container.status();
  if (status != oci::Status::running && status != oci::Status::created) {
    throw Error("container not running (it is " + std::string(oci::name_of(status)) + ")");
  }
  Cgroup(container.record().cgroup).freeze();
  return 0;
}

int resume(const Global& global, const Arguments& arguments) {
  const Container container = load(global, arguments);
  const Doing doing("resume container", container.record().id);
  Cgroup cgroup(container.record().cgroup);
  // A created container that is frozen waits at its gate all the same, and is told as created.
  if (!cgroup.is_frozen()) {
    throw Error("container not paused (it is " + std::string(oci::name_of(container.status())) +
                ")");
  }
  cgroup.thaw();
  return 0;
}

}  // namespace

constinit const Command kPause{.name = "pause",
                               .arguments = "ID",
                               .summary = "stop all processes of a container",
                               .least = 1,
                               .most = 1,
                               .run = pause};

constinit const Command kResume{.name = "resume",
                                .arguments = "ID",
                                .summary = "let the processes of a paused container go on",
                                .least = 1,
                                .most = 1,
                                .run = resume};

}  // namespace gocker::cli
