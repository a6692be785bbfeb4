#include "imagetool/build/run_step.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "imagetool/build/made_mount_points.h"
#include "imagetool/build/run_area.h"
#include "imagetool/bundle/runtime_config.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"

namespace gocker {
namespace {

constexpr const char* kScript = "/dev/gocker-script";  // in a file system of the container's own
constexpr const char* kLocalHosts = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";

// A file beside the root file system that the container sees at `destination`.
void add_file(const StepLayer& layer, const char* name, const std::string& content, mode_t mode,
              const char* destination, RunOptions& options) {
  const Fd file = open_file_at(layer.bundle(), name, O_WRONLY | O_CREAT | O_EXCL, mode);
  write_all(file, content, name);
  check(::fchmod(file.get(), mode), "chmod", name);
  options.mounts.push_back({layer.bundle_path() + "/" + name, destination, false});
}

std::string host_file(const char* path) {
  return open_if_exists(path, O_PATH) ? read_file(path) : std::string();
}

// Copies of the host's files: the command may change them and nobody else sees it.
void add_network_files(const StepLayer& layer, NetworkMode network, RunOptions& options) {
  const bool is_host = network == NetworkMode::host;
  add_file(layer, "hosts", is_host ? host_file("/etc/hosts") : kLocalHosts, 0644, "/etc/hosts",
           options);
  if (is_host) {
    add_file(layer, "resolv.conf", host_file("/etc/resolv.conf"), 0644, "/etc/resolv.conf",
             options);
  }
}

RunOptions run_options(const RunRequest& request, const StepLayer& layer) {
  RunOptions options;
  options.entrypoint = request.command;
  options.env = request.variables;
  options.hostname = "build";
  options.network = request.network;
  options.mounts = request.mounts;
  options.tmpfs = request.tmpfs;
  add_network_files(layer, request.network, options);
  if (!request.script.empty()) {
    add_file(layer, "script", request.script, 0755, kScript, options);
    options.entrypoint = {kScript};
  }
  return options;
}

// Where the runtime will have to make something to mount on.
std::vector<std::string> missing_mount_points(const oci::Spec& spec, const RootDir& root) {
  std::vector<std::string> paths;
  for (const oci::Mount& mount : spec.mounts) {
    for (std::string& path : missing_components(root, mount.destination)) {
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

// --- the runtime's process ---------------------------------------------------------------------

// While it lives, the signals that end this process wait to be read from fd().
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, &before_);
    fd_ = Fd(check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd"));
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  const Fd& fd() const { return fd_; }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_;
  Fd fd_;
};

// In the child. A runtime whose builder was killed has nobody to report to.
[[noreturn]] void become_runtime(const std::vector<std::string>& args, int output,
                                 const sigset_t& signals, pid_t builder) {
  const std::vector<char*> argv = c_strings(args);
  end_with_parent(builder);
  ::umask(S_IWGRP | S_IWOTH);  // the command's
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  if (output != STDERR_FILENO) ::dup2(output, STDERR_FILENO);
  ::execv(argv[0], argv.data());
  exit_now(127);
}

enum class End { by_itself, interrupted };

End wait_for_end(const Child& child, const HeldSignals& signals) {
  std::array<pollfd, 2> polled{pollfd{child.pidfd().get(), POLLIN, 0},
                               pollfd{signals.fd().get(), POLLIN, 0}};
  while (::poll(polled.data(), polled.size(), -1) < 0) {
    if (errno != EINTR) throw_errno("poll");
  }
  if (polled[1].revents == 0) return End::by_itself;
  signalfd_siginfo taken{};  // else it would end this process as soon as it is let through
  [[maybe_unused]] const ssize_t got = ::read(signals.fd().get(), &taken, sizeof taken);
  return End::interrupted;
}

// The exit code of the container's program.
int run_container(const RunArea& area, const std::string& bundle, int output) {
  const std::vector<std::string> args = {area.runtime(), "--root", area.state_root(), "run",
                                         "-b",           bundle,   area.id()};
  const HeldSignals signals;
  const pid_t builder = ::getpid();
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) become_runtime(args, output, signals.before(), builder);
  if (wait_for_end(*child, signals) == End::interrupted) {
    area.kill_container();
    child->kill_and_reap();
    throw Error("interrupted", EINTR);
  }
  return exit_code_of(child->wait());
}

void show_held_back(const Fd& output) {
  check(::lseek(output.get(), 0, SEEK_SET), "seek");
  constexpr size_t kMost = 64 << 20;
  write_all(Fd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), read_all(output, "output", kMost),
            "stderr");
}

std::string shown_command(const RunRequest& request) {
  if (!request.script.empty()) return "the script";
  constexpr size_t kMost = 200;
  const std::string& text = request.command.back();
  return "'" + (text.size() > kMost ? text.substr(0, kMost) + "..." : text) + "'";
}

}  // namespace

void run_in_layer(const RunRequest& request, const oci::ImageConfig& config, StepLayer& layer,
                  LowerView& below) {
  const oci::Spec spec = make_runtime_config(config, run_options(request, layer), layer.root());
  const std::vector<std::string> made = missing_mount_points(spec, layer.root());
  layer.root().make_directories(spec.process->cwd, 0755);
  replace_file_at(layer.bundle(), "config.json", oci::to_json(spec), 0600);
  layer.attach();

  const bool holds_back = request.output == RunRequest::Output::hold_back;
  const Fd held =
      holds_back ? open_file_at(layer.bundle(), "output", O_RDWR | O_CREAT, 0600) : Fd();
  int code = 0;
  {
    const RunArea area(request.run_root, request.runtime);
    code = run_container(area, layer.bundle_path(), held ? held.get() : STDERR_FILENO);
  }
  if (code != 0 && held) show_held_back(held);
  layer.detach();
  if (code != 0) {
    throw Error(shown_command(request) + " ended with exit code " + std::to_string(code));
  }
  remove_made_mount_points(made, layer.changes(), below);
}

}  // namespace gocker
