#include "runtime/base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends;
  check(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

void set_nonblocking(const Fd& fd) {
  check(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "fcntl");
}

// What the child of run_command needs, made before it exists: in a program with threads, another
// thread may hold the allocator's lock at that moment, and the child would wait for it for ever.
struct Execution {
  const char* path;
  std::vector<char*> args;
  std::vector<char*> env;
  bool capture;
};

// The three of these are in the child: each answers whether it went well, errno tells why not.
bool start_session() {
  if (::setsid() < 0) return false;  // a timeout kills the whole group
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  sigset_t none;
  ::sigemptyset(&none);
  return ::sigaction(SIGPIPE, &standard, nullptr) == 0 &&
         ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

// A pipe end may itself be 0, 1 or 2 where the caller runs with closed stdio; dup2 onto itself
// would keep close-on-exec, so all are moved out of the way first.
template <size_t kCount>
bool become_streams(std::array<int, kCount> fds) {
  for (int& fd : fds) {
    fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 10);
    if (fd < 0) return false;
  }
  for (size_t stream = 0; stream < kCount; ++stream) {
    if (::dup2(fds[stream], static_cast<int>(stream)) < 0) return false;
  }
  return true;
}

// Becomes the program, or reports errno through `failure`.
[[noreturn]] void execute(const Execution& program, int input, int output, int errors,
                          int failure) {
  const auto streams = [&] {
    return program.capture ? become_streams(std::array{input, output, errors})
                           : become_streams(std::array{input});
  };
  if (start_session() && streams() && ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
    ::execve(program.path, program.args.data(), program.env.data());
  }
  const int code = errno;
  [[maybe_unused]] const ssize_t told = ::write(failure, &code, sizeof code);
  exit_now(127);
}

// errno of a failed execve, 0 where the program runs.
int wait_for_execve(const Fd& failure) {
  int code = 0;
  while (::read(failure.get(), &code, sizeof code) < 0) {
    if (errno != EINTR) throw_errno("read");
  }
  return code;
}

// One of the three streams of a running command.
struct Stream {
  Fd fd;
  std::string* sink = nullptr;  // nullptr: it is the command's stdin
};

// False where there is nothing to be read, for now or for ever.
bool read_some(Stream& stream) {
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(stream.fd.get(), buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0) {
    stream.fd.reset();
    return false;
  }
  const size_t room = CommandResult::kOutputLimit - stream.sink->size();
  stream.sink->append(buffer.data(), std::min(room, static_cast<size_t>(got)));
  return true;
}

void write_some(Stream& stream, std::string_view& input) {
  const ssize_t written = ::write(stream.fd.get(), input.data(), input.size());
  if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (written < 0) return stream.fd.reset();  // it does not read its stdin, which is its right
  input.remove_prefix(static_cast<size_t>(written));
  if (input.empty()) stream.fd.reset();
}

int milliseconds_until(const std::optional<Clock::time_point>& deadline) {
  if (!deadline) return -1;
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left + 1, 0, 1 << 30));
}

// After the program's end. Its descendants may keep the streams open and go on writing: a pipe's
// worth is read at the most.
void drain(std::array<Stream, 3>& streams) {
  constexpr int kMostReads = 256;  // a pipe of 1 MiB, the most that a user may ask for
  for (Stream& stream : streams) {
    if (stream.sink == nullptr) continue;
    for (int reads = 0; reads < kMostReads && stream.fd && read_some(stream); ++reads) {
    }
  }
}

// Feeds and drains the streams until the program has ended. False: the deadline passed first.
bool serve(const Child& child, std::array<Stream, 3>& streams, std::string_view input,
           const std::optional<Clock::time_point>& deadline) {
  while (true) {
    const int timeout = milliseconds_until(deadline);
    std::array<pollfd, 4> polled{};
    for (size_t i = 0; i < streams.size(); ++i) {
      polled[i] = {streams[i].fd.get(), streams[i].sink != nullptr ? short{POLLIN} : short{POLLOUT},
                   0};
    }
    polled[3] = {child.pidfd().get(), POLLIN, 0};
    if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR) throw_errno("poll");
    for (size_t i = 0; i < streams.size(); ++i) {
      if (polled[i].revents == 0) continue;
      if (streams[i].sink != nullptr) {
        read_some(streams[i]);
      } else {
        write_some(streams[i], input);
      }
    }
    if (polled[3].revents != 0) {
      drain(streams);
      return true;
    }
    if (timeout == 0) return false;  // however busy it is
  }
}

