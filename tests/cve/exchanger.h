// The attacker of a race: a process that exchanges two names of a directory, as fast as it can
// (renameat2 with RENAME_EXCHANGE), and counts.
#pragma once

#include <sys/types.h>

#include <string>

namespace gocker::test {

class Exchanger {
 public:
  // Exchanges `directory`/`one` and `directory`/`other` from now on until it is destroyed; they are
  // counted in `counters_file` (tests/tracer/race_counters.h).
  Exchanger(const std::string& directory, const std::string& one, const std::string& other,
            const std::string& counters_file);
  Exchanger(const Exchanger&) = delete;
  Exchanger& operator=(const Exchanger&) = delete;
  ~Exchanger();

 private:
  pid_t pid_;
};

}  // namespace gocker::test
