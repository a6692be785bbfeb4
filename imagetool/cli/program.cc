#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "imagetool/build/run_area.h"
#include "imagetool/cli/command.h"
#include "imagetool/containers/program_error.h"
#include "imagetool/interrupt.h"
#include "imagetool/rootless/users_namespace.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/rooted_path.h"
#include "runtime/base/text.h"
#include "runtime/base/user_rights.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr size_t kSummaryColumn = 24;
constexpr std::string_view kRuntime = "gocker-runtime";

constexpr std::array kGlobalOptions = {
    Option{"root", 0, "DIR",
           "where images are kept (default $GOCKER_ROOT, /var/lib/gocker, or for an ordinary user "
           "~/.local/share/gocker)"},
    Option{"run-root", 0, "DIR",
           "what does not outlive a reboot (default $GOCKER_RUN, /run/gocker, or for an ordinary "
           "user $XDG_RUNTIME_DIR/gocker)"},
    Option{"runtime", 0, "PROGRAM",
           "the OCI runtime (default: gocker-runtime beside this program)"},
    Option{"debug", 0, "", "tell on stderr what is done"},
    Option{"help", 'h', "", "print this help"},
    Option{"version", 0, "", "print the version"},
};
constexpr Option kHelpOption{"help", 'h', "", "print this help"};

std::string overview() {
  std::string text =
      "gocker-image: pull images, keep them, make bundles of them\n\n"
      "usage: gocker-image [OPTION]... COMMAND [ARGUMENT]...\n\ncommands:\n";
  for (const Command* command : commands()) {
    std::string line = "  " + std::string(command->name);
    line.resize(std::max(line.size() + 1, kSummaryColumn), ' ');
    text += line.append(command->summary).append("\n");
  }
  text += "\noptions:\n" + help_text(kGlobalOptions);
  text +=
      "\n'gocker-image COMMAND --help' tells more of a command. Exit codes: 0, 1 for a failure, 2 "
      "for a\nwrong command line.\n";
  return text;
}

std::vector<Option> options_of(const Command& command) {
  std::vector<Option> options(command.options.begin(), command.options.end());
  Option help = kHelpOption;
  for (const Option& option : options) {
    if (option.letter == help.letter) help.letter = 0;  // a hostname's
  }
  options.push_back(help);
  return options;
}

std::string help_of(const Command& command) {
  std::string text = std::string("usage: gocker-image ").append(command.name);
  if (!command.options.empty()) text += " [OPTION]...";
  if (!command.arguments.empty()) text.append(" ").append(command.arguments);
  text.append("\n\n").append(command.summary).append("\n\noptions:\n");
  text += help_text(options_of(command));
  if (!command.notes.empty()) text.append("\n").append(command.notes);
  return text;
}

struct NamedCommand {
  const Command& command;
  size_t words;  // of its name
};

// "create, ls, rm" of commands with two words, of which `group` is the first; empty where none is.
std::string members_of(const std::string& group) {
  std::vector<std::string> members;
  for (const Command* command : commands()) {
    const std::string_view name = command->name;
    if (name.starts_with(group + " ")) members.emplace_back(name.substr(group.size() + 1));
  }
  return join(members, ", ");
}

// The command that `words`, of which there is one at least, begin with: one word or two.
NamedCommand known_command(std::span<const std::string> words) {
  std::string name = words[0];
  if (const Command* command = find_command(name)) return {*command, 1};
  std::vector<std::string_view> names;
  for (const Command* command : commands()) names.push_back(command->name);
  const std::string members = members_of(name);
  if (!members.empty() && words.size() == 1) throw UsageError(name + ": which of " + members + "?");
  if (!members.empty()) {
    name += " " + words[1];
    if (const Command* command = find_command(name)) return {*command, 2};
  }
  const std::string_view meant = nearest(name, names);
  std::string hint = "; see 'gocker-image --help'";
  if (!members.empty()) hint = "; there are " + members;
  if (!meant.empty()) hint = std::string(" (did you mean ").append(meant).append("?)");
  throw UsageError("unknown command '" + name + "'" + hint);
}

// As the person typed it: the wrapper calls this program by its own name, "gocker", and its verbs
// are those of containers.
std::string spoken_name(const Command& command) {
  constexpr std::string_view kGroup = "container ";
  std::string_view name = command.name;
  const std::string_view program = program_invocation_short_name;
  if (program == "gocker" && name.starts_with(kGroup)) name.remove_prefix(kGroup.size());
  return std::string(name);
}

void check_count(const Command& command, size_t count) {
  if (count >= command.least && count <= command.most) return;
  const char* problem = count < command.least ? "too few arguments" : "too many arguments";
  throw UsageError(std::string(problem)
                       .append(": usage: ")
                       .append(program_invocation_short_name)
                       .append(" ")
                       .append(spoken_name(command))
                       .append(" ")
                       .append(command.arguments));
}

void prepare_for_store(const Global& global) {
  if (!is_superuser()) enter_users_namespace(global.run_root);
  remove_abandoned_runs(global.run_root, global.runtime);
}

void run_command(const Command& command, const Global& global,
                 std::span<const std::string> words) try {
  const std::vector<Option> options = options_of(command);
  Arguments arguments = parse(options, words, command.stop);
  arguments.add_positionals(words);
  if (arguments.has("help")) return print(help_of(command));
  check_count(command, arguments.positionals().size());
  if (command.works_on == WorksOn::store) prepare_for_store(global);
  command.run(global, arguments);
} catch (const UsageError& error) {
  const int code = command.failure_code == kFailed ? kWrongUsage : command.failure_code;
  throw Failure{spoken_name(command) + ": " + error.what(), code};
} catch (const Interrupted&) {
  throw;
} catch (const ProgramError& error) {
  throw Failure{error.what(), error.exit_code()};
} catch (const std::exception& error) {
  throw Failure{error.what(), command.failure_code};
}

