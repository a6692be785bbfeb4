#include <array>
#include <ctime>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/control.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/log_file.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/program_error.h"
#include "imagetool/containers/session.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kExecOptions = {
    Option{"interactive", 'i', "", "let the program read this standard input (else nothing)"},
    Option{"tty", 't', "", "give the program a terminal"},
    Option{"detach", 'd', "", "return as soon as the program runs"},
    Option{"env", 'e', "NAME[=VALUE]", "set a variable; NAME alone takes the value it has here"},
    Option{"user", 'u', "USER[:GROUP]", "names of the container, or numbers"},
    Option{"workdir", 'w', "DIR", "the program's working directory"},
    Option{"privileged", 0, "", "all capabilities"},
};
constexpr std::array kLogsOptions = {
    Option{"follow", 'f', "", "go on with what is written, until the container has ended"},
    Option{"tail", 'n', "N", "only the last N lines"},
    Option{"since", 0, "TIME", "only from then on: 10m, 2026-11-22T18:56:51Z"},
    Option{"until", 0, "TIME", "only before"},
    Option{"timestamps", 't', "", "each line with its time"},
};

void exec(const Global& global, const Arguments& arguments) {
  const auto& words = arguments.positionals();
  SessionOptions options;
  options.command.assign(words.begin() + 1, words.end());
  options.env = arguments.values("env");
  options.user = arguments.value("user");
  options.working_dir = arguments.value("workdir");
  options.terminal = arguments.has("tty");
  options.interactive = arguments.has("interactive");
  options.detach = arguments.has("detach");
  options.privileged = arguments.has("privileged");
  check_terminal(arguments);
  const Places places = places_of(global);
  const ContainerRecord record = load_record(places, find_container(places, words[0]));
  throw ExitCode{run_session(places, record, options)};
}

void logs(const Global& global, const Arguments& arguments) {
  LogOptions options;
  options.follow = arguments.has("follow");
  options.timestamps = arguments.has("timestamps");
  const std::string tail = arguments.value("tail", "all");
  if (tail != "all") {
    options.tail = parse_u64(tail);
    if (!options.tail) throw UsageError("--tail: '" + tail + "' is no number of lines");
  }
  try {
    const int64_t now = std::time(nullptr);
    if (arguments.has("since")) options.since = parse_log_time(arguments.value("since"), now);
    if (arguments.has("until")) options.until = parse_log_time(arguments.value("until"), now);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  const Places places = places_of(global);
  print_log(places, find_container(places, arguments.positionals()[0]), options);
}

void top(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  const auto& words = arguments.positionals();
  const std::string id = find_container(places, words[0]);
  require_running(places, load_record(places, id));
  print(OciRuntime(places).processes(id, {words.begin() + 1, words.end()}));
}

}  // namespace

const Command kContainerExec = {
    .name = "container exec",
    .arguments = "CONTAINER COMMAND [ARGUMENT]...",
    .summary = "run one more program in a running container",
    .notes =
        "Ends with the exit code of the program, or with 127 where there is no such program, 126 "
        "where it\ncannot be executed, and 125 for another failure.\n",
    .options = kExecOptions,
    .least = 2,
    .most = kAnyNumber,
    .run = exec,
    .stop = StopAt::first_positional,
    .failure_code = kNotRun,
};
const Command kContainerLogs = {"container logs",
                                "CONTAINER",
                                "show what a container has written",
                                "What a foreground 'run --rm' has written is not kept.\n",
                                kLogsOptions,
                                1,
                                1,
                                logs};
const Command kContainerTop = {
    .name = "container top",
    .arguments = "CONTAINER [OPTION-OF-PS]...",
    .summary = "list the processes of a running container",
    .notes = "",
    .options = {},
    .least = 1,
    .most = kAnyNumber,
    .run = top,
    .stop = StopAt::first_positional,
};

}  // namespace gocker::cli
