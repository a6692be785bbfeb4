// Part of each program of a sanitized build: what the sanitizers say of it is kept in one file,
// too, wherever the process stands by then. A container's init has closed its descriptors, changed
// its root and its user, and its stderr is the container's. So the file is mapped as the program
// begins: a report is a copy in memory, which needs no system call, and children inherit it.
//
// tests/sanitizer/reports.py reads the file.
#include <fcntl.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace {

// What does not fit is lost; a run with findings has enough by then.
constexpr size_t kSize = 4 << 20;

struct File {
  std::atomic<uint64_t> used;  // of the text, by all processes
  char text[kSize - sizeof(used)];
};
static_assert(sizeof(File) == kSize);

File* file = nullptr;
const char* const* command_line = nullptr;
bool has_begun = false;  // this process's report

void append(std::string_view text) {
  const uint64_t start = file->used.fetch_add(text.size());
  if (start >= sizeof(file->text)) return;
  const size_t room = sizeof(file->text) - start;
  std::memcpy(file->text + start, text.data(), std::min(text.size(), room));
}

void append_title() {
  append("\n=== of");
  for (const char* const* word = command_line; *word != nullptr; ++word) {
    append(" ");
    append(*word);
  }
  append("\n");
}

// Empty until it has its size, but mapped whole; an ordinary user's programs write to it, too.
int create_file() {
  const int fd = ::open(SANITIZER_REPORTS, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd >= 0 && ::ftruncate(fd, kSize) == 0) ::fchmod(fd, 0666);
  return fd;
}

// No descriptor stays: a caller may have left out the standard streams, and they are taken then.
[[gnu::constructor]] void map_file(int /*argc*/, char** argv) {
  command_line = argv;
  int fd = ::open(SANITIZER_REPORTS, O_RDWR | O_CLOEXEC);
  if (fd < 0) fd = create_file();
  if (fd < 0) return;
  void* place = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (place != MAP_FAILED) file = static_cast<File*>(place);
  ::close(fd);
}

}  // namespace

// NOLINTBEGIN(*-reserved-identifier,cert-dcl*)
extern "C" {

// Called with each piece of what a sanitizer prints.
void __sanitizer_on_print(const char* text) {
  if (file == nullptr) return;
  if (!has_begun) {
    has_begun = true;
    append_title();
  }
  append(text);
}

// Whatever the environment is: a finding ends the program by SIGABRT, which no test takes for an
// ordinary failure.
const char* __asan_default_options() {
  return "abort_on_error=1:detect_leaks=1:disable_coredump=0";
}
const char* __ubsan_default_options() {
  return "abort_on_error=1:halt_on_error=1:print_stacktrace=1";
}
}
// NOLINTEND(*-reserved-identifier,cert-dcl*)
