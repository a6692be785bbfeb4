// The program that the system tests run inside their containers. It needs nothing but itself (it
// is linked statically) and reports what it sees, so that the tests can judge from outside.
//
//   inside report [SYSCTL...]        one JSON object: report.h
//   inside try ACT... -- ACT... --   a JSON array with the answer to each act: attempts.h
//   inside exit CODE | raise SIGNAL | sleep | print-signal | ignore-term | children COUNT | echo |
//          lock FILE | eat MEBIBYTES [stay] | terminal | hook FILE LABEL [CODE|sleep] |
//          overwrite PID SIGNAL-FILE RESULT-FILE | hunt PREY
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/system/inside/attempts.h"
#include "tests/system/inside/hunt.h"
#include "tests/system/inside/json_text.h"
#include "tests/system/inside/overwrite.h"
#include "tests/system/inside/programs.h"
#include "tests/system/inside/report.h"

namespace {

using Words = std::vector<std::string>;

int print(const std::string& text) {
  const std::string line = text + "\n";
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = ::write(STDOUT_FILENO, line.data() + done, line.size() - done);
    if (count < 0) return 97;
    done += static_cast<size_t>(count);
  }
  return 0;
}

int try_all(const Words& words) {
  Words answers;
  Words act;
  for (const std::string& word : words) {
    if (word != "--") {
      act.push_back(word);
      continue;
    }
    answers.push_back(inside::attempt(act));
    act.clear();
  }
  if (!act.empty()) answers.push_back(inside::attempt(act));
  return print(inside::json_strings(answers));
}

int run(const std::string& command, const Words& words) {
  const std::string first = words.empty() ? "" : words[0];
  if (command == "try") return try_all(words);
  if (command == "exit") return std::atoi(first.c_str());
  if (command == "raise") return ::raise(std::atoi(first.c_str()));
  if (command == "sleep") return inside::sleep_forever();
  if (command == "print-signal") return inside::print_signal();
  if (command == "ignore-term") return inside::ignore_term();
  if (command == "children") return inside::with_children(std::atoi(first.c_str()));
  if (command == "echo") return inside::echo();
  if (command == "lock") return inside::hold_lock(first);
  if (command == "eat")
    return inside::eat(std::strtoul(first.c_str(), nullptr, 10), words.size() > 1);
  if (command == "hunt") return inside::hunt(first);
  if (command == "watch-devices" && words.size() == 2) {
    return inside::watch_devices(words[0], words[1]);
  }
  if (command == "terminal") return inside::watch_terminal();
  if (command == "overwrite" && words.size() == 3) {
    return inside::overwrite(words[0], words[1], words[2]);
  }
  if (command == "hook" && words.size() >= 2) {
    return inside::hook(words[0], words[1], words.size() > 2 ? words[2] : "0");
  }
  return 96;
}

}  // namespace

int main(int argc, char** argv) {
  const Words args(argv, argv + argc);
  const Words words(args.begin() + (argc > 2 ? 2 : argc), args.end());
  const std::string command = argc > 1 ? args[1] : "report";
  if (command == "report") return print(inside::report(args, words));
  return run(command, words);
}
