// The commands that start and end containers that are there.
#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/containers.h"
#include "imagetool/containers/attach.h"
#include "imagetool/containers/control.h"
#include "imagetool/containers/directory.h"
#include "imagetool/containers/end.h"
#include "imagetool/containers/keeper.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/program_error.h"
#include "imagetool/containers/start.h"
#include "imagetool/containers/transition.h"
#include "runtime/base/error.h"
#include "runtime/base/signals.h"
#include "runtime/base/text.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr Option kTimeout{"time", 't', "SECONDS", "how long to wait before it is killed"};
constexpr std::array kStopOptions = {kTimeout};
constexpr std::array kKillOptions = {Option{"signal", 's', "SIGNAL", "KILL if not given"}};
constexpr std::array kStartOptions = {
    Option{"attach", 'a', "", "show its output, and end with its exit code"},
    Option{"interactive", 'i', "", "let it read this standard input, too"},
    Option{"detach-keys", 0, "KEYS", "what leaves it running (ctrl-p,ctrl-q)"},
};
constexpr std::array kAttachOptions = {
    Option{"no-stdin", 0, "", "only show its output"},
    Option{"detach-keys", 0, "KEYS", "what leaves it running (ctrl-p,ctrl-q)"},
};

std::optional<std::chrono::seconds> patience_of(const Arguments& arguments) {
  if (!arguments.has("time")) return std::nullopt;
  constexpr uint64_t kMost = 1'000'000'000;
  const auto seconds = parse_u64(arguments.value("time"), kMost);
  if (!seconds) throw UsageError("--time: '" + arguments.value("time") + "' is no number");
  return std::chrono::seconds(*seconds);
}

// Fine where it runs already.
void start_one(const Places& places, const std::string& id,
               const std::function<void(ContainerRecord&)>& on_created = {}) {
  const Transition transition(places, id, "start");
  ContainerRecord record = load_record(places, id);
  const auto state = OciRuntime(places).state(id);
  if (state && state->is_alive()) return;
  record.restarts = 0;
  start_container(places, record, [&] {
    if (on_created) on_created(record);
  });
}

void follow_to_the_end(const ContainerRecord& record, AttachedClient& client, const EndWatch& end,
                       const AttachOptions& options) {
  if (client.serve(options) == AttachedClient::Outcome::detached) return;
  end_like(record, end);
}

std::string detach_keys(const Arguments& arguments) {
  return parse_detach_keys(arguments.value("detach-keys", kDefaultDetachKeys));
}

void attach_to(const Places& places, const std::string& id, const AttachOptions& options) {
  const ContainerRecord record = load_record(places, id);
  require_running(places, record);
  const EndWatch end(places, id);
  if (!end) throw Error("container " + id + " has lost its conmon: nobody can attach to it");
  AttachedClient client(places, record);
  follow_to_the_end(record, client, end, options);
}

// --- the commands ------------------------------------------------------------------------------

// Whoever waits for a program's exit code is to tell its own from gocker's.
void start_attached(const Places& places, const Arguments& arguments) try {
  const std::string id = find_container(places, arguments.positionals()[0]);
  std::optional<ContainerRecord> record;
  std::optional<AttachedClient> client;
  std::optional<EndWatch> end;
  start_one(places, id, [&](ContainerRecord& starting) {
    record = starting;
    client.emplace(places, *record);
    end.emplace(places, id);
  });
  const AttachOptions options{.input = arguments.has("interactive"),
                              .detach_keys = detach_keys(arguments)};
  if (!client) return attach_to(places, id, options);
  follow_to_the_end(*record, *client, *end, options);
} catch (const ProgramError&) {
  throw;
} catch (const Error& error) {
  throw Failure{error.what(), kNotRun};
}

void start(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  const auto& names = arguments.positionals();
  if (!arguments.has("attach") && !arguments.has("interactive")) {
    return for_each_container(places, names, [&](const std::string& id) { start_one(places, id); });
  }
  if (names.size() > 1) throw UsageError("--attach goes with one container");
  start_attached(places, arguments);
}

