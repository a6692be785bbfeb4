// gocker-runtime run: create and start in one, then wait in the foreground and delete.
#include "runtime/cli/run.h"

#include <sys/prctl.h>

#include <array>
#include <optional>

#include "runtime/cli/attend.h"
#include "runtime/cli/create_options.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{kBundle,      kConfig,  kConsoleSocket, kPidFile,
                              kPidfdSocket, kNoPivot, kNoNewKeyring,  kPreserveFds,
                              kDetach,      kKeep,    kNoSubreaper};

int run(const Global& global, const Arguments& arguments) {
  const CreateOptions options = create_options(global, arguments);
  close_stray_descriptors(options);
  guard_binary(global.argv);
  const Configuration configuration = load_bundle(options.bundle, arguments.value("config"));
  const StateRoot root(global.state_root);
  return run_and_attend(configuration, options, arguments, [&](const CreateOptions& final_options) {
    return run_container(root, configuration, final_options);
  });
}

}  // namespace

int run_and_attend(const Configuration& configuration, CreateOptions options,
                   const Arguments& arguments, const MakeRunning& make_running) {
  if (arguments.has("detach")) {
    make_running(options).init.release();
    return 0;
  }
  const ForegroundSignals signals;
  std::optional<TerminalProxy> terminal;
  const std::optional<oci::Process>& process = configuration.spec.process;
  if (process && process->terminal && options.console_socket.empty()) {
    options.on_terminal = [&](Fd from_init) { terminal.emplace(std::move(from_init)); };
  }
  if (!arguments.has("no-subreaper")) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Created created = make_running(options);
  created.container.unlock();
  const int exit_code = attend(created.init, signals, terminal);
  if (arguments.has("keep")) return exit_code;
  if (created.container.lock()) created.container.destroy();
  return exit_code;
}

constinit const Command kRun{.name = "run",
                             .arguments = "ID",
                             .summary = "create and start a container, wait for its end",
                             .options = kOptions,
                             .least = 1,
                             .most = 1,
                             .run = run};

}  // namespace gocker::cli
