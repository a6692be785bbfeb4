#include "tests/tracer/system_call.h"

#include <seccomp.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>

#include "runtime/base/error.h"

namespace gocker::tracer {
namespace {

// Which argument of a call is its path; of two, the one that the call changes.
const std::map<std::string_view, size_t>& path_arguments() {
  static const std::map<std::string_view, size_t> kIndex{
      {"access", 0},        {"chdir", 0},      {"chroot", 0},     {"execve", 0},
      {"execveat", 1},      {"faccessat", 1},  {"faccessat2", 1}, {"fchmodat", 1},
      {"fchownat", 1},      {"fsconfig", 2},   {"fsopen", 0},     {"lstat", 0},
      {"mkdir", 0},         {"mkdirat", 1},    {"mknodat", 1},    {"mount", 1},
      {"mount_setattr", 1}, {"move_mount", 3}, {"newfstatat", 1}, {"open", 0},
      {"open_tree", 1},     {"openat", 1},     {"openat2", 1},    {"readlink", 0},
      {"readlinkat", 1},    {"renameat2", 3},  {"rmdir", 0},      {"setxattr", 0},
      {"stat", 0},          {"statfs", 0},     {"statx", 1},      {"symlinkat", 2},
      {"umount2", 0},       {"unlink", 0},     {"unlinkat", 1},   {"utimensat", 1},
  };
  return kIndex;
}

std::string name_of_call(uint64_t number) {
  char* known = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, static_cast<int>(number));
  if (known == nullptr) return "call " + std::to_string(number);
  std::string name = known;
  std::free(known);
  return name;
}

// Up to where the process has no more memory, or the text ends.
std::string read_text(pid_t pid, uint64_t address) {
  constexpr uint64_t kPage = 4096;
  std::string text;
  while (address != 0 && text.size() < PATH_MAX) {
    std::array<char, kPage> buffer;
    const size_t length = kPage - address % kPage;
    const iovec local{buffer.data(), length};
    const iovec remote{reinterpret_cast<void*>(address), length};
    const ssize_t got = ::process_vm_readv(pid, &local, 1, &remote, 1, 0);
    if (got <= 0) break;
    const std::string_view part(buffer.data(), static_cast<size_t>(got));
    const size_t end = part.find('\0');
    text.append(part.substr(0, end));
    if (end != std::string_view::npos) break;
    address += part.size();
  }
  return text;
}

void poke(pid_t pid, size_t offset, int64_t value) {
  const long result = ::ptrace(PTRACE_POKEUSER, pid, offset, value);
  if (result != 0 && errno != ESRCH) throw_errno("ptrace POKEUSER");
}

}  // namespace

std::optional<CallArguments> read_call_at_entry(pid_t pid) {
  struct __ptrace_syscall_info info {};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0) {
    if (errno == ESRCH) return std::nullopt;  // it was killed meanwhile
    throw_errno("ptrace GET_SYSCALL_INFO");
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return std::nullopt;
  CallArguments call{name_of_call(info.entry.nr), {}};
  const auto path = path_arguments().find(call.name);
  if (path != path_arguments().end()) call.path = read_text(pid, info.entry.args[path->second]);
  return call;
}

void suppress_call(pid_t pid) {
  poke(pid, offsetof(user, regs.orig_rax), -1);
}

void set_error(pid_t pid, int error) {
  poke(pid, offsetof(user, regs.rax), -error);
}

}  // namespace gocker::tracer
