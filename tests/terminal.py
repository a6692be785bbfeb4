"""A command on a terminal of its own, as a person sits before it."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import termios
import time

from expect import wait_until


def set_size(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, words, env, rows=33, columns=111):
        pid, self.fd = pty.fork()
        if pid == 0:  # the terminal has its size before the command can ask for it
            set_size(0, rows, columns)
            os.execvpe(words[0], words, env)
        self.pid = pid
        self.output = ""

    def resize(self, rows, columns):
        set_size(self.fd, rows, columns)

    def wait_for_raw_mode(self):
        """Until the command takes keys as they are, Ctrl-C would be a signal to itself."""
        wait_until(lambda: not termios.tcgetattr(self.fd)[3] & termios.ICANON, "raw mode")

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while text not in self.output:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"{text!r} did not appear in {self.output!r}")
            try:
                self.output += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:  # EIO: the other side is closed
                raise AssertionError(f"{text!r} did not appear before the end of {self.output!r}")
        before, _, self.output = self.output.partition(text)
        return before

    def closes_within(self, seconds):
        """Whether nobody is at the other side so soon."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):  # EIO
            while select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                data = os.read(self.fd, 4096)
                if not data:
                    return True
                self.output += data.decode(errors="replace")
            return False
        return True

    def close(self):
        """The terminal goes away, as when its window is closed; the exit code."""
        os.close(self.fd)
        return self.exit_code()

    def exit_code(self):
        def ended():
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return (pid, status) if pid else None

        return os.waitstatus_to_exitcode(wait_until(ended, "end of the command")[1])

    def end(self, seconds=60):
        """Reads to the end; the exit code."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while True:
                if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                    os.close(self.fd)
                    raise AssertionError(f"no end within {seconds} s after {self.output!r}")
                data = os.read(self.fd, 4096)
                if not data:
                    break
                self.output += data.decode(errors="replace")
        return self.close()
