// Who makes or joins which namespace of a container, and when. A new one is a flag of init's clone;
// joining depends on whose rights it needs:
//   - pid and time hold for children only: the launcher joins them and goes back after the clone;
//   - a new user namespace takes away init's rights over host-owned ones: the launcher joins those;
//   - with a user namespace that is joined, what is new must belong to it: a bridge process joins
//     first and then clones init as the launcher's child (bridge.h);
//   - everything else init joins itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "oci-spec/runtime_spec.h"
#include "runtime/base/fd.h"
#include "runtime/linux/user.h"

namespace gocker {

struct JoinedNamespace {
  oci::NamespaceType type;
  Fd fd;
};

class NamespacePlan {
 public:
  // Opens every path. `late_cgroup_namespace`: init unshares it once it is in its control groups,
  // as it is not born there; else it is a clone flag.
  NamespacePlan(const oci::Linux& config, bool late_cgroup_namespace);

  uint64_t clone_flags() const { return clone_flags_; }
  bool new_user_namespace() const { return new_user_; }
  bool joins_user_namespace() const { return static_cast<bool>(user_); }
  bool late_cgroup_namespace() const { return late_cgroup_; }
  bool new_network_namespace() const { return new_network_; }
  // Made by an ordinary user, and nobody else will be in it.
  Tracing tracing() const;

  // The launcher, around the clone. What was left is joined again by the destructor.
  class Visit {
   public:
    explicit Visit(const NamespacePlan& plan);
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() { go_home(); }
    void go_home() noexcept;
    void stay() { home_.clear(); }  // init's choice

   private:
    std::vector<JoinedNamespace> home_;
  };

  void join_in_bridge() const;  // every path, the user namespace between what it allows and not
  void join_in_init() const;

 private:
  std::map<std::string, oci::TimeOffset> time_offsets_;
  std::vector<JoinedNamespace> by_launcher_;
  std::vector<JoinedNamespace> by_init_;
  Fd user_;
  uint64_t clone_flags_ = 0;
  bool new_user_ = false;
  bool new_time_ = false;
  bool new_network_ = false;
  bool late_cgroup_ = false;
};

}  // namespace gocker
