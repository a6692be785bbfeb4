#include "runtime/launch/exec_groups.h"

#include <unistd.h>

#include "runtime/base/user_rights.h"
#include "runtime/cgroup/membership.h"
#include "runtime/cgroup/systemd_scope.h"

namespace gocker {

ExecGroups::ExecGroups(const ContainerRecord& record, const std::vector<std::string>& wanted)
    : record_(record),
      cgroup_(groups_below(record.cgroup, wanted)),
      tasks_files_(cgroup_.open_tasks_files()) {
  if (wanted.empty()) of_first_process_ = cgroup_.unified_directory_of(record.pid);
  if (!record.scope.empty() && !is_host_root()) look_for_way_in(wanted);
}

void ExecGroups::look_for_way_in(const std::vector<std::string>& wanted) {
  std::string target = cgroup_.paths().find("")->directory;
  if (wanted.empty() && of_first_process_) target = unified_directory_of(record_.pid);
  are_closed_ = !may_move(unified_directory_of(::getpid()), target);
  const std::string scope = "/" + record_.scope;
  const size_t at = (target + "/").find(scope + "/");
  if (at != std::string::npos) below_scope_ = target.substr(at + scope.size());
}

// Where somebody moved the first process out of them all, not outside with it.
const Fd& ExecGroups::birthplace() const {
  static const Fd kNone;
  if (are_closed_) return kNone;
  return of_first_process_ ? of_first_process_ : cgroup_.unified_directory();
}

void ExecGroups::move_in(const Child& process) const {
  move_into_scope(record_.scope, own_systemd_instance(),
                  {.pid = process.pid(), .group = below_scope_});
}

}  // namespace gocker
