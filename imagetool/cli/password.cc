#include "imagetool/cli/password.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "imagetool/interrupt.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/file.h"

namespace gocker::cli {
namespace {

constexpr int kTickMilliseconds = 200;
constexpr size_t kMostBytes = 64 << 10;  // tokens are long

// While it lives, the terminal does not show what is typed, but for the newline.
class NoEcho {
 public:
  NoEcho() {
    check(::tcgetattr(STDIN_FILENO, &before_), "ask the terminal");
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    check(::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent), "silence the terminal");
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

 private:
  termios before_{};
};

void show(const std::string& prompt) {
  Fd out(STDERR_FILENO);
  const ssize_t written = ::write(out.get(), prompt.data(), prompt.size());
  static_cast<void>(written);  // the question is asked all the same
  out.release();               // it is the process's
}

std::string read_line() {
  std::string line;
  char c = 0;
  while (true) {
    check_interrupt();  // not in read(2): a signal may come right before it
    pollfd typed{STDIN_FILENO, POLLIN, 0};
    if (::poll(&typed, 1, kTickMilliseconds) <= 0) continue;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("read from the terminal");
    if (got == 0 || c == '\n') break;
    if (line.size() < kMostBytes) line.push_back(c);
  }
  if (line.empty()) throw Error("nothing was typed");
  return line;
}

void require_terminal(const char* otherwise) {
  if (::isatty(STDIN_FILENO) == 1) return;
  throw Error(std::string("standard input is no terminal: ") + otherwise);
}

}  // namespace

std::string ask(const std::string& prompt) {
  require_terminal("give the user with --username");
  show(prompt);
  return read_line();
}

std::string ask_password(const std::string& prompt) {
  require_terminal("give the password with --password-stdin");
  const NoEcho no_echo;
  show(prompt);
  return read_line();
}

std::string password_from_stdin() {
  Fd in(STDIN_FILENO);
  std::string password;
  try {
    password = read_all(in, "stdin", kMostBytes);
  } catch (...) {
    in.release();
    throw;
  }
  in.release();
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) throw Error("--password-stdin: standard input holds no password");
  return password;
}

}  // namespace gocker::cli
