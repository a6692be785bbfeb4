#include "tests/system/inside/overwrite.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/fd.h"

namespace inside {
namespace {

constexpr off_t kPlace = 0;

std::string try_to_write(const gocker::Fd& program) {
  const std::string path = "/proc/self/fd/" + std::to_string(program.get());
  char byte = 0;
  if (::pread(program.get(), &byte, 1, kPlace) != 1) return "unreadable";
  const gocker::Fd writable(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!writable) return strerrorname_np(errno);
  return ::pwrite(writable.get(), &byte, 1, kPlace) == 1 ? "written" : strerrorname_np(errno);
}

void clear_read_only(const gocker::Fd& program) {
  struct mount_attr attributes = {};
  attributes.attr_clr = MOUNT_ATTR_RDONLY;
  ::syscall(SYS_mount_setattr, program.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes);
}

void write_result(const std::string& file, const std::string& text) {
  const std::string unfinished = file + ".new";
  const gocker::Fd result(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!result || ::write(result.get(), text.data(), text.size()) < 0) return;
  ::rename(unfinished.c_str(), file.c_str());
}

[[noreturn]] void wait_and_write(const gocker::Fd& program, const std::string& signal_file,
                                 const std::string& result_file) {
  while (::access(signal_file.c_str(), F_OK) != 0) ::usleep(5000);
  const std::string first = try_to_write(program);
  clear_read_only(program);
  write_result(result_file, first + " " + try_to_write(program));
  _exit(0);
}

}  // namespace

int overwrite(const std::string& pid, const std::string& signal_file,
              const std::string& result_file) {
  const gocker::Fd program(::open(("/proc/" + pid + "/exe").c_str(), O_RDONLY | O_CLOEXEC));
  if (!program) {
    write_result(result_file, strerrorname_np(errno));
    return 0;
  }
  const pid_t child = ::fork();
  if (child < 0) return 1;
  if (child > 0) return 0;
  // The one who waits for this hook must not wait for its child's output too.
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(stream);
  wait_and_write(program, signal_file, result_file);
}

}  // namespace inside
