#include "imagetool/containers/oci_runtime.h"

#include <fcntl.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "imagetool/containers/cgroup_manager.h"
#include "imagetool/containers/program_error.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

// "gocker-runtime: no such container" -> "no such container"
std::string reason_in(std::string_view errors) {
  std::string_view line = trim(errors);
  if (const size_t end = line.rfind('\n'); end != std::string_view::npos)
    line = line.substr(end + 1);
  const size_t colon = line.find(": ");
  const bool has_name =
      colon != std::string_view::npos && line.substr(0, colon).find(' ') == std::string_view::npos;
  return std::string(has_name ? line.substr(colon + 2) : line);
}

RuntimeState state_of(const nlohmann::json& json) {
  return {json.at("status").get<std::string>(), json.value("pid", 0)};
}

}  // namespace

std::optional<RuntimeState> OciRuntime::state(const std::string& id) const {
  const auto all = list();
  const auto found = all.find(id);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

std::map<std::string, RuntimeState> OciRuntime::list() const {
  std::map<std::string, RuntimeState> states;
  if (!open_if_exists(places_.runtime_state(), O_PATH | O_DIRECTORY)) return states;
  const std::string text = call({"list", "--format", "json"});
  try {
    const auto list = nlohmann::json::parse(text);
    for (const auto& each : list) states[each.at("id").get<std::string>()] = state_of(each);
  } catch (const nlohmann::json::exception& error) {
    throw Error(std::string("the runtime's list: ") + error.what());
  }
  return states;
}

void OciRuntime::start(const std::string& id) const {
  call({"start", id});
}

void OciRuntime::kill(const std::string& id, const std::string& signal) const {
  call({"kill", id, signal});
}

void OciRuntime::pause(const std::string& id) const {
  call({"pause", id});
}

void OciRuntime::resume(const std::string& id) const {
  call({"resume", id});
}

void OciRuntime::update(const std::string& id, const Limits& limits) const {
  std::vector<std::string> words = {"update"};
  const auto add = [&](const char* option, const auto& limit) {
    if (limit) words.push_back(std::string(option) + "=" + std::to_string(*limit));
  };
  add("--memory", limits.memory);
  add("--memory-swap", limits.memory_swap);
  add("--memory-reservation", limits.memory_reservation);
  add("--cpu-quota", limits.cpu_quota);
  add("--cpu-period", limits.cpu_period);
  add("--cpu-share", limits.cpu_shares);
  add("--pids-limit", limits.pids);
  if (!limits.cpuset_cpus.empty()) words.push_back("--cpuset-cpus=" + limits.cpuset_cpus);
  if (!limits.cpuset_mems.empty()) words.push_back("--cpuset-mems=" + limits.cpuset_mems);
  if (words.size() == 1) return;
  words.push_back(id);
  call(std::move(words));
}

std::string OciRuntime::statistics(const std::string& id) const {
  return call({"events", "--stats", id});
}

void OciRuntime::remove(const std::string& id) const {
  call({"delete", "--force", id});
}

std::string OciRuntime::processes(const std::string& id,
                                  const std::vector<std::string>& options) const {
  std::vector<std::string> words = {"ps", id};
  words.insert(words.end(), options.begin(), options.end());
  return call(std::move(words));
}

std::vector<std::string> OciRuntime::command_line() const {
  std::vector<std::string> words = {places_.runtime, "--root", places_.runtime_state()};
  for (std::string& option : cgroup_manager_options(places_)) words.push_back(std::move(option));
  return words;
}

std::string OciRuntime::call(std::vector<std::string> words) const {
  std::vector<std::string> args = command_line();
  args.insert(args.end(), words.begin(), words.end());
  const CommandResult result =
      run_command({.path = places_.runtime, .args = args, .env = program_environment()});
  if (result.wait_status != 0) {
    throw_runtime_error(result.errors.empty() ? words[0] + ": exit code " +
                                                    std::to_string(exit_code_of(result.wait_status))
                                              : reason_in(result.errors));
  }
  return result.output;
}

std::vector<std::string> program_environment() {
  std::vector<std::string> env = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  const char* runtime_folder = std::getenv("XDG_RUNTIME_DIR");
  if (runtime_folder != nullptr) env.push_back(std::string("XDG_RUNTIME_DIR=") + runtime_folder);
  return env;
}

}  // namespace gocker
