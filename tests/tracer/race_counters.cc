#include "tests/tracer/race_counters.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace gocker::tracer {
namespace {

bool uses_what_was_found(std::string_view call) {
  constexpr std::array<std::string_view, 8> kCalls{
      "mount", "move_mount", "mkdir", "mkdirat", "mknodat", "symlink", "symlinkat", "fchownat"};
  return std::find(kCalls.begin(), kCalls.end(), call) != kCalls.end();
}

}  // namespace

RaceCounters& map_race_counters(const std::string& name) {
  const Fd file = open_file(name, O_RDWR | O_CREAT, 0600);
  check(::ftruncate(file.get(), sizeof(RaceCounters)), "ftruncate", name);
  void* memory =
      ::mmap(nullptr, sizeof(RaceCounters), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) throw_errno("mmap", name);
  return *static_cast<RaceCounters*>(memory);
}

void RaceWindows::see(std::string_view call, std::string_view path) {
  if (!open_ && path.find(watched_) != std::string_view::npos) {
    open_ = true;
    exchanges_at_opening_ = counters_.exchanges;
    return;
  }
  if (!open_ || !uses_what_was_found(call)) return;
  open_ = false;
  counters_.inside += counters_.exchanges - exchanges_at_opening_;
  ++counters_.windows;
}

}  // namespace gocker::tracer
