#include "runtime/checkpoint/criu.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"
#include "runtime/launch/first_steps.h"
#include "runtime/launch/protocol.h"

namespace gocker {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr size_t kMaxLog = 64 << 20;

std::string search_path() {
  const char* path = std::getenv("PATH");
  return path != nullptr && *path != '\0' ? std::string(path) : std::string(kDefaultPath);
}

bool is_executable(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

void point_streams_at_null() {
  const Fd null = open_file("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    check(::dup2(null.get(), stream), "dup2");
  }
}

// In the child. It ends with the socket, which CRIU speaks on from then on.
[[noreturn]] void become_criu(const Criu::Start& start, const Fd& socket) {
  Doing::start_anew();
  const SyncSocket parent(socket.duplicate());
  try {
    reset_signals();
    if (start.enter) start.enter();
    if (!start.keep_streams) point_streams_at_null();
    for (const int fd : start.inherited) clear_cloexec(fd);
    clear_cloexec(socket.get());
    const std::vector<std::string> args{start.program, "swrk", std::to_string(socket.get())};
    const std::vector<std::string> env{"PATH=" + search_path()};
    const std::vector<char*> argv = c_strings(args);
    const std::vector<char*> envp = c_strings(env);
    parent.report(MessageKind::kReady);
    ::execve(start.program.c_str(), argv.data(), envp.data());
  } catch (const Error& error) {
    parent.send_failure(error.code(), error.what());
  } catch (const std::exception& error) {
    parent.send_failure(0, error.what());
  }
  exit_now(127);
}

// The first complaint of its log that is to the point. "(00.05) Error (criu/tty.c:12): text".
std::string first_complaint(const Fd& work, const std::string& log_file) {
  constexpr std::string_view kError = "Error (";
  constexpr std::string_view kEndOfPlace = "): ";
  const std::optional<std::string> log = read_if_exists_at(work, log_file, kMaxLog);
  if (!log) return "";
  for (const std::string_view line : split(*log, '\n')) {
    const size_t error = line.find(kError);
    const size_t text = error == std::string_view::npos ? error : line.find(kEndOfPlace, error);
    if (text == std::string_view::npos) continue;
    const std::string_view complaint = line.substr(text + kEndOfPlace.size());
    // It asks for more than it needs, and goes on without.
    if (!complaint.starts_with("rlimit:")) return std::string(trim(complaint));
  }
  return "";
}

[[noreturn]] void throw_failure(const CriuReply& reply, const std::string& complaint,
                                const std::string& log_file) {
  std::string text = complaint.empty() ? std::string(trim(reply.message)) : complaint;
  if (text.empty()) text = reply.code != 0 ? errno_text(reply.code) : "it failed without a word";
  throw Error("CRIU: " + text + " (" + log_file + " in the work path has the whole of it)");
}

}  // namespace

std::string find_criu(const std::string& path) {
  if (!path.empty() && path.find('/') != std::string::npos) {
    if (is_executable(path)) return path;
    throw_errno("execute", path);
  }
  const std::string name = path.empty() ? "criu" : path;
  const std::string folders = search_path();
  for (const std::string_view folder : split(folders, ':')) {
    std::string candidate = std::string(folder).append("/").append(name);
    if (!folder.empty() && is_executable(candidate)) return candidate;
  }
  throw Error(name + " is in no folder of $PATH: install CRIU to checkpoint and restore");
}

std::string criu_config_file(const oci::StringMap& annotations) {
  const auto annotation = annotations.find(kCriuConfig);
  if (annotation != annotations.end()) return annotation->second;
  for (const char* path : {"/etc/criu/gocker-runtime.conf", "/etc/criu/runc.conf"}) {
    if (open_if_exists(path, O_PATH)) return path;
  }
  return "";
}

Criu::Criu(const Start& start) {
  auto [ours, theirs] = socket_pair();
  std::optional<Child> process = clone_child(0, start.cgroup);
  if (!process) {
    ours.reset();
    become_criu(start, theirs);
  }
  process_ = std::move(*process);
  theirs.reset();
  SyncSocket(ours.duplicate()).expect(MessageKind::kReady);
  socket_ = std::move(ours);
}

CriuReply Criu::request(CriuRequest type, const CriuOptions& options, const Fd& work,
                        const OnStep& on_step) {
  const auto fail = [&](const CriuReply& reply) {
    throw_failure(reply, first_complaint(work, options.log_file), options.log_file);
  };
  send_packet(socket_, encode(type, options));
  while (std::optional<Packet> packet = receive_packet(socket_)) {
    CriuReply reply = parse_criu_reply(packet->bytes);
    if (!reply.is_notification) {
      if (!reply.success) fail(reply);
      socket_.reset();
      process_.wait();
      return reply;
    }
    on_step(reply, packet->fds.empty() ? Fd() : std::move(packet->fds.front()));
    send_packet(socket_, encode_notification_answer(true));
  }
  fail({});
  return {};
}

}  // namespace gocker
