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
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"
#include "runtime/base/rooted_path.h"

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
// Set to the process's own id by the first start and taken away by the second: execve keeps the id,
// so what leaked from elsewhere is not believed.
constexpr const char* kMarker = "GOCKER_SEALED_BINARY";

constexpr int kNeededSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

bool take_marker() {
  const char* value = std::getenv(kMarker);
  if (value == nullptr) return false;
  const bool own = std::to_string(::getpid()) == value;
  ::unsetenv(kMarker);
  return own;
}

// An overlay without an upper layer can't be made writable by any remount: its superblock is
// read-only for good, and opening for writing says so before it says that the file is running.
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

// The binary's own path, empty where it has none any more.
std::string own_path() {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = ::readlink(kOwnBinary, buffer.data(), buffer.size());
  if (length <= 0 || static_cast<size_t>(length) == buffer.size()) return {};
  return {buffer.data(), static_cast<size_t>(length)};
}

// An overlay without upper needs two lower layers that do not contain each other. The first one
// has the binary, so nothing is ever looked up in the second: any other directory serves.
const char* second_layer(const std::string& folder) {
  for (const char* candidate : {"/dev", "/run"}) {
    if (!folder.starts_with(candidate)) return candidate;
  }
  return "/proc";
}

// ':' separates the layers and '\' escapes.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == ':' || c == '\\' || c == ',') text += '\\';
    text += c;
  }
  return text;
}

// A detached, read-only overlay over `folder`; an invalid Fd where the kernel or the rights of the
// caller do not allow it.
Fd mount_overlay(const std::string& folder) {
  const Fd context(::fsopen("overlay", FSOPEN_CLOEXEC));
  if (!context) return {};
  const std::string layers = escaped(folder).append(":").append(second_layer(folder));
  const auto configure = [&](unsigned command, const char* key, const char* value) {
    return ::fsconfig(context.get(), command, key, value, 0) == 0;
  };
  if (!configure(FSCONFIG_SET_STRING, "lowerdir", layers.c_str())) return {};
  if (!configure(FSCONFIG_CMD_CREATE, nullptr, nullptr)) return {};
  return Fd(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY));
}

void execute_from_overlay(char** argv) {
  const std::string path = own_path();
  const SplitPath parts = split_path(path);
  if (parts.parent.empty() || parts.name.empty()) return;
  const Fd overlay = mount_overlay(std::string(parts.parent));
  if (!overlay) return;
  const std::string name(parts.name);
  ::execveat(overlay.get(), name.c_str(), argv, environ, 0);
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

void guard_binary(char** argv) {
  const Doing doing("guard the runtime's binary");
  if (take_marker()) {
    if (runs_from_overlay() || runs_from_sealed_memory()) return;
    throw Error("the copy that it was started from can be written to");
  }
  check(::setenv(kMarker, std::to_string(::getpid()).c_str(), 1), "setenv");
  execute_from_overlay(argv);
  execute_from_sealed_memory(argv);
}

}  // namespace gocker
