#include "runtime/linux/terminal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/error.h"
#include "runtime/base/socket.h"
#include "runtime/base/syscalls.h"
#include "runtime/linux/mounts.h"

namespace gocker {
namespace {

// The directory of pseudo terminals, and nothing that merely lies at that path (CVE-2025-52565).
Fd open_devpts(const RootDir& root) {
  Fd directory = root.open("/dev/pts", O_PATH | O_DIRECTORY);
  struct statfs filesystem {};
  check(::fstatfs(directory.get(), &filesystem), "statfs", "/dev/pts");
  if (filesystem.f_type != DEVPTS_SUPER_MAGIC) throw Error("no devpts is mounted at /dev/pts");
  return directory;
}

Fd open_multiplexer(const Fd& devpts) {
  open_how how{};
  how.flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  Fd multiplexer(check(sys::openat2(devpts.get(), "ptmx", how), "open", "/dev/pts/ptmx"));
  const struct stat status = stat_fd(multiplexer, "/dev/pts/ptmx");
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(5, 2)) {
    throw Error("/dev/pts/ptmx is not the device 5:2");
  }
  return multiplexer;
}

void set_size(const Fd& terminal, oci::Box size) {
  const winsize window{.ws_row = size.height, .ws_col = size.width, .ws_xpixel = 0, .ws_ypixel = 0};
  check(::ioctl(terminal.get(), TIOCSWINSZ, &window), "set the window size");
}

void become_standard_stream(const Fd& device, int stream) {
  if (device.get() != stream) {
    check(::dup2(device.get(), stream), "dup2");
    return;
  }
  clear_cloexec(stream);  // which dup2 would have left as it is
}

}  // namespace

Terminal open_terminal(const RootDir& root, std::optional<oci::Box> size, uint32_t uid) {
  const Doing doing("open a terminal");
  Terminal terminal;
  terminal.controller = open_multiplexer(open_devpts(root));
  const int unlocked = 0;
  check(::ioctl(terminal.controller.get(), TIOCSPTLCK, &unlocked), "unlock");
  const int device = ::ioctl(terminal.controller.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  terminal.device = Fd(check(device, "open the device"));
  if (size) set_size(terminal.controller, *size);
  // The group stays what devpts was mounted with: tty.
  check(::fchown(terminal.device.get(), uid, static_cast<gid_t>(-1)), "chown the device");
  return terminal;
}

Terminal open_terminal(std::optional<oci::Box> size, uint32_t uid) {
  return open_terminal(RootDir::open_host_path("/"), size, uid);
}

void bind_console(const RootDir& root, const Fd& device) {
  const Doing doing("mount the terminal at /dev/console");
  const RootDir dev(root.open("/dev", O_PATH | O_DIRECTORY));
  Fd target = dev.open_if_exists("console", O_PATH | O_NOFOLLOW);
  if (!target) {
    constexpr int kNewFile = O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY | O_CLOEXEC;
    const int created = ::openat(dev.fd().get(), "console", kNewFile, 0600);
    target = Fd(check(created, "create", "/dev/console"));
  }
  const mode_t mode = stat_fd(target, "/dev/console").st_mode;
  if (!S_ISREG(mode) && !S_ISCHR(mode)) throw Error("it is neither a plain file nor a device");
  attach_mount(clone_mount(device, Depth::single), target, "/dev/console");
}

void take_terminal(const Fd& device) {
  const Doing doing("take the terminal");
  check(::ioctl(device.get(), TIOCSCTTY, 0), "become its session");
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    become_standard_stream(device, stream);
  }
}

void send_console(const Fd& socket, const Fd& controller, std::string_view name) {
  const Doing doing("send the terminal to the console socket");
  send_packet(socket, name, {controller.get()});
}

}  // namespace gocker
