#include "runtime/container/start_gate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr char kGo[] = "go";
constexpr char kResult[] = "result";
constexpr std::string_view kExecuting = "executing\n";
constexpr std::string_view kFailed = "failed ";  // followed by errno, a blank and the text

// Opened for reading and writing, so that it neither blocks nor sees an end of file.
Fd make_fifo(const Fd& directory, const char* name) {
  check(::mkfifoat(directory.get(), name, 0600), "mkfifo", name);
  return open_file_at(directory, name, O_RDWR);
}

// The write end of `go`; invalid where nobody waits there.
Fd open_go(const Fd& directory) {
  Fd go(::openat(directory.get(), kGo, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!go && errno != ENOENT && errno != ENXIO) throw_errno("open", kGo);
  return go;
}

void judge(std::string_view result) {
  const bool executed = result.starts_with(kExecuting);
  if (executed) result.remove_prefix(kExecuting.size());
  if (result.starts_with(kFailed)) {
    result.remove_prefix(kFailed.size());
    const size_t blank = result.find(' ');
    const auto code = parse_u32(result.substr(0, blank));
    throw Error(result.substr(blank + 1), static_cast<int>(code.value_or(0)));
  }
  if (!executed) throw Error("the container's init died before it executed the program");
}

}  // namespace

StartGate StartGate::make(const Fd& state_directory) {
  StartGate gate;
  gate.go_ = make_fifo(state_directory, kGo);
  gate.result_ = make_fifo(state_directory, kResult);
  return gate;
}

void StartGate::wait() const {
  char byte = 0;
  while (::read(go_.get(), &byte, 1) < 0) {
    if (errno != EINTR) throw_errno("wait for start");
  }
}

void StartGate::report_exec() const {
  write_all(result_, kExecuting, kResult);
}

void StartGate::report_failure(int code, std::string_view text) const noexcept {
  const std::string line =
      std::string(kFailed).append(std::to_string(code)).append(" ").append(text);
  // There is nobody else to tell where this fails.
  [[maybe_unused]] const ssize_t written = ::write(result_.get(), line.data(), line.size());
}

bool is_waiting_at_gate(const Fd& state_directory) {
  return static_cast<bool>(open_go(state_directory));
}

void open_gate(const Fd& state_directory) {
  const Fd go = open_go(state_directory);
  if (!go) throw Error("the container is not waiting to be started");
  const Fd result = open_file_at(state_directory, kResult, O_RDONLY);
  write_all(go, "g", kGo);
  const std::string text = read_all(result, kResult);
  for (const char* name : {kGo, kResult}) ::unlinkat(state_directory.get(), name, 0);
  judge(text);
}

}  // namespace gocker
