#include "imagetool/containers/attach.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>

#include "imagetool/containers/monitor.h"
#include "imagetool/containers/oci_runtime.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/foreground_signals.h"
#include "runtime/base/raw_mode.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr size_t kMostInput = 8192;   // conmon reads no more of a packet
constexpr size_t kMostOutput = 8193;  // and sends that much with the stream's byte
constexpr char kErrorStream = 3;

char key_of(std::string_view name, std::string_view whole) {
  constexpr std::string_view kControl = "ctrl-";
  if (name.size() == 1) return name[0];
  if (name.starts_with(kControl) && name.size() == kControl.size() + 1) {
    const char letter =
        static_cast<char>(std::toupper(static_cast<unsigned char>(name[kControl.size()])));
    if (letter >= '@' && letter <= '_') return static_cast<char>(letter - '@');
  }
  throw Error("'" + std::string(whole) +
              "' are no detach keys: letters or ctrl-LETTER, with commas between");
}

// False where nobody reads it any more.
bool write_to(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd writable{descriptor, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string parse_detach_keys(std::string_view text) {
  std::string keys;
  if (text.empty()) return keys;
  for (const std::string_view name : split(text, ',')) keys += key_of(name, text);
  return keys;
}

std::string DetachKeys::filter(std::string_view typed) {
  std::string passed;
  for (const char key : typed) {
    if (was_typed()) break;
    if (matched_ < keys_.size() && key == keys_[matched_]) {
      ++matched_;
      continue;
    }
    passed.append(keys_, 0, matched_);  // it was no sequence after all
    matched_ = !keys_.empty() && key == keys_[0] ? 1 : 0;
    if (matched_ == 0) passed += key;
  }
  return passed;
}

AttachedClient::AttachedClient(const Places& places, const ContainerRecord& record)
    : places_(places),
      record_(record),
      on_terminal_(record.terminal && ::isatty(STDIN_FILENO) == 1),
      socket_(connect_unix(attach_socket(places, record.id), SocketKind::packets)) {}

void AttachedClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kMostInput);
    const ssize_t sent = ::send(socket_.get(), part.data(), part.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;  // it has ended: its output's end tells
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void AttachedClient::resize() const {
  winsize size{};
  if (!record_.terminal || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return;
  // Without a reader conmon is gone, and the size does not matter.
  const Fd fifo = open_if_exists(control_fifo(places_, record_.id), O_RDWR | O_NONBLOCK);
  if (!fifo) return;
  const std::string line =
      "1 " + std::to_string(size.ws_row) + " " + std::to_string(size.ws_col) + "\n";
  static_cast<void>(write_to(fifo.get(), line));
}

// False at the container's end.
bool AttachedClient::copy_output() {
  std::array<char, kMostOutput> packet;
  const ssize_t got = ::recv(socket_.get(), packet.data(), packet.size(), 0);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  const int stream = packet[0] == kErrorStream ? STDERR_FILENO : STDOUT_FILENO;
  // Where nobody reads it, it goes into the log alone.
  write_to(stream, {packet.data() + 1, static_cast<size_t>(got - 1)});
  return true;
}

AttachedClient::Outcome AttachedClient::serve(const AttachOptions& options) {
  const ForegroundSignals signals;
  std::optional<RawMode> raw;
  if (options.input && record_.terminal) raw.emplace(STDIN_FILENO);
  resize();
  DetachKeys keys(options.detach_keys);
  bool input_open = options.input;
  for (;;) {
    std::array<pollfd, 3> polled = {pollfd{input_open ? STDIN_FILENO : -1, POLLIN, 0},
                                    pollfd{socket_.get(), POLLIN, 0},
                                    pollfd{signals.fd().get(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) throw_errno("poll");
    if (polled[2].revents != 0) handle_signals(signals, options);
    if (polled[0].revents != 0) input_open = forward_input(keys);
    if (keys.was_typed() || has_lost_terminal_) return Outcome::detached;
    if (polled[1].revents != 0 && !copy_output()) return Outcome::ended;
  }
}

void AttachedClient::handle_signals(const ForegroundSignals& signals,
                                    const AttachOptions& options) {
  signalfd_siginfo info{};
  while (::read(signals.fd().get(), &info, sizeof info) == sizeof info) {
    const auto number = static_cast<int>(info.ssi_signo);
    if (number == SIGWINCH) resize();
    if (number == SIGHUP && on_terminal_) has_lost_terminal_ = true;
    if (number == SIGWINCH || number == SIGCHLD || has_lost_terminal_ || !options.forward_signals) {
      continue;
    }
    try {
      OciRuntime(places_).kill(record_.id, std::to_string(number));
    } catch (const Error&) {
      continue;  // it has ended: its output's end tells
    }
  }
}

// False at the end of stdin, which the program sees, too.
bool AttachedClient::forward_input(DetachKeys& keys) {
  std::array<char, kMostInput> typed;
  const ssize_t got = ::read(STDIN_FILENO, typed.data(), typed.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got > 0) {
    send(keys.filter({typed.data(), static_cast<size_t>(got)}));
    return true;
  }
  has_lost_terminal_ = on_terminal_;  // in raw mode no key ends the input
  if (!has_lost_terminal_) ::shutdown(socket_.get(), SHUT_WR);
  return false;
}

}  // namespace gocker
