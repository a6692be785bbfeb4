// gocker-runtime create: makes a container and leaves it waiting for `start`.
#include <array>

#include "runtime/cli/create_options.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{kBundle,      kConfig,  kConsoleSocket, kPidFile,
                              kPidfdSocket, kNoPivot, kNoNewKeyring,  kPreserveFds};

int run(const Global& global, const Arguments& arguments) {
  const CreateOptions options = create_options(global, arguments);
  close_stray_descriptors(options);
  guard_binary(global.argv);
  const Configuration configuration = load_bundle(options.bundle, arguments.value("config"));
  Created created = create_container(StateRoot(global.state_root), configuration, options);
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
