#include "tests/system/container.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "runtime/base/text.h"

namespace gocker::test {
namespace {

bool list_has(const std::string& list, const std::string& word) {
  for (const std::string_view part : split(list, ',')) {
    if (part == word) return true;
  }
  return false;
}

}  // namespace

Container::Container(Runtime runtime, std::string id, const std::string& directory)
    : bundle(directory), runtime_(std::move(runtime)), id_(std::move(id)) {
  bundle.config.set("/linux/cgroupsPath", cgroups_path());
}

Program Container::program(const std::string& command, const Words& options) const {
  bundle.write_config();
  Words args = {command, "--bundle", bundle.path()};
  args.insert(args.end(), options.begin(), options.end());
  args.push_back(id_);
  return runtime_.program(args);
}

Outcome Container::create(const Words& options) const {
  return run_program(program("create", options));
}

Outcome Container::run(const Words& options) const {
  return run_program(program("run", options));
}

Running Container::run_in_background(const Words& options) const {
  return Running(program("run", options));
}

Value Container::state() const {
  const Outcome outcome = query_state();
  return outcome ? Value::parse(outcome.out) : Value();
}

std::string Container::status() const {
  return state()["/status"].text();
}

pid_t Container::pid() const {
  const int64_t pid = state()["/pid"].number();
  return pid > 0 ? static_cast<pid_t>(pid) : 0;
}

bool Container::wait_for_status(const std::string& wanted) const {
  return wait_until([&] { return status() == wanted; });
}

Value Container::run_for_json() {
  const Outcome outcome = run();
  try {
    if (outcome) return Value::parse(outcome.out);
  } catch (const std::runtime_error&) {
    ADD_FAILURE() << "the container's output is no JSON: " << outcome;
    return {};
  }
  ADD_FAILURE() << "run failed: " << outcome;
  return {};
}

Value Container::report(const Words& sysctls) {
  Words words = {"report"};
  words.insert(words.end(), sysctls.begin(), sysctls.end());
  bundle.set_command(words);
  return run_for_json();
}

Words Container::attempt(const std::vector<Words>& acts) {
  Words words = {"try"};
  for (const Words& act : acts) {
    if (words.size() > 1) words.emplace_back("--");
    words.insert(words.end(), act.begin(), act.end());
  }
  bundle.set_command(words);
  Words answers = run_for_json().texts();
  answers.resize(acts.size());  // so that a failed run does not make the test crash
  return answers;
}

Value mount_at(const Value& report, const std::string& point) {
  Value found;
  for (const Value& mount : report["/mounts"].elements()) {
    if (mount["/point"] == point) found = mount;
  }
  return found;
}

Value device_at(const Value& report, const std::string& path) {
  for (const Value& device : report["/devices"].elements()) {
    if (device["/path"] == path) return device;
  }
  return {};
}

bool has_option(const Value& mount, const std::string& option) {
  return list_has(mount["/options"].text(), option);
}

bool has_options(const Value& mount, const Words& options) {
  for (const std::string& option : options) {
    if (!has_option(mount, option)) return false;
  }
  return !mount.is_null();
}

bool has_super_option(const Value& mount, const std::string& option) {
  return list_has(mount["/super"].text(), option);
}

std::vector<int> descriptors(const Value& report) {
  std::vector<int> numbers;
  for (const Value& entry : report["/fds"].elements()) {
    numbers.push_back(static_cast<int>(entry["/fd"].number()));
  }
  return numbers;
}

}  // namespace gocker::test
