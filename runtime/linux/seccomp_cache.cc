#include "runtime/linux/seccomp_cache.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/rooted_path.h"

namespace gocker {
namespace {

constexpr const char* kFolder = ".seccomp";
constexpr size_t kMaxFile = 1 << 20;
// Profiles share a place by their hash, so that the folder does not grow; the last one stays.
constexpr size_t kPlaces = 64;

// All that the program depends on, as text: numbers end with a blank, texts with a zero.
class Key {
 public:
  Key& add(std::string_view text) {
    text_.append(text).push_back('\0');
    return *this;
  }
  Key& add(uint64_t number) {
    text_.append(std::to_string(number)).push_back(' ');
    return *this;
  }
  Key& add(const std::vector<std::string>& texts) {
    add(texts.size());
    for (const std::string& text : texts) add(text);
    return *this;
  }
  Key& add(const std::optional<uint32_t>& number) {
    return number ? add("=").add(uint64_t{*number}) : add("-");
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string key_of(const oci::Seccomp& seccomp) {
  const scmp_version* version = ::seccomp_version();
  Key key;
  key.add(GOCKER_VERSION).add(version->major).add(version->minor).add(version->micro);
  key.add(static_cast<uint64_t>(::seccomp_arch_native())).add(uint64_t{::seccomp_api_get()});
  key.add(static_cast<uint64_t>(seccomp.default_action)).add(seccomp.default_errno_ret);
  key.add(seccomp.architectures).add(seccomp.flags).add(seccomp.listener_path);
  for (const oci::SeccompSyscall& entry : seccomp.syscalls) {
    key.add(entry.names).add(static_cast<uint64_t>(entry.action)).add(entry.errno_ret);
    key.add(entry.args.size());
    for (const oci::SeccompArg& arg : entry.args) {
      key.add(uint64_t{arg.index}).add(arg.value).add(arg.value_two);
      key.add(static_cast<uint64_t>(arg.op));
    }
  }
  return key.take();
}

// A file: this, the key, the instructions.
struct Head {
  uint64_t key_size = 0;
  uint32_t flags = 0;
  uint32_t notify = 0;
};

Fd memory_file(std::string_view content) {
  Fd file(check(::memfd_create("seccomp-filter", MFD_CLOEXEC), "memfd_create"));
  write_all(file, content, "seccomp-filter");
  return file;
}

std::optional<SeccompProgram> find(const Fd& folder, const std::string& place,
                                   std::string_view key) {
  const Fd file(::openat(folder.get(), place.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return std::nullopt;
  const struct stat status = stat_fd(file, place);
  if (status.st_uid != ::geteuid() || (status.st_mode & 07777) != 0600) return std::nullopt;
  const std::string content = read_all(file, place, kMaxFile);
  Head head;
  if (content.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, content.data(), sizeof head);
  const std::string_view rest = std::string_view(content).substr(sizeof head);
  if (head.key_size != key.size() || !rest.starts_with(key)) return std::nullopt;
  return SeccompProgram{
      .bpf = memory_file(rest.substr(key.size())), .flags = head.flags, .notify = head.notify != 0};
}

void keep(const Fd& folder, const std::string& place, std::string_view key,
          const SeccompProgram& program) {
  const auto size = static_cast<size_t>(stat_fd(program.bpf, "filter").st_size);
  std::string instructions(size, '\0');
  const ssize_t got = check(::pread(program.bpf.get(), instructions.data(), size, 0), "read");
  if (static_cast<size_t>(got) != size) return;
  const Head head{key.size(), program.flags, program.notify ? 1U : 0U};
  std::string content(reinterpret_cast<const char*>(&head), sizeof head);
  replace_file_at(folder, place, content.append(key).append(instructions), 0600);
}

Fd open_folder(const Fd& directory) {
  Fd folder = open_if_exists_at(directory, kFolder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (folder) return folder;
  if (::mkdirat(directory.get(), kFolder, 0700) != 0 && errno != EEXIST) throw_errno("mkdir");
  return open_file_at(directory, kFolder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace

SeccompProgram find_or_compile_seccomp(const Fd& directory, const oci::Seccomp& seccomp) {
  // Who wants to be told what the compiler leaves out has it compiled.
  if (warnings_are_refused() || log_is_debugging()) return compile_seccomp(seccomp);
  const std::string key = key_of(seccomp);
  const std::string place = "filter-" + std::to_string(std::hash<std::string>{}(key) % kPlaces);
  Fd folder;
  try {
    folder = open_folder(directory);
    if (auto found = find(folder, place, key)) return std::move(*found);
  } catch (const Error&) {
    // Compiled again.
  }
  SeccompProgram program = compile_seccomp(seccomp);
  try {
    if (folder) keep(folder, place, key, program);
  } catch (const Error&) {
    // The next one compiles again.
  }
  return program;
}

}  // namespace gocker
