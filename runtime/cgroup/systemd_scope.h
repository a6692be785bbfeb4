// The scope that systemd makes for a container, by way of gocker-systemd: a program of its own, as
// the library that speaks to systemd can't be linked statically and nobody else needs it.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/cgroup/systemd_name.h"
#include "runtime/cgroup/systemd_properties.h"

namespace gocker {

// Tells where gocker-systemd is looked for when it is needed: in the folder of this program, or in
// ../libexec/gocker.
void set_systemd_helper_folder(std::string own_folder);

// The system's for who is root of the machine that it runs; the user's own otherwise, also for who
// is root of a user namespace of the user's (podman's, gocker-image's).
SystemdInstance own_systemd_instance();

// A scope that is being made. systemd needs a process to make it around: that is the helper, which
// stays until finish() or the end of the object, so that the group stands before the container's
// first process does. Once nobody is in it, systemd takes the scope away by itself.
class SystemdScope {
 public:
  SystemdScope() = default;
  // Throws what systemd says; nothing is left then.
  static SystemdScope start(const ScopeName& name, SystemdInstance instance,
                            const SystemdProperties& properties);

  explicit operator bool() const { return static_cast<bool>(socket_); }
  pid_t helper() const { return helper_.pid(); }
  // The directory of its group. systemd alone knows where that is.
  std::string group() const;
  // Moves a process in, by systemd, as the caller may not: see may_move().
  void move_in(const ScopeMember& member);
  // Once the container's first process is in: tells systemd of limits that it was not told at the
  // start, if any, and the helper to leave. Does not wait for either.
  void hand_over(const SystemdProperties& limits);
  // Waits for what hand_over() began, and throws where it failed.
  void finish();

 private:
  Fd socket_;
  Child helper_;
};

// Changes a scope's properties until the next boot.
void set_scope_properties(const std::string& unit, SystemdInstance instance,
                          const SystemdProperties& properties);

// Moves a process into a scope, or into a group below its own.
void move_into_scope(const std::string& unit, SystemdInstance instance, const ScopeMember& member);

}  // namespace gocker
