#include "tests/system/namespace_holder.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"
#include "tests/system/bundle.h"

namespace gocker::test {

NamespaceHolder::NamespaceHolder(uint64_t flags) {
  clone_args arguments = {};
  arguments.flags = flags;
  arguments.exit_signal = SIGCHLD;
  pid_ = check(sys::clone3(arguments), "clone3");
  if (pid_ == 0) {
    for (;;) ::pause();
  }
  if ((flags & CLONE_NEWUSER) == 0) return;
  const std::string map = "0 " + std::to_string(kFirstMappedId) + " 65536";
  write_file("/proc/" + std::to_string(pid_) + "/uid_map", map);
  write_file("/proc/" + std::to_string(pid_) + "/gid_map", map);
}

NamespaceHolder::~NamespaceHolder() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string NamespaceHolder::path(const std::string& file) const {
  return "/proc/" + std::to_string(pid_) + "/ns/" + file;
}

std::string NamespaceHolder::identity(const std::string& file) const {
  return namespace_of(pid_, file);
}

std::string own_namespace(const std::string& file) {
  return namespace_of(::getpid(), file);
}

std::string namespace_of(pid_t pid, const std::string& file) {
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/ns/" + file);
}

}  // namespace gocker::test
