#include "imagetool/containers/monitor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "imagetool/containers/cgroup_manager.h"
#include "imagetool/containers/oci_runtime.h"
#include "imagetool/containers/program_error.h"
#include "imagetool/lifeline.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/syscalls.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr const char* kProgram = "/usr/bin/conmon";

std::string runtime_log(const Places& places, const std::string& id) {
  return places.monitor(id) + "/runtime.log";
}

void add_runtime_args(const Places& places, const std::string& id, std::vector<std::string>& args) {
  std::vector<std::string> words = cgroup_manager_options(places);
  words.insert(words.end(), {"--root=" + places.runtime_state(), "--log=" + runtime_log(places, id),
                             "--log-format=json"});
  for (const std::string& word : words) args.insert(args.end(), {"--runtime-arg", word});
}

void add_exit_command(const Places& places, const std::string& id, std::vector<std::string>& args) {
  args.insert(args.end(), {"--exit-command", places.self});
  for (const std::string& word : {std::string("--root"), places.root, std::string("--run-root"),
                                  places.run, std::string("--runtime"), places.runtime,
                                  std::string("container"), std::string("cleanup"), id}) {
    args.insert(args.end(), {"--exit-command-arg", word});
  }
}

std::vector<std::string> command_line(const Places& places, const ContainerRecord& record) {
  const std::string& id = record.id;
  std::vector<std::string> args = {"conmon",
                                   "--api-version",
                                   "1",
                                   "--cid",
                                   id,
                                   "--cuuid",
                                   id,
                                   "--name",
                                   record.name.empty() ? id : record.name,
                                   "--runtime",
                                   places.runtime,
                                   "--bundle",
                                   places.bundle(id),
                                   "--full-attach",
                                   "--container-pidfile",
                                   places.monitor(id) + "/pid",
                                   "--conmon-pidfile",
                                   places.monitor(id) + "/conmon.pid",
                                   "--exit-dir",
                                   places.monitor(id),
                                   "--log-path",
                                   "k8s-file:" + places.log(id),
                                   "--log-level",
                                   "error"};
  if (record.log_size > 0) {
    args.insert(args.end(), {"--log-size-max", std::to_string(record.log_size)});
  }
  if (record.terminal) args.emplace_back("--terminal");
  if (record.interactive) args.emplace_back("--stdin");
  if (!record.stdin_once) args.emplace_back("--leave-stdin-open");
  add_runtime_args(places, id, args);
  add_exit_command(places, id, args);
  return args;
}

struct Inheritance {
  int sync_pipe;
  std::vector<int> kept;  // for as long as the monitor lives
};

// In the child. conmon leaves every descriptor open that it finds, for as long as it lives.
[[noreturn]] void execute(const std::vector<char*>& args, const std::vector<char*>& env,
                          const Inheritance& inherited) {
  ::setsid();
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  clear_cloexec(inherited.sync_pipe);
  for (const int fd : inherited.kept) clear_cloexec(fd);
  ::execve(kProgram, args.data(), env.data());
  exit_now(errno == ENOENT ? 127 : 126);
}

// conmon forks and ends at once; the sync pipe tells how it went on.
void launch(const std::vector<std::string>& args, const Inheritance& inherited) {
  std::vector<std::string> env = program_environment();
  env.emplace_back("TZ=UTC");  // for the times in the log
  env.push_back("_OCI_SYNCPIPE=" + std::to_string(inherited.sync_pipe));
  const std::vector<char*> argv = c_strings(args);
  const std::vector<char*> envp = c_strings(env);
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) execute(argv, envp, inherited);
  const int code = exit_code_of(child->wait());
  if (code == 127) {
    throw Error(std::string(kProgram) + " is missing: install the package conmon");
  }
  if (code != 0) throw Error("conmon: exit code " + std::to_string(code));
}

