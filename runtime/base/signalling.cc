#include "runtime/base/signalling.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/syscalls.h"

namespace gocker {
namespace {

constexpr int kPasses = 100;
constexpr size_t kHeldAtOnce = 200;  // well below the usual limit of descriptors

using Held = std::vector<std::pair<pid_t, Fd>>;

// The next of them; who is gone already is left out.
Held hold_some(std::vector<pid_t>& pids) {
  Held held;
  while (!pids.empty() && held.size() < kHeldAtOnce) {
    const pid_t pid = pids.back();
    pids.pop_back();
    Fd pidfd(sys::pidfd_open(pid));
    if (pidfd) {
      held.emplace_back(pid, std::move(pidfd));
    } else if (errno != ESRCH) {
      throw_errno("pidfd_open", std::to_string(pid));
    }
  }
  return held;
}

void signal_held(const Held& held, const std::set<pid_t>& listed, int number) {
  for (const auto& [pid, pidfd] : held) {
    if (!listed.contains(pid)) continue;
    if (sys::pidfd_send_signal(pidfd.get(), number) != 0 && errno != ESRCH) {
      throw_errno("kill", std::to_string(pid));
    }
  }
}

}  // namespace

void signal_listed(const std::function<std::set<pid_t>()>& list, int number) {
  std::set<pid_t> known;
  for (int pass = 0; pass < kPasses; ++pass) {
    const std::set<pid_t> listed = list();
    std::vector<pid_t> fresh;
    std::set_difference(listed.begin(), listed.end(), known.begin(), known.end(),
                        std::back_inserter(fresh));
    if (fresh.empty()) return;
    known.insert(fresh.begin(), fresh.end());
    while (!fresh.empty()) {
      const Held held = hold_some(fresh);
      signal_held(held, list(), number);
    }
  }
}

}  // namespace gocker
