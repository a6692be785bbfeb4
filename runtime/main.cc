// gocker-runtime: an OCI runtime with the command line of runc.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/log.h"
#include "runtime/base/text.h"
#include "runtime/base/trace.h"
#include "runtime/base/trace_file.h"
#include "runtime/base/user_rights.h"
#include "runtime/cgroup/systemd_scope.h"
#include "runtime/cli/command.h"
#include "runtime/command_line/output.h"
#include "runtime/linux/seccomp_names.h"
#include "runtime/linux/self_seal.h"

namespace gocker::cli {
namespace {

constexpr Option kHelp{"help", 'h', "", "show this help"};
constexpr std::array kGlobalOptions{
    Option{"root", 0, "DIR", "where the state of containers is kept"},
    Option{"log", 0, "FILE", "append errors to this file"},
    Option{"log-format", 0, "FORMAT", "text (default) or json"},
    Option{"debug", 0, "", "log warnings and debug messages, too, once the command has succeeded"},
    Option{"strict", 0, "", "make each warning an error"},
    Option{"cgroup-manager", 0, "MANAGER", "cgroupfs (default), systemd or disabled"},
    Option{"systemd-cgroup", 0, "", "the same as --cgroup-manager systemd"},
    Option{"criu", 0, "PROGRAM", "CRIU, for checkpoint and restore (default: found in $PATH)"},
    Option{"rootless", 0, "WHETHER", "true, false or auto: do without groups that can't be made"},
    Option{"trace", 0, "FILE", "add to this file, as Chrome trace JSON, where the time went"},
    kHelp,
    Option{"version", 'v', "", "show the version"}};

// What a failing command has to say, in one line on stderr; the log has the same.
void report(const char* message) {
  log(LogLevel::error, message);
  std::fprintf(stderr, "gocker-runtime: %s\n", message);
}

constexpr char kStateRoot[] = "/run/gocker-runtime";

// Root in a user namespace of an ordinary user's (podman's, gocker-image's) can't have root's
// place.
bool may_have_state_root() {
  if (!is_superuser()) return false;
  return ::access(kStateRoot, W_OK) == 0 || ::access("/run", W_OK) == 0;
}

std::string default_state_root() {
  if (may_have_state_root()) return kStateRoot;
  const char* runtime_directory = std::getenv("XDG_RUNTIME_DIR");
  if (runtime_directory != nullptr && *runtime_directory != '\0') {
    return std::string(runtime_directory) + "/gocker-runtime";
  }
  return "/tmp/gocker-runtime-" + std::to_string(::geteuid());
}

std::string version_text() {
  return std::string("gocker-runtime version " GOCKER_VERSION "\nspec: ")
      .append(oci::kVersion)
      .append("\nlibseccomp: ")
      .append(seccomp_library_version())
      .append("\n");
}

std::string program_help() {
  std::string text =
      "An OCI runtime: runs a bundle (config.json and a root filesystem) as a container.\n\n"
      "usage: gocker-runtime [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\ncommands:\n";
  for (const Command* command : commands()) {
    std::string line = "  " + std::string(command->name);
    line.resize(14, ' ');
    text.append(line).append(command->summary).append("\n");
  }
  return text + "\noptions:\n" + help_text(kGlobalOptions) +
         "\n`gocker-runtime COMMAND --help` tells the options of a command.\n";
}

std::string command_help(const Command& command, std::span<const Option> options) {
  std::string usage = "gocker-runtime " + std::string(command.name) + " [OPTIONS]";
  if (!command.arguments.empty()) usage.append(" ").append(command.arguments);
  return std::string(command.summary) + "\n\nusage: " + usage + "\n\noptions:\n" +
         help_text(options);
}

const Command& find_command(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Command* command : commands()) {
    if (command->name == name) return *command;
    names.push_back(command->name);
  }
  std::string text = "unknown command \"" + name + "\"";
  const std::string_view meant = nearest(name, names);
  if (!meant.empty()) text.append(" (did you mean \"").append(meant).append("\"?)");
  throw UsageError(text);
}

void set_log_of(const Arguments& global) {
  const std::string format = global.value("log-format", "text");
  if (format != "text" && format != "json") {
    throw UsageError("--log-format: \"" + format + "\" is neither text nor json");
  }
  set_log(global.value("log"), format == "json" ? LogFormat::json : LogFormat::text,
          global.has("debug"));
  if (global.has("strict")) refuse_warnings();
}

CgroupManager cgroup_manager(const Arguments& global) {
  const std::string name =
      global.value("cgroup-manager", global.has("systemd-cgroup") ? "systemd" : "cgroupfs");
  if (name == "cgroupfs") return CgroupManager::cgroupfs;
  if (name == "systemd") return CgroupManager::systemd;
  if (name == "disabled") return CgroupManager::disabled;
  throw UsageError("--cgroup-manager: \"" + name + "\" is none of cgroupfs, systemd, disabled");
}

Rootless rootless(const Arguments& global) {
  const std::string value = global.value("rootless", "auto");
  if (value == "true") return Rootless::yes;
  if (value == "false") return Rootless::no;
  if (value == "auto") return Rootless::automatic;
  throw UsageError("--rootless: \"" + value + "\" is none of true, false, auto");
}

int run_command_line(const Command& command, const Global& global,
                     std::span<const std::string> words) {
  std::vector<Option> options(command.options.begin(), command.options.end());
  options.push_back(kHelp);
  const StopAt stop = command.words_after_id ? StopAt::first_positional : StopAt::end;
  Arguments arguments = parse(options, words, stop);
  arguments.add_positionals(words);
  if (arguments.has("help")) {
    print(command_help(command, options));
    return 0;
  }
  const size_t count = arguments.positionals().size();
  if (count < command.least || count > command.most) {
    const std::string_view wanted = command.arguments.empty() ? "nothing" : command.arguments;
    throw UsageError(std::string(command.name) + ": takes " + std::string(wanted));
  }
  return command.run(global, arguments);
}

// The exit code; errors are reported here, as each command has its own code for them.
template <class Work>
int report_errors(int failure_code, Work work) {
  try {
    return work();
  } catch (const UsageError& error) {
    report((std::string(error.what()) + "; see --help").c_str());
  } catch (const std::exception& error) {
    report(error.what());
  }
  return failure_code;
}

// What the trace of a command is about, and then the trace itself. A command that worked and can't
// tell of it has failed.
template <class Work>
int trace_command(const Command& command, const std::string& path, Work work) {
  if (path.empty()) return work();
  start_trace();
  int exit_code = 0;
  {
    const Step step("command");
    exit_code = work();
  }
  const char* traceparent = std::getenv("TRACEPARENT");
  const int written = report_errors(command.failure_code, [&] {
    append_trace(path, command.name, traceparent == nullptr ? "" : traceparent);
    return 0;
  });
  return exit_code != 0 ? exit_code : written;
}

int run_program(int argc, char** argv) {
  const std::vector<std::string> all_words(argv + 1, argv + argc);
  std::span<const std::string> words = all_words;
  const Arguments arguments = parse(kGlobalOptions, words, StopAt::first_positional);
  set_log_of(arguments);
  if (arguments.has("version")) {
    print(version_text());
    return 0;
  }
  if (arguments.has("help") || words.empty()) {
    print(program_help());
    return arguments.has("help") ? 0 : 1;
  }
  const Global global{arguments.has("root") ? arguments.value("root") : default_state_root(), argv,
                      cgroup_manager(arguments), rootless(arguments), arguments.value("criu")};
  if (global.cgroup_manager == CgroupManager::systemd) set_systemd_helper_folder(own_folder());
  const Command& command = find_command(words.front());
  return trace_command(command, arguments.value("trace"), [&] {
    return report_errors(command.failure_code, [&] {
      const int exit_code = run_command_line(command, global, words.subspan(1));
      write_held_lines();
      return exit_code;
    });
  });
}

}  // namespace

std::span<const Command* const> commands() {
  static constexpr std::array kCommands{&kCreate, &kStart,    &kRun,        &kExec,   &kState,
                                        &kList,   &kPs,       &kKill,       &kPause,  &kResume,
                                        &kUpdate, &kMounts,   &kEvents,     &kDelete, &kSpec,
                                        &kCheck,  &kFeatures, &kCheckpoint, &kRestore};
  return kCommands;
}

}  // namespace gocker::cli

int main(int argc, char** argv) {
  // A life of milliseconds: memory is taken in few steps, and none is given back before its end.
  ::mallopt(M_TOP_PAD, 256 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
  return gocker::cli::report_errors(1, [&] {
    gocker::open_standard_streams();
    return gocker::cli::run_program(argc, argv);
  });
}
