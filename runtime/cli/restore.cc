// gocker-runtime restore: brings a saved container back, by CRIU.
#include "runtime/checkpoint/restore.h"

#include <array>

#include "runtime/cli/create_options.h"
#include "runtime/cli/criu_options.h"
#include "runtime/cli/run.h"
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
    kDetach,
    kKeep,
    kNoSubreaper,
    kImagePath,
    kWorkPath,
    kTcpEstablished,
    Option{"tcp-close", 0, "", "close TCP connections"},
    kExtUnixSk,
    kShellJob,
    kLazyPages,
    kFileLocks,
    kManageCgroups,
    kEmptyNamespace,
    kAutoDedup,
    Option{"lsm-profile", 0, "TYPE:NAME", "another label: apparmor:PROFILE or selinux:LABEL"},
    Option{"lsm-mount-context", 0, "CONTEXT", "another SELinux context of the mounts"}};

int run(const Global& global, const Arguments& arguments) {
  const CreateOptions create = create_options(global, arguments);
  CriuOptions options = criu_options(arguments);
  options.tcp_close = arguments.has("tcp-close");
  options.lsm_profile = arguments.value("lsm-profile");
  options.lsm_mount_context = arguments.value("lsm-mount-context");
  close_stray_descriptors(create);
  guard_binary(global.argv);
  const Configuration configuration = load_bundle(create.bundle, arguments.value("config"));
  const StateRoot root(global.state_root);
  const CriuPlaces places = criu_places(global, arguments);
  return run_and_attend(configuration, create, arguments, [&](const CreateOptions& final_options) {
    return restore_container(root, configuration, final_options, places, options);
  });
}

}  // namespace

constinit const Command kRestore{.name = "restore",
                                 .arguments = "ID",
                                 .summary = "bring back a saved container",
                                 .options = kOptions,
                                 .least = 1,
                                 .most = 1,
                                 .run = run};

}  // namespace gocker::cli
