// gocker-runtime run: create and start in one, then wait in the foreground and delete.
#include <sys/prctl.h>

#include <array>
#include <memory>
#include <optional>

#include "runtime/base/error.h"
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

int run_in_foreground(const StateRoot& root, const oci::Spec& spec, CreateOptions options,
                      const Arguments& arguments) {
  const ForegroundSignals signals;
  std::optional<TerminalProxy> terminal;
  if (spec.process && spec.process->terminal && options.console_socket.empty()) {
    options.on_terminal = [&](Fd from_init) { terminal.emplace(std::move(from_init)); };
  }
  if (!arguments.has("no-subreaper")) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Created created = create_container(root, spec, options);
  start_container(created.container);
  created.container.unlock();
  const int exit_code = attend(created.init, signals, terminal);
  if (arguments.has("keep")) return exit_code;
  // Somebody else may have deleted it meanwhile.
  if (auto left = Container::load_if_exists(root, options.id, Locking::exclusive)) left->destroy();
  return exit_code;
}

int run(const Global& global, const Arguments& arguments) {
  const CreateOptions options = create_options(global, arguments);
  close_stray_descriptors(options);
  guard_binary(global.argv);
  const oci::Spec spec = load_bundle(options.bundle, arguments.value("config"));
  const StateRoot root(global.state_root);
  if (!arguments.has("detach")) return run_in_foreground(root, spec, options, arguments);
  Created created = create_container(root, spec, options);
  start_container(created.container);
  created.init.release();
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
