#include "tests/cve/exchanger.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/tracer/race_counters.h"

namespace gocker::test {

Exchanger::Exchanger(const std::string& directory, const std::string& one, const std::string& other,
                     const std::string& counters_file) {
  tracer::RaceCounters& counters = tracer::map_race_counters(counters_file);
  const Fd place = open_directory(directory);
  const auto exchange = [&] {
    return ::renameat2(place.get(), one.c_str(), place.get(), other.c_str(), RENAME_EXCHANGE);
  };
  check(exchange(), "renameat2", directory);
  pid_ = check(::fork(), "fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    if (exchange() == 0) ++counters.exchanges;
  }
}

Exchanger::~Exchanger() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace gocker::test
