#include "runtime/base/trace.h"

#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <atomic>

namespace gocker {
namespace {

constexpr size_t kMostEvents = 4096;

struct Room {
  std::atomic<size_t> count;
  TraceEvent events[kMostEvents];
};

constinit Room* room = nullptr;
constinit uint32_t process_number = 0;

}  // namespace

constinit bool trace_is_on = false;

void start_trace() {
  // Zeros, as the kernel gives it, are an empty one.
  void* memory =
      ::mmap(nullptr, sizeof(Room), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  room = static_cast<Room*>(memory);
  trace_is_on = true;
}

void set_traced_process(uint32_t number) {
  process_number = number;
}

uint64_t trace_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void record_span(uint64_t begin, const char* action, std::string_view object) noexcept {
  const size_t index = room->count.fetch_add(1);
  if (index >= kMostEvents) return;
  TraceEvent& event = room->events[index];
  event.begin = begin;
  event.end = trace_clock();
  event.process = process_number;
  object.copy(event.object, sizeof event.object - 1);
  event.action = action;
}

std::span<const TraceEvent> traced_events() {
  if (room == nullptr) return {};
  return {room->events, std::min(room->count.load(), kMostEvents)};
}

}  // namespace gocker
