#include "tests/system/inside/attempts.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "runtime/base/fd.h"
#include "runtime/base/text.h"
#include "tests/system/inside/files.h"

namespace inside {
namespace {

using Words = std::vector<std::string>;

std::string failure() {
  return strerrorname_np(errno);
}

std::string result_of(long result) {
  return result < 0 ? failure() : "ok";
}

unsigned number(const std::string& text) {
  return static_cast<unsigned>(std::strtoul(text.c_str(), nullptr, 0));
}

std::string read_file(const Words& words) {
  const std::optional<std::string> text = read_text(words[0]);
  return text ? *text : failure();
}

std::string put(const Words& words, int flags) {
  const gocker::Fd file(::open(words[0].c_str(), flags | O_WRONLY | O_CLOEXEC, 0666));
  if (!file) return failure();
  const std::string& text = words[1];
  return result_of(::write(file.get(), text.data(), text.size()));
}

std::string write_file(const Words& words) {
  return put(words, 0);
}
std::string create_file(const Words& words) {
  return put(words, O_CREAT | O_EXCL);
}

std::string open_file(const Words& words) {
  const int mode = words[1] == "r" ? O_RDONLY : words[1] == "w" ? O_WRONLY : O_RDWR;
  const gocker::Fd file(::open(words[0].c_str(), mode | O_CLOEXEC | O_NONBLOCK));
  return file ? "ok" : failure();
}

std::string stat_path(const Words& words) {
  struct stat status = {};
  if (::lstat(words[0].c_str(), &status) != 0) return failure();
  std::string line = std::string(type_name(status.st_mode)) + " " + octal(status.st_mode) + " " +
                     std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    line +=
        " " + std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev));
  }
  if (S_ISLNK(status.st_mode)) line += " " + read_link(words[0]);
  return line;
}

std::string list_directory(const Words& words) {
  struct stat status = {};
  if (::stat(words[0].c_str(), &status) != 0) return failure();
  return gocker::join(entries_of(words[0]), " ");
}

std::string make_directory(const Words& words) {
  return result_of(::mkdir(words[0].c_str(), 0777));
}

std::string make_link(const Words& words) {
  return result_of(::symlink(words[0].c_str(), words[1].c_str()));
}

std::string remove_path(const Words& words) {
  return result_of(::unlink(words[0].c_str()));
}

std::string change_owner(const Words& words) {
  return result_of(::lchown(words[0].c_str(), number(words[1]), number(words[2])));
}

std::string make_node(const Words& words) {
  const mode_t type = words[1] == "b" ? S_IFBLK : words[1] == "p" ? S_IFIFO : S_IFCHR;
  const dev_t device = words.size() > 3 ? makedev(number(words[2]), number(words[3])) : 0;
  return result_of(::mknod(words[0].c_str(), type | 0666, device));
}

std::string mount_tmpfs(const Words& words) {
  return result_of(::mount("tmpfs", words[0].c_str(), "tmpfs", 0, nullptr));
}

std::string bind_mount(const Words& words) {
  return result_of(::mount(words[0].c_str(), words[1].c_str(), nullptr, MS_BIND, nullptr));
}

std::string remount_writable(const Words& words) {
  return result_of(::mount(nullptr, words[0].c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr));
}

std::string unmount(const Words& words) {
  return result_of(::umount2(words[0].c_str(), MNT_DETACH));
}

std::string set_host_name(const Words& words) {
  return result_of(::sethostname(words[0].data(), words[0].size()));
}

std::string effective_user(const Words&) {
  return std::to_string(::geteuid());
}

std::string wait_for(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) < 0) return failure();
  if (WIFSIGNALED(status)) return std::string("killed by ") + sigabbrev_np(WTERMSIG(status));
  return "exit " + std::to_string(WEXITSTATUS(status));
}

// Runs a program and answers with what it printed, or how it ended where that was not well.
std::string execute(const Words& words) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure();
  gocker::Fd read_end(ends[0]);
  gocker::Fd write_end(ends[1]);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return failure();
  if (child == 0) {
    ::dup2(write_end.get(), STDOUT_FILENO);
    ::execv(arguments[0], arguments.data());
    _exit(errno);
  }
  write_end.reset();
  std::string output =
      read_text("/proc/self/fd/" + std::to_string(read_end.get())).value_or(failure());
  const std::string end = wait_for(child);
  if (end == "exit 0") return output;
  const int code = std::atoi(end.c_str() + std::strlen("exit "));
  return end.starts_with("exit ") && strerrorname_np(code) != nullptr ? strerrorname_np(code) : end;
}

