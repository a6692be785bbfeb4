#include "runtime/linux/self_seal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"
#include "runtime/linux/binary_overlay.h"

// Linux 6.3; Debian 12's headers are older.
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

namespace gocker {
namespace {

constexpr const char* kOwnBinary = "/proc/self/exe";
constexpr int kNeededSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// What the marker says of where the binary lies; nothing where there is no marker, or a foreign
// one.
std::optional<std::string> marked_folder() {
  const char* value = std::getenv(kBinaryMarker);
  if (value == nullptr) return std::nullopt;
  const std::string own = std::to_string(::getpid()) + ":";
  const std::string_view text = value;
  if (!text.starts_with(own)) return std::nullopt;
  return std::string(text.substr(own.size()));
}

bool take_marker() {
  const bool own = marked_folder().has_value();
  ::unsetenv(kBinaryMarker);
  return own;
}

// As the kernel has it, for a program that runs from no copy.
std::string folder_of_binary() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink(kOwnBinary, path.data(), path.size());
  if (length <= 0) return {};
  const std::string_view program(path.data(), static_cast<size_t>(length));
  return std::string(program.substr(0, program.rfind('/')));
}

// Opening for writing tells of a read-only superblock before it tells that the file is running.
bool runs_from_overlay() {
  struct statfs filesystem {};
  if (::statfs(kOwnBinary, &filesystem) != 0) return false;
  if (filesystem.f_type != OVERLAYFS_SUPER_MAGIC) return false;
  const Fd writable(::open(kOwnBinary, O_WRONLY | O_CLOEXEC));
  return !writable && errno == EROFS;
}

bool runs_from_sealed_memory() {
  const Fd binary(::open(kOwnBinary, O_RDONLY | O_CLOEXEC));
  if (!binary) return false;
  const int seals = ::fcntl(binary.get(), F_GET_SEALS);
  return seals >= 0 && (seals & kNeededSeals) == kNeededSeals;
}

Fd make_memory_file() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd memory(::memfd_create("gocker-runtime", kFlags | MFD_EXEC));
  if (!memory && errno == EINVAL) memory = Fd(::memfd_create("gocker-runtime", kFlags));
  check(memory.get(), "memfd_create");
  return memory;
}

void execute_from_sealed_memory(char** argv) {
  const Fd binary = open_file(kOwnBinary, O_RDONLY);
  const Fd memory = make_memory_file();
  auto left = static_cast<size_t>(stat_fd(binary, kOwnBinary).st_size);
  while (left > 0) {
    const ssize_t copied = check(::sendfile(memory.get(), binary.get(), nullptr, left), "copy");
    if (copied == 0) throw Error("copy: the file became shorter", EIO);
    left -= static_cast<size_t>(copied);
  }
  if (::fcntl(memory.get(), F_ADD_SEALS, kNeededSeals | F_SEAL_EXEC) != 0) {
    check(::fcntl(memory.get(), F_ADD_SEALS, kNeededSeals), "seal");
  }
  ::execveat(memory.get(), "", argv, environ, AT_EMPTY_PATH);
  throw_errno("execveat");
}

}  // namespace

std::string own_folder() {
  return marked_folder().value_or(folder_of_binary());
}

void guard_binary(char** argv) {
  const Doing doing("guard the runtime's binary");
  if (take_marker()) {
    if (runs_from_overlay() || runs_from_sealed_memory()) return;
    throw Error("the copy that it was started from can be written to");
  }
  execute_from_overlay(argv, environ);
  const std::string marker = std::to_string(::getpid()) + ":" + folder_of_binary();
  check(::setenv(kBinaryMarker, marker.c_str(), 1), "setenv");
  execute_from_sealed_memory(argv);
}

}  // namespace gocker
