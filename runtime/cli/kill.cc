// gocker-runtime kill: sends a signal to a container's first process, or to all of its processes.
#include <signal.h>

#include <array>

#include "runtime/base/error.h"
#include "runtime/base/signals.h"
#include "runtime/base/syscalls.h"
#include "runtime/cli/command.h"
#include "runtime/cli/each_container.h"
#include "runtime/container/processes.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{Option{"all", 'a', "", "signal every process of the container"},
                              kRegex};

void kill_first(const Container& container, int signal) {
  const Fd process = container.open_process();
  if (!process) throw Error("container not running");
  check(sys::pidfd_send_signal(process.get(), signal), "pidfd_send_signal");
  // A frozen process of cgroup v1 dies only when it thaws.
  Cgroup cgroup(container.record().cgroup);
  if (signal == SIGKILL && cgroup.is_frozen()) cgroup.thaw();
}

int run(const Global& global, const Arguments& arguments) {
  const auto& words = arguments.positionals();
  const int signal = parse_signal(words.size() > 1 ? words[1] : "SIGTERM");
  const StateRoot root(global.state_root);
  for (const std::string& id : chosen_ids(root, arguments)) {
    const Container container = Container::load(root, id, Locking::none);
    const Doing doing("kill container", id);
    // Of several, some may have ended.
    if (arguments.has("regex") && !container.open_process()) continue;
    arguments.has("all") ? signal_all_processes(container, signal) : kill_first(container, signal);
  }
  return 0;
}

}  // namespace

constinit const Command kKill{.name = "kill",
                              .arguments = "ID [SIGNAL]",
                              .summary = "send a signal (default: SIGTERM)",
                              .options = kOptions,
                              .least = 1,
                              .most = 2,
                              .words_after_id = true,
                              .run = run};

}  // namespace gocker::cli
