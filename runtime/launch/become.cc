#include "runtime/launch/become.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"
#include "runtime/linux/capabilities.h"
#include "runtime/linux/own_code.h"
#include "runtime/linux/rlimits.h"
#include "runtime/linux/user.h"

namespace gocker {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// A filter needs no_new_privs or CAP_SYS_ADMIN. With the former it waits for the last moment, and
// so filters as little of the runtime's own calls as can be.
bool loads_filter_late(const BecomeRequest& request) {
  return request.process.no_new_privileges && !request.seccomp->notify;
}

const std::string* find_variable(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env) {
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=') {
      return &entry;
    }
  }
  return nullptr;
}

std::vector<std::string> environment(const BecomeRequest& request) {
  std::vector<std::string> env = request.process.env;
  if (find_variable(env, "HOME") == nullptr) {
    env.push_back("HOME=" + home_directory(request.process.user.uid));
  }
  if (request.listen_fds > 0) {
    std::erase_if(env, [](const std::string& entry) {
      return entry.starts_with("LISTEN_FDS=") || entry.starts_with("LISTEN_PID=");
    });
    env.push_back("LISTEN_FDS=" + std::to_string(request.listen_fds));
    env.push_back("LISTEN_PID=" + std::to_string(::getpid()));
    const char* names = std::getenv("LISTEN_FDNAMES");  // of the sockets, from who handed them over
    if (names != nullptr) env.push_back(std::string("LISTEN_FDNAMES=") + names);
  }
  return env;
}

// Pipes and terminals that came with the runtime's user would not let the container's user open
// /dev/stdout again. Files are left alone: they are somebody's, and so is the host's /dev/null.
void own_stdio(uint32_t uid) {
  if (uid == 0 || uid == ::geteuid()) return;  // whoever becomes root is root
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || status.st_uid == uid) continue;
    const bool pipe = S_ISFIFO(status.st_mode);
    const bool terminal = S_ISCHR(status.st_mode) && ::isatty(fd) == 1;
    if (!pipe && !terminal) continue;
    // A read-only or foreign file system refuses; the process has its descriptor all the same.
    [[maybe_unused]] const int refused = ::fchown(fd, uid, static_cast<gid_t>(-1));
  }
}

// Also refuses what lies outside the container, such as a descriptor of the host that was found
// through /proc/self/fd (CVE-2024-21626): the kernel, but not glibc, says "(unreachable)" then.
void enter_working_directory(const std::string& path) {
  const Doing doing("enter the working directory", path);
  check(::chdir(path.c_str()), "chdir");
  char current[PATH_MAX];
  check(::syscall(SYS_getcwd, current, sizeof current), "getcwd");
  if (current[0] != '/') throw Error("it is outside of the container");
}

// Go's words for the common errors: engines look for them. docker's exit code 126 hangs on the
// words "permission denied", which is also what execve says of a directory.
std::string plain_reason(int code) {
  switch (code) {
    case ENOENT:
      return "no such file or directory";
    case EACCES:
      return "permission denied";
    case EISDIR:
      return "permission denied (is a directory)";
    case ENOTDIR:
      return "not a directory";
    case ENOEXEC:
      return "exec format error";
    default:
      return errno_text(code);
  }
}

[[noreturn]] void throw_exec_error(const std::string& name, const std::string& reason, int code) {
  throw Error("exec: " + json_quote(name) + ": " + reason, code);
}

// 0, or why `path` can't be executed.
int executable_or_errno(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

}  // namespace

std::vector<std::string> program_candidates(const std::string& name,
                                            const std::vector<std::string>& env) {
  if (name.find('/') != std::string::npos) return {name};
  const std::string* variable = find_variable(env, "PATH");
  const std::string_view path =
      variable != nullptr ? std::string_view(*variable).substr(5) : kDefaultPath;
  std::vector<std::string> candidates;
  for (const std::string_view folder : split(path, ':')) {
    candidates.push_back(std::string(folder.empty() ? "." : folder) + "/" + name);
  }
  return candidates;
}

std::string find_program(const std::string& name, const std::vector<std::string>& env) {
  if (name.find('/') != std::string::npos) {
    const int code = executable_or_errno(name);
    if (code == 0) return name;
    const std::string where = code == ENOENT || code == ENOTDIR ? "stat " + name + ": " : "";
    throw_exec_error(name, where + plain_reason(code), code);
  }
  int best = ENOENT;
  for (const std::string& candidate : program_candidates(name, env)) {
    const int code = name.empty() ? ENOENT : executable_or_errno(candidate);
    if (code == 0) return candidate;
    if (code == EACCES) best = EACCES;
  }
  if (best == EACCES) throw_exec_error(name, plain_reason(EACCES), EACCES);
  throw_exec_error(name, "executable file not found in $PATH", ENOENT);
}

Program become_user(const BecomeRequest& request) {
  const Step step("become the user");
  const oci::Process& process = request.process;
  const CapabilitySets wanted =
      parse_capabilities(process.capabilities.value_or(oci::Capabilities{}));
  const bool load_filter_now = request.seccomp != nullptr && !loads_filter_late(request);
  const uint64_t for_filter =
      load_filter_now && !process.no_new_privileges ? 1ULL << CAP_SYS_ADMIN : 0;

  set_rlimits(0, process.rlimits);
  own_stdio(process.user.uid);
  drop_bounding_set(wanted);
  if (process.user.uid != 0) keep_capabilities_over_setuid();
  set_user(process.user, request.tracing, request.groups);
  set_capabilities(wanted, for_filter);
  set_ambient_capabilities(wanted);
  if (process.no_new_privileges) {
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
  }
  if (process.user.umask) ::umask(*process.user.umask);
  enter_working_directory(process.cwd);
  std::vector<std::string> env = environment(request);
  std::string path = process.args.empty() ? "" : find_program(process.args[0], env);
  if (request.waits_for_start) let_go_of_code();  // a filter may not allow it later
  if (load_filter_now) {
    Fd listener = load_seccomp(*request.seccomp);
    if (listener) request.on_seccomp_listener(std::move(listener));
    if (for_filter != 0) set_capabilities(wanted, 0);
  }
  return {std::move(path), process.args, std::move(env)};
}

void keep_preserved_descriptors(unsigned preserved, std::vector<int> kept) {
  const int first = 3 + static_cast<int>(preserved);
  close_all_from(first, std::move(kept));
  // They arrive there whatever flags they came with.
  for (int fd = 3; fd < first; ++fd) clear_cloexec(fd);
}

void execute(const BecomeRequest& request, const Program& program) {
  if (program.args.empty()) throw Error("config.json: /process: needed to start a container");
  const std::vector<char*> args = c_strings(program.args);
  const std::vector<char*> env = c_strings(program.env);
  if (request.seccomp != nullptr && loads_filter_late(request)) load_seccomp(*request.seccomp);
  ::execve(program.path.c_str(), args.data(), env.data());
  throw_exec_error(program.args[0], plain_reason(errno), errno);
}

}  // namespace gocker
