// The rules for config.json's "process" and exec's process.json.
#include <algorithm>
#include <array>

#include "oci-spec/capability_names.h"
#include "oci-spec/validate_parts.h"

namespace oci {
namespace {

constexpr uint32_t kNoId = 0xFFFFFFFF;

constexpr std::array<std::string_view, 16> kRlimits = {
    "RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
    "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
    "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};

constexpr std::array<std::string_view, 7> kPolicies = {"SCHED_OTHER",   "SCHED_FIFO", "SCHED_RR",
                                                       "SCHED_BATCH",   "SCHED_ISO",  "SCHED_IDLE",
                                                       "SCHED_DEADLINE"};

constexpr std::array<std::string_view, 7> kSchedulerFlags = {
    "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",     "SCHED_FLAG_DL_OVERRUN",
    "SCHED_FLAG_KEEP_POLICY",   "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
    "SCHED_FLAG_UTIL_CLAMP_MAX"};

constexpr std::array<std::string_view, 3> kIoClasses = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
                                                        "IOPRIO_CLASS_IDLE"};

void check_user(const User& user, const JsonPlace& at) {
  if (user.uid == kNoId) JsonPlace(at, "uid").refuse("must not be 4294967295, which is no user");
  if (user.gid == kNoId) JsonPlace(at, "gid").refuse("must not be 4294967295, which is no group");
}

void check_capability_set(const std::vector<std::string>& set, const JsonPlace& at) {
  at.for_each(set, [](const std::string& name, const JsonPlace& here) {
    if (std::ranges::find(kCapabilityNames, name) == kCapabilityNames.end()) {
      here.refuse("unknown capability " + quote(name));
    }
  });
}

void check_capabilities(const Capabilities& capabilities, const JsonPlace& at) {
  check_capability_set(capabilities.bounding, JsonPlace(at, "bounding"));
  check_capability_set(capabilities.effective, JsonPlace(at, "effective"));
  check_capability_set(capabilities.inheritable, JsonPlace(at, "inheritable"));
  check_capability_set(capabilities.permitted, JsonPlace(at, "permitted"));
  check_capability_set(capabilities.ambient, JsonPlace(at, "ambient"));
}

void check_rlimits(const std::vector<Rlimit>& rlimits, const JsonPlace& at) {
  at.for_each(rlimits, [&](const Rlimit& rlimit, const JsonPlace& here) {
    check_known(rlimit.type, kRlimits, JsonPlace(here, "type"));
    const auto same = std::ranges::find(rlimits, rlimit.type, &Rlimit::type);
    if (&*same != &rlimit) JsonPlace(here, "type").refuse(rlimit.type + " is set twice");
    if (rlimit.soft > rlimit.hard) {
      JsonPlace(here, "soft")
          .refuse("must not be above hard (" + std::to_string(rlimit.soft) + " > " +
                  std::to_string(rlimit.hard) + ")");
    }
  });
}

void check_scheduler(const Scheduler& scheduler, const JsonPlace& at) {
  const std::string& policy = scheduler.policy;
  check_known(policy, kPolicies, JsonPlace(at, "policy"));
  JsonPlace(at, "flags")
      .for_each(scheduler.flags, [](const std::string& flag, const JsonPlace& here) {
        check_known(flag, kSchedulerFlags, here);
      });
  const bool real_time = policy == "SCHED_FIFO" || policy == "SCHED_RR";
  if (scheduler.priority != 0 && !real_time) {
    JsonPlace(at, "priority").refuse("needs the policy SCHED_FIFO or SCHED_RR, not " + policy);
  }
  if (scheduler.priority == 0 && real_time) {
    JsonPlace(at, "priority").refuse("must be from 1 to 99 with " + policy);
  }
  const bool times = scheduler.runtime != 0 || scheduler.deadline != 0 || scheduler.period != 0;
  if (times && policy != "SCHED_DEADLINE") {
    at.refuse("runtime, deadline and period need the policy SCHED_DEADLINE, not " + policy);
  }
}

void check_cpu_list(const std::string& list, const JsonPlace& at) {
  if (list.find_first_not_of("0123456789,- ") != std::string::npos) {
    at.refuse("must be a list such as 0-3,7, not " + quote(list));
  }
}

}  // namespace

void check_process(const Process& process, const JsonPlace& at) {
  at.attempt([&] { check_user(process.user, JsonPlace(at, "user")); });
  at.attempt([&] {
    if (process.args.empty()) JsonPlace(at, "args").refuse("must have at least one entry");
  });
  check_environment(process.env, JsonPlace(at, "env"));
  at.attempt([&] { check_absolute(process.cwd, JsonPlace(at, "cwd")); });
  if (process.capabilities) {
    check_capabilities(*process.capabilities, JsonPlace(at, "capabilities"));
  }
  check_rlimits(process.rlimits, JsonPlace(at, "rlimits"));
  at.attempt([&] {
    if (process.scheduler) check_scheduler(*process.scheduler, JsonPlace(at, "scheduler"));
  });
  at.attempt([&] {
    if (!process.io_priority) return;
    const JsonPlace io_priority(at, "ioPriority");
    check_known(process.io_priority->io_class, kIoClasses, JsonPlace(io_priority, "class"));
  });
  at.attempt([&] {
    if (!process.exec_cpu_affinity) return;
    const JsonPlace affinity(at, "execCPUAffinity");
    check_cpu_list(process.exec_cpu_affinity->initial, JsonPlace(affinity, "initial"));
    check_cpu_list(process.exec_cpu_affinity->final, JsonPlace(affinity, "final"));
  });
}

}  // namespace oci
