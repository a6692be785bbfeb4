// gocker-runtime checkpoint and restore: the command lines are those of runc, as engines ask for
// them to find out what a runtime can do; this build has nothing behind them yet.
#include <array>

#include "runtime/base/error.h"
#include "runtime/cli/command.h"
#include "runtime/cli/create_options.h"

namespace gocker::cli {
namespace {

constexpr Option kImagePath{"image-path", 0, "DIR", "where the images are"};
constexpr Option kWorkPath{"work-path", 0, "DIR", "where CRIU keeps its logs"};
constexpr Option kTcpEstablished{"tcp-established", 0, "", "with open TCP connections"};
constexpr Option kExtUnixSk{"ext-unix-sk", 0, "", "with sockets that lead outside"};
constexpr Option kShellJob{"shell-job", 0, "", "with a shell's job"};
constexpr Option kFileLocks{"file-locks", 0, "", "with file locks"};
constexpr Option kLazyPages{"lazy-pages", 0, "", "bring pages over when they are needed"};
constexpr Option kManageCgroups{"manage-cgroups-mode", 0, "MODE", "soft, full, strict or ignore"};
constexpr Option kEmptyNamespace{"empty-ns", 0, "NAMESPACE", "leave its content out"};

constexpr std::array kCheckpointOptions{
    kImagePath,
    kWorkPath,
    Option{"parent-path", 0, "DIR", "the images of the dump before"},
    Option{"leave-running", 0, "", "don't stop the container"},
    kTcpEstablished,
    kExtUnixSk,
    kShellJob,
    kLazyPages,
    Option{"status-fd", 0, "FD", "where a byte says that lazy pages are ready"},
    Option{"page-server", 0, "ADDRESS:PORT", "where the pages go"},
    kFileLocks,
    Option{"pre-dump", 0, "", "memory only, as the parent of a dump"},
    kManageCgroups,
    kEmptyNamespace,
    Option{"auto-dedup", 0, "", "punch what is dumped anew out of the parent"}};

constexpr std::array kRestoreOptions{
    kBundle,
    kConsoleSocket,
    kPidFile,
    kNoPivot,
    kImagePath,
    kWorkPath,
    kTcpEstablished,
    Option{"tcp-close", 0, "", "close TCP connections"},
    kExtUnixSk,
    kShellJob,
    kFileLocks,
    kLazyPages,
    kManageCgroups,
    kEmptyNamespace,
    Option{"detach", 'd', "", "return as soon as it runs"},
    Option{"no-subreaper", 0, "", "don't adopt what the container's first process leaves behind"},
    Option{"auto-dedup", 0, "", "punch what is restored out of the images"},
    Option{"lsm-profile", 0, "TYPE:NAME", "another security label"},
    Option{"lsm-mount-context", 0, "CONTEXT", "another SELinux context of the mounts"}};

int refuse(const Global&, const Arguments& arguments) {
  throw Error("container \"" + arguments.positionals().at(0) +
              "\": this build has no checkpoint and restore");
}

}  // namespace

constinit const Command kCheckpoint{.name = "checkpoint",
                                    .arguments = "ID",
                                    .summary = "save a running container (not in this build)",
                                    .options = kCheckpointOptions,
                                    .least = 1,
                                    .most = 1,
                                    .run = refuse};

constinit const Command kRestore{.name = "restore",
                                 .arguments = "ID",
                                 .summary = "bring back a saved container (not in this build)",
                                 .options = kRestoreOptions,
                                 .least = 1,
                                 .most = 1,
                                 .run = refuse};

}  // namespace gocker::cli
