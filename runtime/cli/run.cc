// gocker-runtime run: create and start in one, then wait in the foreground and delete.
#include <sys/prctl.h>

#include <array>
#include <memory>
#include <optional>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/cli/attend.h"
#include "runtime/cli/create_options.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{
    kBundle,
    kConfig,
    kConsoleSocket,
    kPidFile,
    kPidfdSocket,
    kNoPivot,
    kNoNewKeyring,
    kPreserveFds,
    Option{"detach", 'd', "", "return as soon as the program runs"},
    Option{"keep", 0, "", "don't delete the container when it has ended"},
    Option{"no-subreaper", 0, "", "don't adopt what the container's first process leaves behind"}};

int run_in_foreground(const StateRoot& root, const Configuration& configuration,
                      CreateOptions options, const Arguments& arguments) {
  const ForegroundSignals signals;
  std::optional<TerminalProxy> terminal;
  const std::optional<oci::Process>& process = configuration.spec.process;
  if (process && process->terminal && options.console_socket.empty()) {
    options.on_terminal = [&](Fd from_init) { terminal.emplace(std::move(from_init)); };
  }
  if (!arguments.has("no-subreaper")) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Created created = run_container(root, configuration, options);
  created.container.unlock();
  const int exit_code = attend(created.init, signals, terminal);
  if (arguments.has("keep")) return exit_code;
  if (created.container.lock()) created.container.destroy();
  leave_descriptors_to_exit();
  return exit_code;
}

int run(const Global& global, const Arguments& arguments) {
  const CreateOptions options = create_options(global, arguments);
  close_stray_descriptors(options);
  guard_binary(global.argv);
  const Configuration configuration = load_bundle(options.bundle, arguments.value("config"));
  const StateRoot root(global.state_root);
  if (!arguments.has("detach")) return run_in_foreground(root, configuration, options, arguments);
  run_container(root, configuration, options).init.release();
  return 0;
}

}  // namespace

constinit const Command kRun{.name = "run",
                             .arguments = "ID",
                             .summary = "create and start a container, wait for its end",
                             .options = kOptions,
                             .least = 1,
                             .most = 1,
                             .run = run};

}  // namespace gocker::cli
