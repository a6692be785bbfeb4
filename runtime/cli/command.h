// The commands of gocker-runtime: one file each, one table of all.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/command_line/options.h"
#include "runtime/launch/create.h"

namespace gocker::cli {

// What the options before the command say.
struct Global {
  std::string state_root;
  char** argv = nullptr;  // main's, for guard_binary()
  CgroupManager cgroup_manager = CgroupManager::cgroupfs;
  Rootless rootless = Rootless::automatic;
  std::string criu;  // the program; empty: found in $PATH
};

struct Command {
  std::string_view name;
  std::string_view arguments;  // "ID [SIGNAL]"
  std::string_view summary;
  std::span<const Option> options;
  size_t least = 0;  // how many arguments it takes
  size_t most = 0;
  // What follows the first argument is another program's command line: no options of ours in it.
  bool words_after_id = false;
  int failure_code = 1;
  int (*run)(const Global& global, const Arguments& arguments) = nullptr;  // the exit code
};
inline constexpr size_t kAnyNumber = ~size_t{0};

extern const Command kCheck;
extern const Command kCheckpoint;
extern const Command kCreate;
extern const Command kDelete;
extern const Command kEvents;
extern const Command kExec;
extern const Command kFeatures;
extern const Command kKill;
extern const Command kList;
extern const Command kMounts;
extern const Command kPause;
extern const Command kPs;
extern const Command kRestore;
extern const Command kResume;
extern const Command kRun;
extern const Command kSpec;
extern const Command kStart;
extern const Command kState;
extern const Command kUpdate;

// All of them, in the order of --help.
std::span<const Command* const> commands();

}  // namespace gocker::cli
