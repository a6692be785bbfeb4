// Freestanding: the entry of the program calls this before libc has set up anything (thread-local
// storage, errno, the choice of memcpy(3) and its kin), for whoever is about to be executed again
// has no use for it. So nothing of any library is called here.
#include "runtime/linux/binary_overlay.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stddef.h>
#include <sys/syscall.h>

#include <initializer_list>

namespace gocker {
namespace {

// More than that, and it starts the slow way: from a sealed copy in memory.
constexpr size_t kMostVariables = 1000;
constexpr size_t kLongestPath = 1024;

// The result, or the negative errno.
long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#else
#error "the system call of this architecture is missing"
#endif
}

long address(const void* pointer) {
  return reinterpret_cast<long>(pointer);
}

bool starts_with(const char* text, const char* beginning) {
  while (*beginning != '\0' && *text == *beginning) ++text, ++beginning;
  return *beginning == '\0';
}

// A text that is put together piece by piece; what does not fit makes it invalid.
template <size_t kSize>
class Text {
 public:
  Text() { data_[0] = '\0'; }

  void add(char c) {
    if (length_ + 1 >= kSize) {
      valid_ = false;
      return;
    }
    data_[length_++] = c;
    data_[length_] = '\0';
  }
  void add(const char* text) {
    while (*text != '\0') add(*text++);
  }
  void add_number(long number) {
    if (number >= 10) add_number(number / 10);
    add(static_cast<char>('0' + number % 10));
  }

  const char* c_str() const { return data_; }
  bool valid() const { return valid_; }

 private:
  char data_[kSize];
  size_t length_ = 0;
  bool valid_ = true;
};

// Where this program lies: a folder and a name in it. ':' separates the layers of an overlay and
// ',' its options; '\' escapes both.
struct OwnPath {
  char text[kLongestPath];
  char* name = nullptr;  // what follows the last slash, which is cut off

  bool read() {
    const long length =
        call(SYS_readlink, address("/proc/self/exe"), address(text), sizeof text - 1);
    if (length <= 0 || length >= static_cast<long>(sizeof text - 1)) return false;
    text[length] = '\0';
    for (char* c = text; *c != '\0'; ++c) {
      if (*c == '/') name = c + 1;
    }
    if (name == nullptr || name - 1 == text) return false;
    name[-1] = '\0';
    return true;
  }
};

// An overlay without an upper layer needs two lower ones that do not contain each other. The first
// has the binary, so nothing is ever looked up in the second: any other directory serves.
const char* second_layer(const char* folder) {
  for (const char* candidate : {"/dev", "/run"}) {
    if (!starts_with(folder, candidate)) return candidate;
  }
  return "/proc";
}

// The context stays open: it is close-on-exec, as the mount is, and whoever comes back from a
// failed execveat closes all strays.
long mount_overlay(const char* folder) {
  Text<kLongestPath + 64> layers;
  for (const char* c = folder; *c != '\0'; ++c) {
    if (*c == ':' || *c == ',' || *c == '\\') layers.add('\\');
    layers.add(*c);
  }
  layers.add(':');
  layers.add(second_layer(folder));
  const long context = call(SYS_fsopen, address("overlay"), FSOPEN_CLOEXEC);
  if (context < 0 || !layers.valid()) return -1;
  if (call(SYS_fsconfig, context, FSCONFIG_SET_STRING, address("lowerdir"),
           address(layers.c_str())) < 0 ||
      call(SYS_fsconfig, context, FSCONFIG_CMD_CREATE) < 0) {
    call(SYS_close, context);
    return -1;
  }
  return call(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
}

}  // namespace

bool is_marked(char** environment) noexcept {
  for (; *environment != nullptr; ++environment) {
    if (starts_with(*environment, kBinaryMarker)) return true;
  }
  return false;
}

void execute_from_overlay(char** argv, char** environment) noexcept {
  OwnPath own;
  if (!own.read()) return;
  Text<kLongestPath + 64> marker;
  marker.add(kBinaryMarker);
  marker.add('=');
  marker.add_number(call(SYS_getpid));
  marker.add(':');
  marker.add(own.text);
  const char* marked[kMostVariables + 2];
  size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (count == kMostVariables) return;
    marked[count] = environment[count];
  }
  marked[count] = marker.c_str();
  marked[count + 1] = nullptr;

  const long overlay = mount_overlay(own.text);
  if (overlay < 0) return;
  call(SYS_execveat, overlay, address(own.name), address(argv), address(marked));
  call(SYS_close, overlay);
}

}  // namespace gocker
