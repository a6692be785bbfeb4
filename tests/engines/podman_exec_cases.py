"""podman exec: exit codes, users, terminals, sessions in the background."""

import contextlib

from engine import case, contains, equal, wait_until
from podman_run_cases import check_size


@contextlib.contextmanager
def target(podman, *options):
    """A container to execute in."""
    name = podman.sleeper(*options, name="target")
    yield name
    podman.remove(name)


@case("exec: output and exit codes 0, 7, 126, 127, 137")
def codes(podman):
    with target(podman) as name:
        equal(podman("exec", name, "echo", "hello"), "hello", "output")
        podman("exec", name, "sh", "-c", "exit 7", code=7)
        podman("exec", name, "sh", "-c", "kill -KILL $$", code=137)
        podman.fails("exec", name, "/no/such", code=127, says="no such file or directory")
        podman.fails("exec", name, "no-such", code=127, says="not found in")
        podman.fails("exec", name, "/etc/passwd", code=126, says="ermission denied")


@case("exec: standard input and separate streams")
def streams(podman):
    with target(podman) as name:
        equal(podman("exec", "-i", name, "cat", text="a\nb"), "a\nb", "output")
        done = podman.try_run("exec", name, "sh", "-c", "echo out; echo err >&2")
        equal((done.stdout, done.stderr), ("out\n", "err\n"), "streams")


@case("exec: user, group, additional groups")
def users(podman):
    with target(podman) as name:
        equal(podman("exec", "--user", "ann", name, "id"),
              "uid=1000(ann) gid=1001(staff) groups=1002(extra)", "ann")
        equal(podman("exec", "--user", "7:8", name, "sh", "-c", "id -u; id -G"), "7\n8", "numbers")


@case("exec: environment and working directory")
def surroundings(podman):
    with target(podman, "-e", "A=of the container") as name:
        equal(podman("exec", name, "sh", "-c", "echo $A"), "of the container", "inherited")
        equal(podman("exec", "-e", "A=mine", name, "sh", "-c", "echo $A"), "mine", "given")
        equal(podman("exec", "-w", "/home", name, "pwd"), "/home", "working directory")
        podman.fails("exec", "-w", "/not/there", name, "pwd", code=127, says="/not/there")


@case("exec: capabilities as the container's, all with --privileged")
def capabilities(podman):
    with target(podman, "--cap-drop", "all") as name:
        contains(podman("exec", name, "grep", "CapEff", "/proc/self/status"), "0000000000000000")
        more = podman("exec", "--privileged", name, "grep", "CapEff", "/proc/self/status")
        assert int(more.split()[1], 16) >> 21 & 1, f"no CAP_SYS_ADMIN in {more}"


@case("exec: a terminal with its size, a resize, and the exit code")
def terminal(podman):
    with target(podman) as name:
        shell = podman.on_terminal("exec", "-it", name, "sh")
        shell.read_until("# ")
        check_size(shell, 33, 111)
        shell.resize(50, 90)
        check_size(shell, 50, 90)
        shell.type("exit 6\n")
        equal(shell.end(), 6, "exit code")


@case("exec: beside a container that has a terminal itself")
def beside_terminal(podman):
    with target(podman, "-t") as name:
        contains(podman("exec", "-t", name, "tty"), "/dev/pts/1")
        contains(podman("exec", name, "sh", "-c", "tty || true"), "not a tty")


@case("exec: in the background")
def background(podman):
    with target(podman) as name:
        session = podman("exec", "-d", name, "sh", "-c", "echo done >/tmp/file; sleep 100")
        assert len(session) == 64, session
        wait_until(lambda: podman.try_run("exec", name, "cat", "/tmp/file").stdout == "done\n", "the file")
        contains(podman("top", name, "args"), "sleep 100")


@case("exec: not in a stopped container, not in a paused one")
def refused(podman):
    with target(podman) as name:
        podman("pause", name)
        podman.fails("exec", name, "true", code=255, says="running containers")
        podman("unpause", name)
        podman("stop", "-t", "0", name)
        podman.fails("exec", name, "true", code=255, says="running")


@case("exec: 20 in a row, each with its exit code")
def many(podman):
    with target(podman) as name:
        for code in range(20):
            podman("exec", name, "sh", "-c", f"exit {code}", code=code)


@case("exec: in the container's control group and namespaces")
def placement(podman):
    with target(podman) as name:
        own = podman("exec", name, "sh", "-c", "for n in mnt net pid uts ipc cgroup; do "
                     "test $(readlink /proc/1/ns/$n) = $(readlink /proc/self/ns/$n) || echo $n; done; "
                     "diff /proc/1/cgroup /proc/self/cgroup")
        equal(own, "", "what differs")
