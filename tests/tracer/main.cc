// Runs a program under ptrace(2) and meddles with its system calls, from outside: the program
// itself is what users get.
//
//   tracer [OPTION]... -- PROGRAM [ARGUMENT]...
//
//   --fail STEP ERRNO        the call of that step does not happen, and fails with that number
//   --kill STEP              the program gets SIGKILL before that call
//   --report FILE            writes a line for that call, or without those options for each:
//                            STEP NAME PATH
//   --leave-at-exec          processes but the first are let go when they execute a program
//   --from TEXT              steps count from the call that names a path with TEXT on
//   --watch TEXT FILE        counts what happens in the windows of a race: race_counters.h
//
// A STEP is PROCESS:CALL, as tracer.h says. The exit code is the program's, or 128 + the signal
// that ended it; 125 where the tracer itself fails.
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"
#include "tests/tracer/race_counters.h"
#include "tests/tracer/tracer.h"

namespace gocker::tracer {
namespace {

struct Options {
  std::string report;
  std::optional<Step> fail;
  int error = 0;
  std::optional<Step> kill;
  bool leave_at_exec = false;
  std::string from;
  std::string watched;
  std::string counters;
  std::vector<std::string> command;
};

Step parse_step(const std::string& text) {
  const std::vector<std::string_view> parts = split(text, ':');
  const auto process = parse_u32(parts[0]);
  const auto call = parts.size() == 2 ? parse_u32(parts[1]) : std::nullopt;
  if (!process || !call) throw Error("\"" + text + "\" is no PROCESS:CALL");
  return {*process, *call};
}

Options parse_options(const std::vector<std::string>& words) {
  Options options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto value = [&]() -> const std::string& { return words.at(++i); };
    if (word == "--report") {
      options.report = value();
    } else if (word == "--fail") {
      options.fail = parse_step(value());
      options.error = std::atoi(value().c_str());
    } else if (word == "--kill") {
      options.kill = parse_step(value());
    } else if (word == "--leave-at-exec") {
      options.leave_at_exec = true;
    } else if (word == "--from") {
      options.from = value();
    } else if (word == "--watch") {
      options.watched = value();
      options.counters = value();
    } else if (word == "--") {
      options.command.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    } else {
      throw Error("unknown option " + word);
    }
  }
  if (options.command.empty()) throw Error("no program");
  return options;
}

std::string line_of(const SystemCall& call) {
  return std::to_string(call.step.process) + ":" + std::to_string(call.step.call) + " " +
         call.name + " " + call.path + "\n";
}

int trace(const Options& options) {
  std::string report;
  std::optional<RaceWindows> windows;
  if (!options.counters.empty()) windows.emplace(options.watched, options.counters);
  const bool meddles = options.fail || options.kill;
  const auto judge = [&](const SystemCall& call) -> Verdict {
    const bool failing = call.step == options.fail;
    const bool killing = call.step == options.kill;
    if (failing || killing || !meddles) report += line_of(call);
    if (windows) windows->see(call.name, call.path);
    if (failing) return {Verdict::Kind::fail, options.error};
    if (killing) return {Verdict::Kind::kill_program};
    return {};
  };
  const int code = Tracer({options.leave_at_exec, options.from, judge}).run(options.command);
  if (!options.report.empty()) {
    const Fd file = open_file(options.report, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    write_all(file, report, options.report);
  }
  return code;
}

}  // namespace
}  // namespace gocker::tracer

int main(int argc, char** argv) {
  try {
    return gocker::tracer::trace(
        gocker::tracer::parse_options(std::vector<std::string>(argv + 1, argv + argc)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tracer: %s\n", error.what());
    return 125;
  }
}
