// One container of a test: its bundle, and the runtime's commands with its id.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/system/bundle.h"
#include "tests/system/runtime.h"

namespace gocker::test {

using Words = std::vector<std::string>;

class Container {
 public:
  // `directory` becomes the bundle.
  Container(Runtime runtime, std::string id, const std::string& directory);

  const std::string& id() const { return id_; }
  const Runtime& runtime() const { return runtime_; }
  Bundle bundle;
  Value& config() { return bundle.config; }
  // "/gk...": set in every configuration, so that cgroups can be found.
  std::string cgroups_path() const { return "/" + id_; }

  // Each writes config.json first. `options` come before the id.
  Outcome create(const Words& options = {}) const;
  Outcome run(const Words& options = {}) const;
  Running run_in_background(const Words& options = {}) const;
  // The program of a call, to be changed before it runs.
  Program program(const std::string& command, const Words& options = {}) const;

  Outcome start() const { return runtime_.call({"start", id_}); }
  Outcome kill(const std::string& signal) const { return runtime_.call({"kill", id_, signal}); }
  Outcome remove() const { return runtime_.call({"delete", id_}); }
  Outcome remove_by_force() const {
    return run_program_reaping(runtime_.program({"delete", "--force", id_}));
  }

  Outcome query_state() const { return runtime_.call({"state", id_}); }
  Value state() const;         // null where there is no such container
  std::string status() const;  // "" likewise
  pid_t pid() const;           // 0 likewise
  bool wait_for_status(const std::string& status) const;

  // Runs `inside report` and returns what it says; null (and a failure) where it did not run.
  Value report(const Words& sysctls = {});
  // Runs `inside try` with the acts and returns an answer to each; none where it did not run.
  Words attempt(const std::vector<Words>& acts);

 private:
  Value run_for_json();

  Runtime runtime_;
  std::string id_;
};

// What a report says of one thing; null where there is none.
Value mount_at(const Value& report, const std::string& point);  // the uppermost
Value device_at(const Value& report, const std::string& path);
bool has_option(const Value& mount, const std::string& option);  // of the mount itself
bool has_options(const Value& mount, const Words& options);      // all of them
bool has_super_option(const Value& mount, const std::string& option);
// The numbers of the open descriptors.
std::vector<int> descriptors(const Value& report);

}  // namespace gocker::test