// How many of the wanted children could be made; they are ended again.
std::string fork_children(const Words& words) {
  std::vector<pid_t> children;
  for (unsigned i = 0; i < number(words[0]); ++i) {
    const pid_t child = ::fork();
    if (child < 0) break;
    if (child == 0) {
      ::pause();
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  return std::to_string(children.size());
}

const std::map<std::string, long>& system_calls() {
  static const std::map<std::string, long> kNumbers = {
      {"getpid", SYS_getpid},
      {"getppid", SYS_getppid},
      {"getuid", SYS_getuid},
      {"getpriority", SYS_getpriority},
      {"setpriority", SYS_setpriority},
      {"personality", SYS_personality},
      {"socket", SYS_socket},
      {"unshare", SYS_unshare},
      {"umask", SYS_umask},
      {"sync", SYS_sync},
      {"setuid", SYS_setuid},
      {"setgid", SYS_setgid},
      {"keyctl", SYS_keyctl},
      {"ptrace", SYS_ptrace},
      {"reboot", SYS_reboot},
      {"swapoff", SYS_swapoff},
      {"kexec_load", SYS_kexec_load},
      {"lseek", SYS_lseek},
      {"dup", SYS_dup},
      {"alarm", SYS_alarm},
      {"setgroups", SYS_setgroups},
      {"sched_setparam", SYS_sched_setparam},
  };
  return kNumbers;
}

long call_system(const Words& words) {
  const auto found = system_calls().find(words[0]);
  if (found == system_calls().end()) {
    errno = EINVAL;
    return -1;
  }
  std::array<long, 6> values = {};
  for (size_t i = 1; i < words.size() && i <= values.size(); ++i) {
    values[i - 1] = static_cast<long>(std::strtoull(words[i].c_str(), nullptr, 0));
  }
  return ::syscall(found->second, values[0], values[1], values[2], values[3], values[4], values[5]);
}

// In a child, so that a filter which kills leaves somebody to tell of it.
std::string system_call(const Words& words) {
  const pid_t child = ::fork();
  if (child < 0) return failure();
  if (child == 0) _exit(call_system(words) < 0 ? errno : 0);
  std::string end = wait_for(child);
  if (end == "exit 0") return "ok";
  if (!end.starts_with("exit ")) return end;
  return strerrorname_np(std::atoi(end.c_str() + std::strlen("exit ")));
}

std::string write_descriptor(const Words& words) {
  return result_of(::write(static_cast<int>(number(words[0])), words[1].data(), words[1].size()));
}

struct Act {
  size_t arguments;  // at least
  std::string (*run)(const Words&);
};

const std::map<std::string, Act>& acts() {
  static const std::map<std::string, Act> kActs = {
      {"read", {1, read_file}},
      {"write", {2, write_file}},
      {"create", {2, create_file}},
      {"open", {2, open_file}},
      {"stat", {1, stat_path}},
      {"list", {1, list_directory}},
      {"mkdir", {1, make_directory}},
      {"symlink", {2, make_link}},
      {"unlink", {1, remove_path}},
      {"chown", {3, change_owner}},
      {"mknod", {2, make_node}},
      {"mount-tmpfs", {1, mount_tmpfs}},
      {"bind", {2, bind_mount}},
      {"remount-rw", {1, remount_writable}},
      {"umount", {1, unmount}},
      {"sethostname", {1, set_host_name}},
      {"euid", {0, effective_user}},
      {"exec", {1, execute}},
      {"fork", {1, fork_children}},
      {"syscall", {1, system_call}},
      {"write-fd", {2, write_descriptor}},
  };
  return kActs;
}

}  // namespace

std::string attempt(const std::vector<std::string>& words) {
  if (words.empty()) return "nothing to do";
  const auto found = acts().find(words[0]);
  if (found == acts().end()) return "unknown act " + words[0];
  const Words arguments(words.begin() + 1, words.end());
  if (arguments.size() < found->second.arguments) return "too few words for " + words[0];
  return found->second.run(arguments);
}

}  // namespace inside
