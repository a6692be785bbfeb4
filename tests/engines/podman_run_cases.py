"""podman run: output, exit codes, the process's surroundings, terminals."""

import os
import signal
import subprocess
import time

from engine import IMAGE, case, contains, equal, wait_until


@case("run: the output of a command")
def output(podman):
    equal(podman("run", "--rm", IMAGE, "echo", "hello"), "hello", "output")


@case("run: output and errors each on its own stream")
def streams(podman):
    done = podman.try_run("run", "--rm", IMAGE, "sh", "-c", "echo out; echo err >&2")
    equal((done.stdout, done.stderr), ("out\n", "err\n"), "streams")


@case("run: the image's own command and environment")
def image_command(podman):
    equal(podman("run", "--rm", IMAGE), "the image's own command", "output")
    equal(podman.sh("echo $FROM_IMAGE"), "yes", "environment")


@case("run: exit codes 0 and 7, and 137 of a signal")
def exit_codes(podman):
    podman.sh("exit 0")
    podman.sh("exit 7", code=7)
    podman.sh("sh -c 'kill -KILL $$'; exit $?", code=137)


@case("run: exit code 127 for a program that is not there")
def not_found(podman):
    podman.fails("run", "--rm", IMAGE, "/no/such", code=127, says="no such file or directory")
    podman.fails("run", "--rm", IMAGE, "no-such", code=127, says="not found in")


@case("run: exit code 126 for a program that can't be run")
def not_executable(podman):
    podman.fails("run", "--rm", IMAGE, "/etc/passwd", code=126, says="ermission denied")
    podman.fails("run", "--rm", IMAGE, "/etc", code=126, says="/etc")


@case("run: the same codes where podman doesn't know that the runtime writes JSON")
def unlisted_runtime(podman):
    words = ("--runtime", "unlisted", "run", "--rm", IMAGE)
    equal(podman(*words, "echo", "hello"), "hello", "output")
    podman.fails(*words, "/no/such", code=127, says="no such file or directory")
    podman.fails(*words, "/etc/passwd", code=126, says="ermission denied")


@case("run: the runtime by its path")
def runtime_path(podman):
    equal(podman("--runtime", podman.runtime, "run", "--rm", IMAGE, "echo", "hello"), "hello", "output")


@case("run: what could not start is there as created, and can be removed")
def failed_start(podman):
    podman.fails("run", "--name", "failed", IMAGE, "/no/such", code=127)
    equal(podman.status("failed"), "created", "status")
    podman("rm", "failed")


@case("run: dynamic programs")
def dynamic(podman):
    equal(podman("run", "--rm", IMAGE, "bash", "-c", "echo ${BASH_VERSION:0:2}"), "5.", "bash")


@case("run: standard input, a megabyte and back")
def standard_input(podman):
    text = "0123456789abcdef" * 65536
    equal(podman("run", "-i", "--rm", IMAGE, "cat", text=text), text, "what came back")


@case("run: --preserve-fds")
def preserved_descriptors(podman):
    read_end, write_end = os.pipe()
    words = [*podman.program, "run", "--rm", "--preserve-fds", "1", IMAGE, "sh", "-c", "echo hi >&3"]
    done = subprocess.run(["sh", "-c", f'exec "$@" 3>&{write_end}', "sh", *words], env=podman.env,
                          pass_fds=[write_end], timeout=60)
    os.close(write_end)
    equal(done.returncode, 0, "exit code")
    with os.fdopen(read_end) as pipe:
        equal(pipe.read(), "hi\n", "what came through")


@case("run: environment, working directory, host name, entry point, umask")
def surroundings(podman):
    equal(podman.sh("echo $A", "-e", "A=b c"), "b c", "environment")
    equal(podman.sh("pwd", "-w", "/home/ann"), "/home/ann", "working directory")
    equal(podman.sh("hostname", "--hostname", "box"), "box", "host name")
    equal(podman("run", "--rm", "--entrypoint", "echo", IMAGE, "x"), "x", "entry point")
    equal(podman.sh("umask", "--umask", "0077"), "0077", "umask")


@case("run: a working directory that the image lacks is an error, one that -v makes is not")
def missing_directory(podman):
    podman.fails("run", "--rm", "-w", "/not/there", IMAGE, "true", code=126, says="/not/there")
    equal(podman.sh("pwd", "-v", "data:/data/deep", "-w", "/data/deep"), "/data/deep", "directory")


