#include "runtime/linux/terminal_proxy.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "runtime/base/error.h"

namespace gocker {
namespace {

constexpr size_t kChunk = 4096;  // a pipe that polls as writable takes that much without blocking
constexpr size_t kMostToDrain = 1 << 20;  // background processes may write for ever
constexpr int kReopenCheckMilliseconds = 50;

bool write_to_stdout(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // the caller made it non-blocking
      pollfd writable{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

TerminalProxy::TerminalProxy(Fd controller)
    : controller_(std::move(controller)), raw_mode_(STDIN_FILENO) {
  const int flags = check(::fcntl(controller_.get(), F_GETFL), "fcntl");
  check(::fcntl(controller_.get(), F_SETFL, flags | O_NONBLOCK), "fcntl");
  resize();
}

TerminalProxy::PollSet TerminalProxy::poll_set() const {
  const bool wants_input = !input_ended_ && pending_.empty() && controller_;
  const short to_pty = pending_.empty() ? short{0} : short{POLLOUT};
  return {pollfd{wants_input ? STDIN_FILENO : -1, POLLIN, 0},
          pollfd{hung_up_ ? -1 : controller_.get(), static_cast<short>(POLLIN | to_pty), 0}};
}

int TerminalProxy::timeout_milliseconds() const {
  return hung_up_ && controller_ ? kReopenCheckMilliseconds : -1;
}

void TerminalProxy::serve(const PollSet& polled) {
  const auto& [input, pty] = polled;
  if (hung_up_) hung_up_ = false;  // looked at again in the next round
  if (pty.revents != 0) copy_output();
  if ((pty.revents & POLLOUT) != 0) write_pending();
  if (input.revents != 0) read_input();
}

void TerminalProxy::resize() {
  winsize size{};
  if (!controller_ || ::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0) return;
  if (size.ws_row == 0 && size.ws_col == 0) return;  // unknown: keeps what config.json asks for
  ::ioctl(controller_.get(), TIOCSWINSZ, &size);
}

void TerminalProxy::drain() {
  for (size_t chunks = 0; chunks < kMostToDrain / kChunk && copy_output(); ++chunks) {
  }
}

void TerminalProxy::read_input() {
  std::array<char, kChunk> buffer;
  const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) return end_input();
  pending_.assign(buffer.data(), static_cast<size_t>(got));
  at_line_start_ = pending_.back() == '\n';
  write_pending();
}

// Within a line the character only ends the line, so it takes a second one to end the file. A
// program that reads single keys gets nothing: for it there is no such character.
void TerminalProxy::end_input() {
  input_ended_ = true;
  termios modes{};
  if (::tcgetattr(controller_.get(), &modes) != 0 || (modes.c_lflag & ICANON) == 0) return;
  pending_.assign(at_line_start_ ? 1 : 2, static_cast<char>(modes.c_cc[VEOF]));
  write_pending();
}

void TerminalProxy::write_pending() {
  const ssize_t written = ::write(controller_.get(), pending_.data(), pending_.size());
  if (written < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (written < 0) return pending_.clear();
  pending_.erase(0, static_cast<size_t>(written));
}

// False where there is nothing to be read for now.
bool TerminalProxy::copy_output() {
  if (!controller_) return false;
  std::array<char, kChunk> buffer;
  const ssize_t got = ::read(controller_.get(), buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) {
    hung_up_ = got == 0 || errno == EIO;  // EIO: no process has it open
    return false;
  }
  if (!write_to_stdout({buffer.data(), static_cast<size_t>(got)})) controller_.reset();
  return true;
}

}  // namespace gocker
