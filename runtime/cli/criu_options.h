// What `checkpoint` and `restore` have in common: the options of runc that go on to CRIU.
#pragma once

#include "runtime/checkpoint/criu_message.h"
#include "runtime/checkpoint/dump.h"
#include "runtime/cli/command.h"

namespace gocker::cli {

inline constexpr Option kImagePath{"image-path", 0, "DIR", "where the images are (./checkpoint)"};
inline constexpr Option kWorkPath{"work-path", 0, "DIR", "where CRIU keeps its log (image path)"};
inline constexpr Option kTcpEstablished{"tcp-established", 0, "", "with open TCP connections"};
inline constexpr Option kExtUnixSk{"ext-unix-sk", 0, "", "with sockets that lead outside"};
inline constexpr Option kShellJob{"shell-job", 0, "", "with a terminal that leads outside"};
inline constexpr Option kFileLocks{"file-locks", 0, "", "with file locks"};
inline constexpr Option kLazyPages{"lazy-pages", 0, "", "bring pages over when they are needed"};
inline constexpr Option kManageCgroups{"manage-cgroups-mode", 0, "MODE",
                                       "soft (default), full, strict or ignore"};
inline constexpr Option kEmptyNamespace{"empty-ns", 0, "NAMESPACE",
                                        "leave its content out; \"network\" always is"};
inline constexpr Option kAutoDedup{"auto-dedup", 0, "",
                                   "free what is stored twice, here and in parents"};

CriuPlaces criu_places(const Global& global, const Arguments& arguments);
// Those that both have. Throws UsageError.
CriuOptions criu_options(const Arguments& arguments);

}  // namespace gocker::cli