@case("run: --cidfile and --pidfile")
def id_files(podman):
    cid, pid = podman.folder / "cid", podman.folder / "pid"
    podman.sleeper("--cidfile", cid, "--pidfile", pid, name="files")
    equal(cid.read_text(), podman.inspect("files")["Id"], "id")
    equal(int(pid.read_text()), podman.pid("files"), "pid")
    podman.remove("files")
    cid.unlink()


@case("run: --timeout kills what takes too long")
def timeout(podman):
    podman("run", "--rm", "--timeout", "1", IMAGE, "sleep", "100", code=255)


@case("run: --init reaps orphans")
def init(podman):
    equal(podman.sh("cat /proc/1/comm", "--init"), "podman-init", "first process")
    podman.sleeper("--init", name="reaper", command=("sh", "-c", "(sh -c 'sleep 0.3 & exit 0'); sleep 99"))
    wait_until(lambda: podman("top", "reaper", "comm").split().count("sleep") == 1, "the orphan's end")
    podman.remove("reaper")


@case("run: signals reach the container through podman")
def signal_proxy(podman):
    process = podman.background("run", "--rm", IMAGE, "sh", "-c",
                                "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; done")
    equal(process.stdout.readline(), "ready\n", "first line")

    def ended():
        process.send_signal(signal.SIGUSR1)  # again, should podman not yet know that the container runs
        time.sleep(0.5)
        return process.poll() is not None

    wait_until(ended, "the end")
    equal(process.returncode, 9, "exit code")
    process.communicate()


def check_size(terminal, rows, columns):
    """Asks the shell on a terminal until it knows the size, which comes to it by podman and conmon."""
    terminal.type(f"until stty size | grep '^{rows} {columns}$'; do sleep 0.1; done\n")
    terminal.read_until(f"{rows} {columns}\r\n")


@case("terminal: its size, a resize, and the exit code")
def terminal_size(podman):
    terminal = podman.on_terminal("run", "--rm", "-it", IMAGE, "sh")
    terminal.read_until("# ")
    check_size(terminal, 33, 111)
    terminal.resize(44, 122)
    check_size(terminal, 44, 122)
    terminal.type("exit 5\n")
    equal(terminal.end(), 5, "exit code")


@case("terminal: bytes as the program wrote them, line breaks as a terminal has them")
def terminal_bytes(podman):
    terminal = podman.on_terminal("run", "--rm", "-t", IMAGE, "sh", "-c", "printf 'a\\nb\\n'")
    equal(terminal.end(), 0, "exit code")
    equal(terminal.output, "a\r\nb\r\n", "output")


@case("terminal: belongs to the user, is /dev/console and the controlling terminal")
def terminal_owner(podman):
    script = "tty; stat -c %u /dev/console; echo through /dev/tty >/dev/tty"
    terminal = podman.on_terminal("run", "--rm", "-t", "--user", "1000", IMAGE, "sh", "-c", script)
    equal(terminal.end(), 0, "exit code")
    equal(terminal.output, "/dev/pts/0\r\n1000\r\nthrough /dev/tty\r\n", "output")


def detach(terminal):
    """podman looks for the sequence in what it reads at once, which may be more than one key."""
    def left():
        terminal.type("\x10")
        time.sleep(0.3)
        terminal.type("\x11")
        return terminal.closes_within(3)

    wait_until(left, "podman's end")


@case("terminal: Ctrl-C, detach keys, attach")
def terminal_keys(podman):
    terminal = podman.on_terminal("run", "--name", "keys", "-it", IMAGE, "sh", "-c",
                                  "trap 'echo interrupted' INT; echo ready; while :; do sleep 0.1; done")
    terminal.read_until("ready")
    terminal.type("\x03")
    terminal.read_until("interrupted")
    detach(terminal)
    equal(terminal.end(), 0, "exit code of the detached podman")
    equal(podman.status("keys"), "running", "status")
    terminal = podman.on_terminal("attach", "keys")
    terminal.wait_for_raw_mode()
    terminal.type("\x03")
    terminal.read_until("interrupted")
    podman.remove("keys")
    terminal.end()


@case("terminal: --tty without one still gives the container a terminal")
def terminal_without(podman):
    contains(podman("run", "--rm", "-t", IMAGE, "tty"), "/dev/pts/0")
