#include "runtime/cli/create_options.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/socket.h"
#include "runtime/base/text.h"
#include "runtime/linux/terminal.h"

namespace gocker::cli {
namespace {

// sd_listen_fds(3): the descriptors are ours only where LISTEN_PID says so.
unsigned announced_descriptors() {
  const char* count = std::getenv("LISTEN_FDS");
  const char* pid = std::getenv("LISTEN_PID");
  if (count == nullptr || pid == nullptr) return 0;
  if (parse_i64(pid) != ::getpid()) return 0;
  constexpr uint64_t kMost = 1 << 16;
  return static_cast<unsigned>(parse_u64(count, kMost).value_or(0));
}

}  // namespace

CreateOptions create_options(const Global& global, const Arguments& arguments) {
  CreateOptions options{
      .id = arguments.positionals().at(0),
      .bundle = arguments.value("bundle", "."),
      .no_pivot = arguments.has("no-pivot"),
      .no_new_keyring = arguments.has("no-new-keyring"),
      .preserved_fds = arguments.number("preserve-fds"),
      .listen_fds = announced_descriptors(),
      .cgroup_manager = global.cgroup_manager,
      .rootless = global.rootless,
      .pid_file = arguments.value("pid-file"),
      .pidfd_socket = arguments.value("pidfd-socket"),
      .console_socket = arguments.value("console-socket"),
  };
  if (!options.console_socket.empty()) {
    options.on_terminal = [path = options.console_socket](const Fd& controller) {
      const Doing doing("hand over the terminal to", path);
      send_console(connect_unix(path), controller, "/dev/ptmx");
    };
  }
  return options;
}

void close_stray_descriptors(const CreateOptions& options) {
  const unsigned first_stray = 3 + options.listen_fds + options.preserved_fds;
  if (first_stray < 3 || first_stray > 1 << 20) throw Error("--preserve-fds: too many");
  for (unsigned fd = 3; fd < first_stray; ++fd) {
    if (::fcntl(static_cast<int>(fd), F_GETFD) < 0) {
      throw Error("--preserve-fds: descriptor " + std::to_string(fd) + " is not open");
    }
  }
  close_all_from(static_cast<int>(first_stray));
}

}  // namespace gocker::cli
