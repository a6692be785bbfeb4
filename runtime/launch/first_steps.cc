#include "runtime/launch/first_steps.h"

#include <signal.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {

void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  check(::sigprocmask(SIG_SETMASK, &none, nullptr), "sigprocmask");
  if (::signal(SIGPIPE, SIG_DFL) == SIG_ERR) throw_errno("signal");
}

void join_v1_groups(const std::vector<Fd>& tasks_files) {
  const Doing doing("join the control groups");
  for (const Fd& tasks : tasks_files) write_all(tasks, "0", "tasks");
}

}  // namespace gocker
