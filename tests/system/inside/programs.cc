#include "tests/system/inside/programs.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "runtime/base/fd.h"
#include "tests/system/inside/files.h"
#include "tests/system/inside/json_text.h"

namespace inside {
namespace {

volatile sig_atomic_t window_changed = 0;
volatile sig_atomic_t interrupted = 0;
volatile sig_atomic_t terminated = 0;

void say(const std::string& line) {
  const std::string text = line + "\n";
  if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(99);
}

void say_size(const char* word) {
  struct winsize size = {};
  ::ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
  say(std::string(word) + " " + std::to_string(size.ws_row) + "x" + std::to_string(size.ws_col));
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;  // no SA_RESTART: read(2) shall return
  ::sigaction(signal, &action, nullptr);
}

std::string current_directory() {
  std::array<char, 4096> buffer;
  return ::getcwd(buffer.data(), buffer.size()) == nullptr ? "" : buffer.data();
}

}  // namespace

int sleep_forever() {
  for (;;) ::pause();
}

int hold_lock(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::flock(fd, LOCK_EX) != 0) return 1;
  return sleep_forever();
}

int print_signal() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  say("ready");
  int signal = 0;
  do {
    ::sigwait(&all, &signal);
  } while (signal == SIGCHLD || signal == SIGCONT);
  const char* name = sigabbrev_np(signal);
  say(name != nullptr ? name : "RTMIN+" + std::to_string(signal - SIGRTMIN));
  return 0;
}

int ignore_term() {
  ::signal(SIGTERM, SIG_IGN);
  say("ready");
  return sleep_forever();
}

int with_children(int count) {
  for (int i = 0; i < count; ++i) {
    if (::fork() == 0) return sleep_forever();
  }
  say("ready");
  return sleep_forever();
}

int echo() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count <= 0) return count == 0 ? 0 : errno;
    if (::write(STDOUT_FILENO, buffer.data(), static_cast<size_t>(count)) != count) return errno;
  }
}

int eat(size_t mebibytes, bool stay) {
  std::vector<std::unique_ptr<char[]>> blocks;
  for (size_t i = 0; i < mebibytes; ++i) {
    constexpr size_t kMebibyte = 1 << 20;
    blocks.push_back(std::make_unique<char[]>(kMebibyte));
    std::memset(blocks.back().get(), static_cast<int>(i % 255 + 1), kMebibyte);
  }
  say("fed");
  return stay ? sleep_forever() : 0;
}

int watch_devices(const std::string& allowed, const std::string& denied) {
  handle(SIGTERM, [](int) { terminated = 1; });
  const auto can_open = [](const std::string& path) {
    return static_cast<bool>(gocker::Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)));
  };
  say("ready");
  while (terminated == 0) {
    if (!can_open(allowed)) return 1;
    if (can_open(denied)) return 2;
  }
  return 0;
}

int watch_terminal() {
  // They come only while it waits: else one that comes between the look and the wait were lost.
  sigset_t watched;
  sigset_t before;
  ::sigemptyset(&watched);
  for (const int signal : {SIGWINCH, SIGINT, SIGTERM}) ::sigaddset(&watched, signal);
  ::sigprocmask(SIG_BLOCK, &watched, &before);
  handle(SIGWINCH, [](int) { window_changed = 1; });
  handle(SIGINT, [](int) { interrupted = 1; });
  handle(SIGTERM, [](int) { terminated = 1; });
  say_size("size");
  std::string line;
  for (;;) {
    if (std::exchange(window_changed, 0) != 0) say_size("changed");
    if (std::exchange(interrupted, 0) != 0) say("interrupted");
    if (std::exchange(terminated, 0) != 0) say("terminated");
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (::ppoll(&input, 1, nullptr, &before) < 0) {
      if (errno != EINTR) return errno;
      continue;
    }
    char byte = 0;
    const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
    if (count <= 0) return count == 0 ? 8 : errno;
    if (byte != '\n') {
      line += byte;
      continue;
    }
    if (line == "quit") return 7;
    say("read " + std::exchange(line, ""));
  }
}

int hook(const std::string& file, const std::string& label, const std::string& then) {
  const std::string state = read_text("/proc/self/fd/0").value_or("");
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.push_back(*variable);
  const std::string line =
      json_object({{"label", json_string(label)},
                   {"state", json_string(state)},
                   {"pid", json_number(::getpid())},
                   {"uid", json_number(::getuid())},
                   {"cwd", json_string(current_directory())},
                   {"env", json_strings(environment)},
                   {"fds", json_strings(entries_of("/proc/self/fd"))},
                   {"root", json_strings(entries_of("/"))},
                   {"mnt", json_string(read_link("/proc/self/ns/mnt"))},
                   {"net", json_string(read_link("/proc/self/ns/net"))},
                   {"pidNamespace", json_string(read_link("/proc/self/ns/pid"))},
                   {"uts", json_string(read_link("/proc/self/ns/uts"))}}) +
      "\n";
  const gocker::Fd log(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!log || ::write(log.get(), line.data(), line.size()) < 0) {
    std::fprintf(stderr, "hook %s: %s: %s\n", label.c_str(), file.c_str(), std::strerror(errno));
    return 98;
  }
  if (then == "sleep") return sleep_forever();
  if (then != "0") std::fprintf(stderr, "hook %s was told to fail\n", label.c_str());
  return std::atoi(then.c_str());
}

}  // namespace inside
