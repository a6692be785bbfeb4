// gocker-runtime ps: the processes of a container.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/cli/command.h"
#include "runtime/command_line/output.h"
#include "runtime/container/processes.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions{Option{"format", 'f', "FORMAT", "table (default) or json"}};

std::string as_json(const std::vector<pid_t>& pids) {
  std::string text = "[";
  for (const pid_t pid : pids) {
    if (text.size() > 1) text += ",";
    text += std::to_string(pid);
  }
  return text + "]\n";
}

std::vector<std::string_view> columns(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// The lines of ps(1) that speak of these processes, below its heading.
std::string as_table(const std::vector<pid_t>& pids, std::vector<std::string> options) {
  if (options.empty()) options = {"-ef"};
  options.insert(options.begin(), "ps");
  const CommandResult listing =
      run_command({.path = "/bin/ps", .args = options, .env = {"PATH=/usr/bin:/bin", "LC_ALL=C"}});
  if (listing.wait_status != 0) {
    throw Error("ps: " + std::string(trim(listing.errors)));
  }
  const std::vector<std::string_view> lines = split(trim(listing.output), '\n');
  const std::vector<std::string_view> heading = columns(lines[0]);
  const auto pid_column =
      static_cast<size_t>(std::find(heading.begin(), heading.end(), "PID") - heading.begin());
  if (pid_column == heading.size()) throw Error("ps: there is no column PID in what it prints");
  std::string text = std::string(lines[0]) + "\n";
  for (const std::string_view line : lines) {
    const std::vector<std::string_view> words = columns(line);
    const auto pid = pid_column < words.size() ? parse_i64(words[pid_column]) : std::nullopt;
    if (pid && std::find(pids.begin(), pids.end(), *pid) != pids.end()) {
      text.append(line).append("\n");
    }
  }
  return text;
}

int run(const Global& global, const Arguments& arguments) {
  const auto& words = arguments.positionals();
  const Format format = table_or_json(arguments);
  const Container container =
      Container::load(StateRoot(global.state_root), words.at(0), Locking::none);
  const std::vector<pid_t> pids = processes_of(container);
  print(format == Format::json ? as_json(pids) : as_table(pids, {words.begin() + 1, words.end()}));
  return 0;
}

}  // namespace

constinit const Command kPs{.name = "ps",
                            .arguments = "ID [OPTION-OF-PS...]",
                            .summary = "list the processes of a container",
                            .options = kOptions,
                            .least = 1,
                            .most = kAnyNumber,
                            .words_after_id = true,
                            .run = run};

}  // namespace gocker::cli