// Blocks SIGPIPE for a while: a program need not read its stdin.
class SigpipeIgnored {
 public:
  SigpipeIgnored() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    check(::sigaction(SIGPIPE, &ignore, &before_), "ignore SIGPIPE");
  }
  SigpipeIgnored(const SigpipeIgnored&) = delete;
  SigpipeIgnored& operator=(const SigpipeIgnored&) = delete;
  ~SigpipeIgnored() { ::sigaction(SIGPIPE, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

}  // namespace

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    kill_and_reap();
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

void Child::signal(int number) const {
  check(sys::pidfd_send_signal(pidfd_.get(), number), "pidfd_send_signal");
}

int Child::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("waitpid");
  }
  release();
  return status;
}

pid_t Child::release() {
  pidfd_.reset();
  return std::exchange(pid_, 0);
}

void Child::kill_and_reap() noexcept {
  if (pid_ <= 0) return;
  sys::pidfd_send_signal(pidfd_.get(), SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  release();
}

std::optional<Child> clone_child(uint64_t flags, const Fd& cgroup) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  // The kernel refuses a signal of its own for a sibling: it gets that of the caller.
  arguments.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  if (cgroup) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<__u64>(cgroup.get());
  }
  const pid_t pid = check(sys::clone3(arguments), "clone3");
  if (pid == 0) return std::nullopt;
  return Child(pid, Fd(pidfd));
}

void end_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Who was killed before that call sends no signal any more.
  if (::getppid() != parent) exit_now(1);
}

void exit_now(int code) {
  ::_exit(code);
}

std::optional<uint64_t> process_start_time(pid_t pid) {
  const Fd stat = open_if_exists("/proc/" + std::to_string(pid) + "/stat", O_RDONLY);
  if (!stat) return std::nullopt;
  std::array<char, 1024> buffer;
  const ssize_t got = ::read(stat.get(), buffer.data(), buffer.size());
  if (got < 0 && errno == ESRCH) return std::nullopt;
  if (got < 0) throw_errno("read /proc/PID/stat");
  const std::string_view line(buffer.data(), static_cast<size_t>(got));
  // The second field, "(name)", may hold anything: count from the last ')'.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string_view::npos) throw Error("read /proc/PID/stat: malformed");
  const std::vector<std::string_view> fields = split(line.substr(name_end + 2), ' ');
  constexpr size_t kState = 0;
  constexpr size_t kStartTime = 19;
  if (fields.size() <= kStartTime) throw Error("read /proc/PID/stat: malformed");
  if (fields[kState] == "Z" || fields[kState] == "X") return std::nullopt;
  return parse_u64(fields[kStartTime]);
}

CommandResult run_command(const Command& command) {
  const Doing doing("execute", command.path);
  const std::vector<std::string> args =
      command.args.empty() ? std::vector<std::string>{command.path} : command.args;
  const Execution program{command.path.c_str(), c_strings(args), c_strings(command.env),
                          command.capture};
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  Pipe failure = make_pipe();
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    execute(program, input.read.get(), output.write.get(), errors.write.get(), failure.write.get());
  }
  const pid_t group = child->pid();
  for (Fd* end : {&input.read, &output.write, &errors.write, &failure.write}) end->reset();
  if (const int code = wait_for_execve(failure.read)) throw Error(errno_text(code), code);
  if (command.started) command.started(group);

  CommandResult result;
  std::array<Stream, 3> streams{Stream{std::move(input.write), nullptr},
                                Stream{std::move(output.read), &result.output},
                                Stream{std::move(errors.read), &result.errors}};
  for (const Stream& stream : streams) set_nonblocking(stream.fd);
  if (command.input.empty()) streams[0].fd.reset();
  std::optional<Clock::time_point> deadline;
  if (command.timeout) deadline = Clock::now() + *command.timeout;

  const SigpipeIgnored no_sigpipe;
  if (!serve(*child, streams, command.input, deadline)) {
    result.timed_out = true;
    ::kill(-group, SIGKILL);
  }
  result.wait_status = child->wait();
  return result;
}

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace gocker
