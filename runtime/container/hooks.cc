#include "runtime/container/hooks.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <chrono>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// The end of what a hook wrote, on one line.
std::string last_words(const CommandResult& result) {
  constexpr size_t kMost = 300;
  std::string_view text = trim(result.errors.empty() ? result.output : result.errors);
  if (text.size() > kMost) text.remove_prefix(text.size() - kMost);
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line.empty() ? line : ": " + line;
}

std::string outcome(const CommandResult& result, const oci::Hook& hook) {
  if (result.timed_out)
    return "killed after its timeout of " + std::to_string(*hook.timeout) + " s";
  if (WIFSIGNALED(result.wait_status)) {
    return "killed by signal " + std::to_string(WTERMSIG(result.wait_status));
  }
  return "exit code " + std::to_string(WEXITSTATUS(result.wait_status));
}

// At most what run_command() keeps of it.
void keep_output(const oci::StringMap& annotations, const char* name, const std::string& output) {
  const auto file = annotations.find(name);
  if (file == annotations.end() || output.empty()) return;
  write_all(open_file(file->second, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0600), output,
            file->second);
}

void run_hook(const oci::Hook& hook, const char* kind, const oci::StringMap& annotations,
              const std::string& state_json) {
  const Doing doing(kind, hook.path);
  Command command{.path = hook.path, .args = hook.args, .env = hook.env, .input = state_json};
  if (hook.timeout) command.timeout = std::chrono::seconds(*hook.timeout);
  const CommandResult result = run_command(command);
  keep_output(annotations, kHooksStdout, result.output);
  keep_output(annotations, kHooksStderr, result.errors);
  if (result.timed_out || result.wait_status != 0) {
    throw Error(outcome(result, hook) + last_words(result));
  }
}

}  // namespace

void run_hooks(const std::vector<oci::Hook>& hooks, const char* kind, const oci::State& state) {
  if (hooks.empty()) return;
  const std::string action = std::string(kind) + " hook";
  const std::string state_json = oci::to_json(state);
  const bool among_own_files = std::string_view(kind) == "startContainer";
  const oci::StringMap annotations = among_own_files ? oci::StringMap{} : state.annotations;
  for (const oci::Hook& hook : hooks) run_hook(hook, action.c_str(), annotations, state_json);
}

void run_hooks_despite_failures(const std::vector<oci::Hook>& hooks, const char* kind,
                                const oci::State& state) {
  for (const oci::Hook& hook : hooks) {
    try {
      run_hooks({hook}, kind, state);
    } catch (const std::exception& failure) {
      log(LogLevel::warning, failure.what());
    }
  }
}

}  // namespace gocker
