// Where in a container's control groups one more process goes, and how it gets there.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/cgroup/cgroup.h"
#include "runtime/container/record.h"

namespace gocker {

class ExecGroups {
 public:
  // `wanted` as in ExecRequest; where it is empty: where the first process is. `record` must
  // outlive the object.
  ExecGroups(const ContainerRecord& record, const std::vector<std::string>& wanted);

  // v1: for the process itself, see join_v1_groups().
  const std::vector<Fd>& tasks_files() const { return tasks_files_; }
  // v2: for clone3. Invalid where the process can't be born there, or there is nothing of v2.
  const Fd& birthplace() const;
  // Whether systemd must move the process in, as the caller may not.
  bool are_closed() const { return are_closed_; }
  void move_in(const Child& process) const;

 private:
  void look_for_way_in(const std::vector<std::string>& wanted);

  const ContainerRecord& record_;
  Cgroup cgroup_;
  std::vector<Fd> tasks_files_;
  Fd of_first_process_;
  std::string below_scope_;  // "/init"; empty for the scope's own group
  bool are_closed_ = false;
};

}  // namespace gocker
