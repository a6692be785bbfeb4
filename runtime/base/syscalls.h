// The system calls that glibc 2.36 has no wrapper for, or none that C++ can link to: its
// <sys/pidfd.h> lacks extern "C". They return -1 and set errno.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace gocker::sys {

inline int openat2(int dir, const char* path, const open_how& how) {
  return static_cast<int>(::syscall(SYS_openat2, dir, path, &how, sizeof how));
}

// Like fork(2): returns 0 in the child. Never with CLONE_VM: the child runs on the same stack.
inline pid_t clone3(const clone_args& arguments) {
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

// Linux 6.15: open_tree(2) and mount_setattr(2) in one.
inline int open_tree_attr(int dir, const char* path, unsigned flags, const mount_attr& attributes) {
  constexpr long kNumber = 467;  // on every architecture
  return static_cast<int>(::syscall(kNumber, dir, path, flags, &attributes, sizeof attributes));
}

inline int pidfd_open(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

inline int pidfd_send_signal(int pidfd, int number) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0));
}

inline int ioprio_set(int which, int who, int priority) {
  return static_cast<int>(::syscall(SYS_ioprio_set, which, who, priority));
}

// keyctl(KEYCTL_JOIN_SESSION_KEYRING): the serial of the keyring.
inline int32_t join_session_keyring(const char* name) {
  constexpr int kJoinSessionKeyring = 1;
  return static_cast<int32_t>(::syscall(SYS_keyctl, kJoinSessionKeyring, name, 0, 0, 0));
}

}  // namespace gocker::sys
