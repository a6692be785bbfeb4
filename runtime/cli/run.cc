// gocker-runtime run: create and start in one, then wait in the foreground and delete.
#include "runtime/cli/run.h"

#include <sys/prctl.h>

#include <array>
#include <optional>

#include "runtime/base/fd.h"
#include "runtime/cli/attend.h"
#include "runtime/cli/create_options.h"
#include "runtime/cli/notify.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{kBundle,      kConfig,  kConsoleSocket, kPidFile,
                              kPidfdSocket, kNoPivot, kNoNewKeyring,  kPreserveFds,
                              kDetach,      kKeep,    kNoSubreaper};

int attend_to_end(const Configuration& configuration, CreateOptions options,
                  const Arguments& arguments, const MakeRunning& make_running,
                  const std::optional<NotifyRelay>& relay) {
  const ForegroundSignals signals;
  std::optional<TerminalProxy> terminal;
  const std::optional<oci::Process>& process = configuration.spec.process;
  if (process && process->terminal && options.console_socket.empty()) {
    options.on_terminal = [&](Fd from_init) { terminal.emplace(std::move(from_init)); };
  }
  if (!arguments.has("no-subreaper")) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Created created = make_running(options);
  created.container.unlock();
  std::optional<Companion> companion;
  if (relay) companion.emplace(Companion{relay->fd(), [&] { relay->relay_message(); }});
  const int exit_code = attend(created.init, signals, terminal, companion ? &*companion : nullptr);
  if (arguments.has("keep")) return exit_code;
  if (created.container.lock()) created.container.destroy();
  leave_descriptors_to_exit();
  return exit_code;
}

int run(const Global& global, const Arguments& arguments) {
  const CreateOptions options = create_options(global, arguments);
  close_stray_descriptors(options);
  guard_binary(global.argv);
  Configuration configuration = load_bundle(options.bundle, arguments.value("config"));
  const StateRoot root(global.state_root);
  if (!host_notify_socket().empty()) add_notify_socket(configuration, root, options.id);
  return run_and_attend(configuration, options, arguments, [&](const CreateOptions& final_options) {
    return run_container(root, configuration, final_options);
  });
}

}  // namespace

int run_and_attend(const Configuration& configuration, CreateOptions options,
                   const Arguments& arguments, const MakeRunning& make_running) {
  std::optional<NotifyRelay> relay;
  if (const std::string host_socket = host_notify_socket(); !host_socket.empty()) {
    options.on_directory = [&relay, host_socket](const Fd& state_directory) {
      make_notify_directory(state_directory);
      relay.emplace(host_socket, state_directory);
    };
  }
  if (!arguments.has("detach")) {
    return attend_to_end(configuration, options, arguments, make_running, relay);
  }
  Created created = make_running(options);
  if (relay) {
    created.container.unlock();
    relay->wait_until_ready(created.init.pidfd(), created.init.pid());
  }
  created.init.release();
  return 0;
}

constinit const Command kRun{.name = "run",
                             .arguments = "ID",
                             .summary = "create and start a container, wait for its end",
                             .options = kOptions,
                             .least = 1,
                             .most = 1,
                             .run = run};

}  // namespace gocker::cli