std::string_view variable_or(const char* name, std::string_view fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : fallback;
}

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

// Beside this program as it was called, whose directory may be full of links to a build; beside
// its file; in $PATH.
std::string find_runtime() {
  std::vector<std::string> folders;
  const std::string_view called = program_invocation_name;
  if (called.find('/') != std::string_view::npos) {
    folders.emplace_back(called.substr(0, called.rfind('/')));
  }
  folders.emplace_back(split_path(real_path("/proc/self/exe")).parent);
  for (const std::string_view folder : split(variable_or("PATH", ""), ':')) {
    if (folder.starts_with('/')) folders.emplace_back(folder);
  }
  for (const std::string& folder : folders) {
    std::string path = folder + "/" + std::string(kRuntime);
    if (is_program(path)) return path;
  }
  return std::string(kRuntime);  // whoever executes it says that there is none
}

std::string default_root() {
  if (is_superuser()) return "/var/lib/gocker";
  const std::string home(variable_or("HOME", "/nonexistent"));
  return std::string(variable_or("XDG_DATA_HOME", home + "/.local/share")) + "/gocker";
}

std::string default_run_root() {
  if (is_superuser()) return "/run/gocker";
  const std::string own = "/tmp/gocker-" + std::to_string(::geteuid());
  const std::string_view runtime_directory = variable_or("XDG_RUNTIME_DIR", "");
  return runtime_directory.empty() ? own : std::string(runtime_directory) + "/gocker";
}

Global global_of(const Arguments& options) {
  return {.root = options.value("root", variable_or("GOCKER_ROOT", default_root())),
          .run_root = options.value("run-root", variable_or("GOCKER_RUN", default_run_root())),
          .runtime = options.has("runtime") ? options.value("runtime") : find_runtime()};
}

void run(std::span<const std::string> words) {
  const Arguments options = parse(kGlobalOptions, words, StopAt::first_positional);
  if (options.has("version")) return print("gocker-image " GOCKER_VERSION "\n");
  if (options.has("help")) return print(overview());
  if (words.empty()) throw UsageError("which command? see 'gocker-image --help'");
  if (words[0] == "help") {
    words = words.subspan(1);
    return print(words.empty() ? overview() : help_of(known_command(words).command));
  }
  if (options.has("debug")) set_log("/dev/stderr", LogFormat::text, true);
  const NamedCommand named = known_command(words);
  run_command(named.command, global_of(options), words.subspan(named.words));
}

}  // namespace

std::span<const Command* const> commands() {
  static constexpr std::array kCommands = {&kPull,
                                           &kPush,
                                           &kCopy,
                                           &kTags,
                                           &kSave,
                                           &kLoad,
                                           &kLogin,
                                           &kLogout,
                                           &kBuild,
                                           &kImages,
                                           &kInspect,
                                           &kHistory,
                                           &kDiff,
                                           &kTag,
                                           &kRm,
                                           &kGc,
                                           &kDf,
                                           &kFsck,
                                           &kBundle,
                                           &kUnbundle,
                                           &kMount,
                                           &kUnshare,
                                           &kContainerCreate,
                                           &kContainerRun,
                                           &kContainerStart,
                                           &kContainerStop,
                                           &kContainerRestart,
                                           &kContainerKill,
                                           &kContainerPause,
                                           &kContainerUnpause,
                                           &kContainerWait,
                                           &kContainerRm,
                                           &kContainerPrune,
                                           &kContainerRename,
                                           &kContainerPs,
                                           &kContainerInspect,
                                           &kContainerLogs,
                                           &kContainerAttach,
                                           &kContainerExec,
                                           &kContainerCommit,
                                           &kContainerCp,
                                           &kContainerTop,
                                           &kContainerStats,
                                           &kContainerPort,
                                           &kContainerUpdate,
                                           &kContainerCleanup,
                                           &kNetworkCreate,
                                           &kNetworkList,
                                           &kNetworkRemove,
                                           &kNetworkInspect,
                                           &kNetworkPrune,
                                           &kCdiList,
                                           &kVolumeCreate,
                                           &kVolumeList,
                                           &kVolumeRemove,
                                           &kVolumeInspect,
                                           &kVolumePrune};
  return kCommands;
}

const Command* find_command(std::string_view name) {
  if (name == "prune") name = kGc.name;
  const auto all = commands();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Command* command) { return command->name == name; });
  return found == all.end() ? nullptr : *found;
}

int run_program(const std::vector<std::string>& words) {
  try {
    run(words);
    return 0;
  } catch (const ExitCode& end) {
    return end.code;
  } catch (const Failure& failure) {
    print_error(failure.text);
    return failure.code;
  } catch (const UsageError& error) {
    print_error(error.what());
    return kWrongUsage;
  } catch (const Interrupted& interrupt) {
    std::signal(interrupt.signal(), SIG_DFL);  // a shell is to see what has ended the command
    std::raise(interrupt.signal());
    return kFailed;
  } catch (const std::exception& error) {
    print_error(error.what());
    return kFailed;
  }
}

}  // namespace gocker::cli
