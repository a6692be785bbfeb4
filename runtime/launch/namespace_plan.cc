#include "runtime/launch/namespace_plan.h"

#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/user_rights.h"
#include "runtime/linux/namespaces.h"

namespace gocker {
namespace {

using oci::NamespaceType;

bool holds_for_children_only(NamespaceType type) {
  return type == NamespaceType::pid || type == NamespaceType::time;
}

}  // namespace

NamespacePlan::NamespacePlan(const oci::Linux& config, bool late_cgroup_namespace)
    : time_offsets_(config.time_offsets) {
  const oci::Namespace* user = config.find_namespace(NamespaceType::user);
  new_user_ = user != nullptr && user->path.empty();
  for (const oci::Namespace& wanted : config.namespaces) {
    if (!wanted.path.empty()) {
      Fd fd = open_namespace(wanted);
      if (wanted.type == NamespaceType::user) {
        user_ = std::move(fd);
      } else if (holds_for_children_only(wanted.type) || new_user_) {
        by_launcher_.push_back({wanted.type, std::move(fd)});
      } else {
        by_init_.push_back({wanted.type, std::move(fd)});
      }
    } else if (wanted.type == NamespaceType::time) {
      new_time_ = true;
    } else if (wanted.type == NamespaceType::cgroup && late_cgroup_namespace) {
      late_cgroup_ = true;
    } else {
      clone_flags_ |= clone_flag(wanted.type);
      new_network_ |= wanted.type == NamespaceType::network;
    }
  }
}

Tracing NamespacePlan::tracing() const {
  const bool alone = new_user_ && (clone_flags_ & CLONE_NEWPID) != 0;
  return alone && !is_superuser() ? Tracing::owner : Tracing::nobody;
}

NamespacePlan::Visit::Visit(const NamespacePlan& plan) {
  if (plan.joins_user_namespace()) return;  // the bridge does it all
  try {
    for (const JoinedNamespace& joined : plan.by_launcher_) {
      // Whoever is in that pid namespace sees our child: it must not be able to trace it.
      if (joined.type == NamespaceType::pid) ::prctl(PR_SET_DUMPABLE, 0);
      home_.push_back({joined.type, open_own_namespace(joined.type)});
      join_namespace(joined.fd, joined.type);
    }
    if (plan.new_time_) {
      home_.push_back({NamespaceType::time, open_own_namespace(NamespaceType::time)});
      check(::unshare(CLONE_NEWTIME), "unshare the time namespace");
      write_time_offsets(plan.time_offsets_);
    }
  } catch (...) {
    go_home();
    throw;
  }
}

void NamespacePlan::Visit::go_home() noexcept {
  for (auto left = home_.rbegin(); left != home_.rend(); ++left) {
    try {
      join_namespace(left->fd, left->type);
    } catch (const std::exception&) {
      // It was open a moment ago and is ours. A launcher that can't go back only lacks its view of
      // the host, and what it still has to do fails aloud.
    }
  }
  home_.clear();
}

void NamespacePlan::join_in_bridge() const {
  ::prctl(PR_SET_DUMPABLE, 0);
  // With the host's rights first; what belongs to the user namespace is refused then, and joined
  // from inside of it.
  std::vector<const JoinedNamespace*> later;
  for (const auto* list : {&by_launcher_, &by_init_}) {
    for (const JoinedNamespace& joined : *list) {
      try {
        join_namespace(joined.fd, joined.type);
      } catch (const Error& refused) {
        if (refused.code() != EPERM) throw;
        later.push_back(&joined);
      }
    }
  }
  join_namespace(user_, NamespaceType::user);
  for (const JoinedNamespace* joined : later) join_namespace(joined->fd, joined->type);
  if (new_time_) {
    check(::unshare(CLONE_NEWTIME), "unshare the time namespace");
    write_time_offsets(time_offsets_);
  }
}

void NamespacePlan::join_in_init() const {
  if (joins_user_namespace()) return;
  for (const JoinedNamespace& joined : by_init_) join_namespace(joined.fd, joined.type);
}

}  // namespace gocker