void stop(const Global& global, const Arguments& arguments) {
  const auto patience = patience_of(arguments);
  const Places places = places_of(global);
  for_each_container(places, arguments.positionals(),
                     [&](const std::string& id) { stop_container(places, id, patience); });
}

void restart(const Global& global, const Arguments& arguments) {
  const auto patience = patience_of(arguments);
  const Places places = places_of(global);
  for_each_container(places, arguments.positionals(), [&](const std::string& id) {
    stop_container(places, id, patience);
    start_one(places, id);
  });
}

void kill(const Global& global, const Arguments& arguments) {
  const std::string signal = arguments.value("signal", "KILL");
  try {
    parse_signal(signal);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  const Places places = places_of(global);
  for_each_container(places, arguments.positionals(), [&](const std::string& id) {
    require_running(places, load_record(places, id));
    OciRuntime(places).kill(id, signal);
  });
}

void pause(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  for_each_container(places, arguments.positionals(),
                     [&](const std::string& id) { OciRuntime(places).pause(id); });
}

void unpause(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  for_each_container(places, arguments.positionals(),
                     [&](const std::string& id) { OciRuntime(places).resume(id); });
}

void wait(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  for (const std::string& name : arguments.positionals()) {
    const auto code = wait_for_container(places, find_container(places, name));
    print((code ? std::to_string(*code) : "unknown") + "\n");
  }
}

void attach(const Global& global, const Arguments& arguments) {
  const Places places = places_of(global);
  const std::string id = find_container(places, arguments.positionals()[0]);
  attach_to(places, id,
            {.input = !arguments.has("no-stdin") && load_record(places, id).interactive,
             .detach_keys = detach_keys(arguments)});
}

// conmon calls this; nothing is recovered here, as others do that.
void cleanup(const Global& global, const Arguments& arguments) {
  const Places places = make_places(global.root, global.run_root, global.runtime);
  attend_to_end(places, arguments.positionals()[0]);
}

}  // namespace

const Command kContainerStart = {"container start",
                                 "CONTAINER...",
                                 "start containers that do not run; prints their names",
                                 "With --attach it ends with the exit code of the program, or as "
                                 "'run' does where that fails.\n",
                                 kStartOptions,
                                 1,
                                 kAnyNumber,
                                 start};
const Command kContainerStop = {
    "container stop",
    "CONTAINER...",
    "end running containers: by their stop signal or, after a while, by force",
    "",
    kStopOptions,
    1,
    kAnyNumber,
    stop};
const Command kContainerRestart = {"container restart",
                                   "CONTAINER...",
                                   "stop containers and start them again",
                                   "",
                                   kStopOptions,
                                   1,
                                   kAnyNumber,
                                   restart};
const Command kContainerKill = {"container kill",
                                "CONTAINER...",
                                "send a signal to running containers",
                                "",
                                kKillOptions,
                                1,
                                kAnyNumber,
                                kill};
const Command kContainerPause = {
    "container pause", "CONTAINER...", "freeze all processes of containers", "", {}, 1,
    kAnyNumber,        pause};
const Command kContainerUnpause = {
    "container unpause", "CONTAINER...", "let frozen processes go on", "", {}, 1,
    kAnyNumber,          unpause};
const Command kContainerWait = {"container wait",
                                "CONTAINER...",
                                "wait for containers' ends and print their exit codes",
                                "",
                                {},
                                1,
                                kAnyNumber,
                                wait};
const Command kContainerAttach = {
    "container attach",
    "CONTAINER",
    "show a running container's output and let it read this standard input",
    "",
    kAttachOptions,
    1,
    1,
    attach};
const Command kContainerCleanup = {"container cleanup",
                                   "ID",
                                   "see to a container that has ended (conmon calls this)",
                                   "",
                                   {},
                                   1,
                                   1,
                                   cleanup};

}  // namespace gocker::cli
