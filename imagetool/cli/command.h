// The commands of gocker-image: one file each, one table of all.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/command_line/options.h"

namespace gocker::cli {

// What the options before the command say.
struct Global {
  std::string root;      // of the store, and of containers, networks and volumes
  std::string run_root;  // what does not outlive a reboot
  std::string runtime;   // the OCI runtime: a path
};

// Whether a command works on the store and containers, for which an ordinary user enters the
// namespaces of all of gocker's files, or on the caller's own files alone.
enum class WorksOn { store, own_files };

struct Command {
  std::string_view name;       // "pull", or two words: "network create"
  std::string_view arguments;  // "REF DIR [-- COMMAND...]"
  std::string_view summary;    // one line
  std::string_view notes;      // what --help says below the options; whole lines
  std::span<const Option> options;
  size_t least = 0;  // how many arguments it takes
  size_t most = 0;
  void (*run)(const Global& global, const Arguments& arguments);
  StopAt stop = StopAt::end;
  int failure_code = 1;  // where it fails, or where its command line is wrong if that is not 1
  WorksOn works_on = WorksOn::store;
};

inline constexpr size_t kAnyNumber = static_cast<size_t>(-1);

// Thrown by a command that ends with an exit code of its own.
struct ExitCode {
  int code = 0;
};

// A command's failure, with its exit code: for one that does not have the same for all.
struct Failure {
  std::string text;
  int code;
};

extern const Command kBuild;
extern const Command kBundle;
extern const Command kCdiList;
extern const Command kContainerAttach;
extern const Command kContainerCleanup;
extern const Command kContainerCommit;
extern const Command kContainerCp;
extern const Command kContainerCreate;
extern const Command kContainerExec;
extern const Command kContainerInspect;
extern const Command kContainerKill;
extern const Command kContainerLogs;
extern const Command kContainerPause;
extern const Command kContainerPort;
extern const Command kContainerPrune;
extern const Command kContainerPs;
extern const Command kContainerRename;
extern const Command kContainerRestart;
extern const Command kContainerRm;
extern const Command kContainerRun;
extern const Command kContainerStart;
extern const Command kContainerStats;
extern const Command kContainerStop;
extern const Command kContainerTop;
extern const Command kContainerUnpause;
extern const Command kContainerUpdate;
extern const Command kContainerWait;
extern const Command kDf;
extern const Command kDiff;
extern const Command kCopy;
extern const Command kFsck;
extern const Command kGc;
extern const Command kHistory;
extern const Command kImages;
extern const Command kInspect;
extern const Command kLoad;
extern const Command kLogin;
extern const Command kLogout;
extern const Command kMount;
extern const Command kNetworkCreate;
extern const Command kNetworkInspect;
extern const Command kNetworkList;
extern const Command kNetworkPrune;
extern const Command kNetworkRemove;
extern const Command kPull;
extern const Command kPush;
extern const Command kRm;
extern const Command kSave;
extern const Command kTag;
extern const Command kTags;
extern const Command kUnbundle;
extern const Command kUnshare;
extern const Command kVolumeCreate;
extern const Command kVolumeInspect;
extern const Command kVolumeList;
extern const Command kVolumePrune;
extern const Command kVolumeRemove;

// In the order of --help.
std::span<const Command* const> commands();

// By its name; nullptr where there is none. "prune" is another name of gc.
const Command* find_command(std::string_view name);

// The whole program after the name of the program: options, command, arguments. Returns the exit
// code: 0; 1 for a failure, told in one line on stderr; 2 for a wrong command line, likewise.
int run_program(const std::vector<std::string>& words);

}  // namespace gocker::cli
