// CPU scheduling, I/O priority and affinity (config.md, "Linux Process").
#pragma once

#include <sys/types.h>

#include <string_view>
#include <vector>

#include "oci-spec/features.h"
#include "oci-spec/runtime_spec.h"

namespace gocker {

void set_scheduler(pid_t pid, const oci::Scheduler& scheduler);    // sched_setattr(2)
void set_io_priority(pid_t pid, const oci::IoPriority& priority);  // ioprio_set(2)
void set_personality(const oci::Personality& personality);         // personality(2), the caller
void set_memory_policy(const oci::MemoryPolicy& policy);           // set_mempolicy(2), the caller
// What of it this kernel takes, found by trying: the caller's own policy is the default afterwards.
oci::MemoryPolicyFeatures memory_policy_features();

// "0-3,7" -> {0,1,2,3,7}; an error for anything else.
std::vector<unsigned> parse_cpu_list(std::string_view text);
void set_cpu_affinity(pid_t pid, std::string_view cpus);

void set_oom_score_adj(pid_t pid, int32_t value);

}  // namespace gocker
