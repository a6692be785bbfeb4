#include "tests/system/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <set>
#include <thread>

#include "runtime/base/error.h"

namespace gocker::test {
namespace {

Fd memory_file(const char* name) {
  return Fd(check(::memfd_create(name, MFD_CLOEXEC), name));
}

// The offset belongs to the program that writes, so it is not moved.
std::string content_of(const Fd& file) {
  if (!file) return "";
  struct stat status = {};
  check(::fstat(file.get(), &status), "fstat");
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const ssize_t count = check(::pread(file.get(), text.data(), text.size(), 0), "pread");
  text.resize(static_cast<size_t>(count));
  return text;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

// The wanted descriptors as 0, 1, 2, 3, ...: first out of the way, then into place.
void arrange(const std::vector<int>& wanted) {
  std::vector<int> aside;
  for (const int fd : wanted) aside.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, 100));
  for (size_t i = 0; i < aside.size(); ++i) ::dup2(aside[i], static_cast<int>(i));
  const auto lowest = static_cast<unsigned>(wanted.size());
  ::close_range(lowest, ~0U, CLOSE_RANGE_CLOEXEC);
}

// Of all objects of type Running: the ends of these processes are theirs to reap.
std::set<pid_t>& waited_for() {
  static std::set<pid_t> pids;
  return pids;
}

[[noreturn]] void become(const Program& program, const std::vector<int>& fds) {
  if (program.session == Program::Session::own_terminal) ::setsid();
  arrange(fds);
  if (program.session == Program::Session::own_terminal) ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
  const std::vector<char*> args = pointers(program.args);
  const std::vector<char*> env = pointers(program.env);
  if (!program.directory.empty() && ::chdir(program.directory.c_str()) != 0) _exit(126);
  ::execve(args[0], args.data(), env.data());
  _exit(127);
}

}  // namespace

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  for (;;) {
    if (condition()) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  constexpr size_t kEnough = 1000;  // reports are long
  return stream << "exit code " << outcome.code << (outcome.timed_out ? " (took too long)" : "")
                << "\nstdout: " << outcome.out.substr(0, kEnough)
                << "\nstderr: " << outcome.err.substr(0, kEnough);
}

Running::Running(const Program& program) {
  const Fd null(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null"));
  if (program.output < 0) output_ = memory_file("stdout");
  if (program.errors < 0) errors_ = memory_file("stderr");
  std::vector<int> fds = {program.input < 0 ? null.get() : program.input,
                          output_ ? output_.get() : program.output,
                          errors_ ? errors_.get() : program.errors};
  fds.insert(fds.end(), program.more_fds.begin(), program.more_fds.end());
  pid_ = check(::fork(), "fork");
  if (pid_ == 0) become(program, fds);
  waited_for().insert(pid_);
  pidfd_ = Fd(static_cast<int>(check(::syscall(SYS_pidfd_open, pid_, 0), "pidfd_open")));
}

Running::~Running() {
  if (!pidfd_) return;
  signal(SIGKILL);
  reap();
}

void Running::signal(int number) const {
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

std::string Running::output() const {
  return content_of(output_);
}
std::string Running::errors() const {
  return content_of(errors_);
}

bool Running::ends_within(std::chrono::milliseconds time) const {
  struct pollfd event = {pidfd_.get(), POLLIN, 0};
  return ::poll(&event, 1, static_cast<int>(time.count())) == 1;
}

int Running::reap() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  waited_for().erase(pid_);
  pidfd_.reset();
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Outcome Running::wait(std::chrono::milliseconds time) {
  Outcome outcome;
  outcome.timed_out = !ends_within(time);
  if (outcome.timed_out) signal(SIGKILL);
  outcome.code = reap();
  outcome.out = output();
  outcome.err = errors();
  return outcome;
}

Outcome run_program(const Program& program) {
  return Running(program).wait();
}

std::vector<pid_t> live_orphans() {
  std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  std::vector<pid_t> pids;
  for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  std::erase_if(pids, [](pid_t pid) {
    return waited_for().contains(pid) || ::waitpid(pid, nullptr, WNOHANG) != 0;
  });
  return pids;
}

Outcome run_program_reaping(const Program& program) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPause(5);
  Running running(program);
  const auto end = Clock::now() + kPatience;
  while (!running.ends_within(kPause) && Clock::now() < end) live_orphans();
  return running.wait(std::chrono::milliseconds(0));
}

}  // namespace gocker::test
