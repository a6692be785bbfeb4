// gocker-runtime create: makes a container and leaves it waiting for `start`.
#include <array>

#include "runtime/cli/create_options.h"
#include "runtime/cli/notify.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{kBundle,      kConfig,  kConsoleSocket, kPidFile,
                              kPidfdSocket, kNoPivot, kNoNewKeyring,  kPreserveFds};

int run(const Global& global, const Arguments& arguments) {
  CreateOptions options = create_options(global, arguments);
  close_stray_descriptors(options);
  guard_binary(global.argv);
  Configuration configuration = load_bundle(options.bundle, arguments.value("config"));
  const StateRoot root(global.state_root);
  if (!host_notify_socket().empty()) {
    add_notify_socket(configuration, root, options.id);
    options.on_directory = make_notify_directory;
  }
  Created created = create_container(root, configuration, options);
  created.init.release();
  return 0;
}

}  // namespace

constinit const Command kCreate{.name = "create",
                                .arguments = "ID",
                                .summary = "create a container that waits for start",
                                .options = kOptions,
                                .least = 1,
                                .most = 1,
                                .run = run};

}  // namespace gocker::cli