// The pid that conmon reports on one line; nothing where the runtime failed.
std::optional<int> reported_pid(const Fd& pipe) {
  std::string text;
  std::array<char, 512> buffer;
  while (text.find('\n') == std::string::npos) {
    const ssize_t got = ::read(pipe.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const bool good = json.is_object() && json.contains("data") && json["data"].is_number_integer();
  if (!good || json["data"].get<int>() <= 0) return std::nullopt;
  return json["data"].get<int>();
}

// Another process may have got the number since.
bool is_monitor(pid_t pid) {
  const Fd file = open_if_exists("/proc/" + std::to_string(pid) + "/comm", O_RDONLY);
  return file && trim(read_all(file, "comm")) == "conmon";
}

std::string runtime_error(const Places& places, const std::string& id) {
  const Fd file = open_if_exists(runtime_log(places, id), O_RDONLY);
  const std::string error = file ? last_error_in(read_all(file, "the runtime's log")) : "";
  return error.empty() ? "conmon could not have the container created" : error;
}

}  // namespace

pid_t start_monitor(const Places& places, const ContainerRecord& record,
                    const std::vector<Fd>& ports) {
  remove_monitor_files(places, record.id);
  make_directories(places.monitor(record.id), 0700);
  std::array<int, 2> ends{};
  check(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  Inheritance inherited{write_end.get(), {}};
  for (const Fd& port : ports) inherited.kept.push_back(port.get());
  const Fd lifeline = open_lifeline(places.run);
  if (lifeline) inherited.kept.push_back(lifeline.get());
  launch(command_line(places, record), inherited);
  write_end.reset();
  if (!reported_pid(read_end)) throw_runtime_error(runtime_error(places, record.id));
  return monitor_pid(places, record.id);
}

pid_t monitor_pid(const Places& places, const std::string& id) {
  const Fd file = open_if_exists(places.monitor(id) + "/conmon.pid", O_RDONLY);
  if (!file) return 0;
  return static_cast<pid_t>(parse_i64(trim(read_all(file, "conmon.pid"))).value_or(0));
}

void kill_monitor(const Places& places, const std::string& id) {
  if (!open_if_exists(places.monitor(id), O_PATH)) return;
  // It may have been started a moment ago.
  constexpr int kLooks = 20;
  constexpr std::chrono::milliseconds kBetween(10);
  pid_t pid = 0;
  for (int look = 0; look < kLooks && (pid = monitor_pid(places, id)) == 0; ++look) {
    std::this_thread::sleep_for(kBetween);
  }
  const Fd process(pid > 0 ? sys::pidfd_open(pid) : -1);
  if (!process || !is_monitor(pid)) return;
  // The runtime that it has called dies with it.
  sys::pidfd_send_signal(process.get(), SIGKILL);
  pollfd polled{process.get(), POLLIN, 0};
  constexpr int kPatienceMilliseconds = 2000;
  ::poll(&polled, 1, kPatienceMilliseconds);
}

std::optional<int> read_exit_code(const Places& places, const std::string& id) {
  const Fd file = open_if_exists(places.monitor(id) + "/" + id, O_RDONLY);
  if (!file) return std::nullopt;
  const auto code = parse_i64(trim(read_all(file, "the exit code")));
  return code ? std::optional(static_cast<int>(*code)) : std::nullopt;
}

std::string attach_socket(const Places& places, const std::string& id) {
  return places.bundle(id) + "/attach";
}

std::string control_fifo(const Places& places, const std::string& id) {
  return places.bundle(id) + "/ctl";
}

void remove_monitor_files(const Places& places, const std::string& id) {
  const Fd monitors = open_file(places.monitors(), O_RDONLY | O_DIRECTORY);
  remove_tree_at(monitors, id);
  const Fd bundle = open_if_exists(places.bundle(id), O_RDONLY | O_DIRECTORY);
  if (!bundle) return;
  for (const char* name : {"attach", "ctl", "winsz"}) remove_tree_at(bundle, name);
}

}  // namespace gocker
