// gocker-runtime events: what a container uses, once or again and again, and when memory ran out.
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/cgroup/oom_watch.h"
#include "runtime/cli/command.h"
#include "runtime/command_line/output.h"
#include "runtime/container/container.h"
#include "runtime/container/event.h"

namespace gocker::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::array kOptions{
    Option{"stats", 0, "", "print the statistics once and end"},
    Option{"interval", 0, "TIME", "how often statistics are printed: 500ms, 5s (default), 1m"}};

milliseconds interval_of(const Arguments& arguments) {
  struct Unit {
    std::string_view name;
    uint64_t milliseconds;
  };
  constexpr std::array kUnits{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000},
                              Unit{"h", 3'600'000}};
  const std::string text = arguments.value("interval", "5s");
  const size_t end = text.find_first_not_of("0123456789");
  const auto number = parse_u64(text.substr(0, end), 1'000'000);
  for (const Unit& unit : kUnits) {
    if (end == std::string::npos || text.substr(end) != unit.name) continue;
    if (number && *number > 0) return milliseconds(*number * unit.milliseconds);
  }
  throw UsageError("--interval: \"" + text + "\" is no time such as 5s");
}

void print_statistics(const Container& container) {
  const ContainerRecord& record = container.record();
  print(stats_event(record.id, read_statistics(record.cgroup), record.pid));
}

// Until the container ends.
void follow(const Container& container, const Fd& process, milliseconds interval) {
  OomWatch watch(container.record().cgroup);
  auto next = Clock::now() + interval;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(next - Clock::now());
    std::array<pollfd, 2> polled{pollfd{process.get(), POLLIN, 0},
                                 pollfd{watch.fd().get(), POLLIN, 0}};
    const int timeout = static_cast<int>(std::max<int64_t>(left.count(), 0));
    const int ready = ::poll(polled.data(), polled.size(), timeout);
    if (ready < 0 && errno != EINTR) throw_errno("poll");
    if (polled[1].revents != 0 && watch.happened()) print(oom_event(container.record().id));
    if (polled[0].revents != 0) return;
    if (ready != 0) continue;
    print_statistics(container);
    next += interval;
  }
}

int run(const Global& global, const Arguments& arguments) {
  const milliseconds interval = interval_of(arguments);
  const Container container =
      Container::load(StateRoot(global.state_root), arguments.positionals().at(0), Locking::none);
  const Doing doing("events of container", container.record().id);
  const Fd process = container.open_process();
  if (!process) throw Error("container not running");
  if (arguments.has("stats")) {
    print_statistics(container);
  } else {
    follow(container, process, interval);
  }
  return 0;
}

}  // namespace

constinit const Command kEvents{.name = "events",
                                .arguments = "ID",
                                .summary = "print what a container uses, and when memory ran out",
                                .options = kOptions,
                                .least = 1,
                                .most = 1,
                                .run = run};

}  // namespace gocker::cli
