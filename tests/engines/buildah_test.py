#!/usr/bin/env python3
"""buildah calls the runtime under test (--isolation oci).

    tests/engines/buildah_test.py RUNTIME [NAME...]
"""

import contextlib
import pathlib
import re

import engine
from engine import IMAGE, case, contains, equal
from podman import write_containers_conf


class Buildah(engine.Engine):
    name = "buildah"

    def __init__(self, runtime):
        super().__init__(runtime)
        write_containers_conf(self)
        self.program = ["buildah"]
        self.env |= {"BUILDAH_ISOLATION": "oci", "BUILDAH_RUNTIME": str(self.runtime)}

    def version(self):
        return "buildah " + self("version").split()[1]

    def start(self):
        self("pull", "-q", f"oci-archive:{self.images.oci_archive}")

    def stop(self):
        self.reset()

    def reset(self):
        self("rm", "--all")

    @contextlib.contextmanager
    def container(self, *options):
        """A working container."""
        name = self("from", "-q", *options, IMAGE)
        yield name
        self("rm", name)

    def context(self, name, dockerfile):
        folder = self.folder / name
        folder.mkdir()
        (folder / "Dockerfile").write_text(dockerfile)
        (folder / "file").write_text("of the context\n")
        return folder


# buildah's own limit of processes is more than a machine without CAP_SYS_RESOURCE may have.
ULIMITS = ("--ulimit", "nofile=321:321", "--ulimit", "nproc=9000:9000")


@case("run: output, exit codes 0, 7, 137")
def run(buildah):
    with buildah.container() as name:
        equal(buildah("run", name, "echo", "hello"), "hello", "output")
        buildah("run", name, "sh", "-c", "exit 7", code=7)
        buildah("run", name, "--", "sh", "-c", "sh -c 'kill -KILL $$'; exit $?", code=137)


@case("run: a program that is not there, one that can't be run")
def not_found(buildah):
    with buildah.container() as name:
        buildah.fails("run", name, "/no/such", code=1, says="no such file or directory")
        buildah.fails("run", name, "/etc/passwd", code=1, says="ermission denied")


@case("run: standard input and separate streams")
def streams(buildah):
    with buildah.container() as name:
        equal(buildah("run", name, "cat", text="a\nb\n"), "a\nb", "output")
        done = buildah.try_run("run", name, "sh", "-c", "echo out; echo err >&2")
        equal(done.stdout, "out\n", "output")
        contains(done.stderr, "err\n")


@case("run: on a terminal")
def terminal(buildah):
    with buildah.container() as name:
        shell = buildah.on_terminal("run", "-t", name, "sh", "-c", "tty; stty size; exit 3")
        equal(shell.end(), 3, "exit code")
        contains(shell.output, "/dev/pts/0\r\n33 111\r\n")


@case("run: user, environment, working directory, host name")
def surroundings(buildah):
    with buildah.container() as name:
        equal(buildah("run", "--user", "ann", name, "id", "-u"), "1000", "user")
        equal(buildah("run", "-e", "A=b", name, "sh", "-c", "echo $A"), "b", "environment")
        equal(buildah("run", "--workingdir", "/home", name, "pwd"), "/home", "working directory")
        equal(buildah("run", "--hostname", "box", name, "hostname"), "box", "host name")


@case("run: what one run writes is there in the next")
def persistent(buildah):
    with buildah.container() as name:
        buildah("run", name, "sh", "-c", "echo kept >/kept")
        equal(buildah("run", name, "cat", "/kept"), "kept", "file")


@case("run: volumes and mounts")
def volumes(buildah):
    folder = buildah.folder / "volume"
    folder.mkdir()
    (folder / "file").write_text("from the host\n")
    with buildah.container() as name:
        equal(buildah("run", "-v", f"{folder}:/v:ro", name, "cat", "/v/file"), "from the host", "file")
        buildah("run", "-v", f"{folder}:/v:ro", name, "touch", "/v/x", code=1)
        mounts = buildah("run", "--mount", "type=tmpfs,dst=/scratch", name, "cat", "/proc/mounts")
        contains(mounts, "tmpfs /scratch tmpfs")


@case("run: capabilities and seccomp")
def capabilities(buildah):
    with buildah.container() as name:
        status = buildah("run", "--cap-drop", "all", name, "cat", "/proc/self/status")
        contains(status, "CapEff:\t0000000000000000")
        contains(status, "Seccomp:\t2")
        more = buildah("run", "--cap-add", "CAP_SYS_ADMIN", name, "grep", "CapEff", "/proc/self/status")
        assert int(more.split()[1], 16) >> 21 & 1, more


@case("run: limits that `from` sets")
def limits(buildah):
    with buildah.container(*ULIMITS, "--memory", "64m") as name:
        equal(buildah("run", name, "sh", "-c", "ulimit -n"), "321", "open files")
        limit = buildah("run", name, "sh", "-c", "cat /sys/fs/cgroup/memory/memory.limit_in_bytes "
                        "/sys/fs/cgroup/memory.max 2>/dev/null; true")
        contains(limit, str(64 * 1024 * 1024))


@case("run: memory below a parent control group")
def cgroup_parent(buildah):
    # buildah names the parent itself as the container's group; runc refuses a group that is in use.
    with buildah.container("--memory", "64m", "--cgroup-parent", "/gocker-buildah", *ULIMITS) as name:
        equal(buildah("run", name, "echo", "limited"), "limited", "output")


@case("run: networks none and host")
def networks(buildah):
    with buildah.container() as name:
        equal(buildah("run", "--network", "none", name, "ls", "/sys/class/net"), "lo", "interfaces")
        link = "/proc/self/ns/net"
        equal(buildah("run", "--network", "host", name, "readlink", link), str(pathlib.Path(link).readlink()),
              "namespace")


@case("run: a user namespace")
def user_namespace(buildah):
    options = ("--userns-uid-map", "0:200000:5000", "--userns-gid-map", "0:200000:5000")
    with buildah.container(*options) as name:
        equal(buildah("run", name, "cat", "/proc/self/uid_map").split(), ["0", "200000", "5000"], "map")
        equal(buildah("run", name, "sh", "-c", "touch /tmp/x; stat -c %u /tmp/x"), "0", "owner")


@case("config, commit, and the image that comes of it")
def commit(buildah):
    with buildah.container() as name:
        buildah("run", name, "sh", "-c", "echo changed >/changed")
        buildah("config", "--cmd", "cat /changed", "--env", "A=b", "--user", "ann", "--label", "l=1", name)
        buildah("commit", "-q", name, "localhost/committed")
    again = buildah("from", "-q", "localhost/committed")
    equal(buildah("run", again, "sh", "-c", "cat /changed; echo $A; id -u"), "changed\nb\n1000", "output")
    buildah("rm", again)
    buildah("rmi", "localhost/committed")


@case("add, copy and mount")
def copy(buildah):
    (buildah.folder / "copied").write_text("copied\n")
    with buildah.container() as name:
        buildah("copy", "-q", name, buildah.folder / "copied", "/home/")
        equal(buildah("run", name, "cat", "/home/copied"), "copied", "file")
        point = pathlib.Path(buildah("mount", name))
        equal((point / "home/copied").read_text(), "copied\n", "file through the mount")
        buildah("umount", name)


@case("bud: RUN as root and another user, arguments, a working directory")
def bud(buildah):
    folder = buildah.context("bud", f"FROM {IMAGE}\nARG WORD\nRUN echo $WORD >/word\nCOPY file /file\n"
                                    "USER ann\nWORKDIR /home/ann\nRUN id -u >/tmp/id && pwd >/tmp/pwd\n")
    buildah("bud", "-q", "--build-arg", "WORD=hi", "-t", "localhost/built", folder, timeout=120)
    name = buildah("from", "-q", "localhost/built")
    equal(buildah("run", name, "cat", "/word", "/file", "/tmp/id", "/tmp/pwd"),
          "hi\nof the context\n1000\n/home/ann", "files")
    buildah("rm", name)
    buildah("rmi", "localhost/built")


@case("bud: stages, layers, mounts of RUN, a heredoc's worth of commands")
def bud_stages(buildah):
    folder = buildah.context("stages", f"FROM {IMAGE} AS one\nRUN echo one >/one\nFROM {IMAGE}\n"
                             "COPY --from=one /one /one\n"
                             "RUN --mount=type=bind,target=/c --mount=type=tmpfs,target=/t "
                             "touch /t/x && cat /one /c/file >/both\n")
    for _ in range(2):  # the second time from the cache
        buildah("bud", "--layers", "-q", "-t", "localhost/built", folder, timeout=120)
    name = buildah("from", "-q", "localhost/built")
    equal(buildah("run", name, "cat", "/both"), "one\nof the context", "file")
    buildah("rm", name)
    buildah("rmi", "localhost/built")


@case("bud: a RUN that fails ends the build with its code")
def bud_fails(buildah):
    folder = buildah.context("fails", f"FROM {IMAGE}\nRUN exit 7\n")
    buildah.fails("bud", folder, code=7, says="exit status 7")


@case("bud: limits of the build")
def bud_limits(buildah):
    folder = buildah.context("limits", f"FROM {IMAGE}\nRUN ulimit -n && grep Mem /proc/meminfo | head -1\n")
    out = buildah("bud", *ULIMITS, "--memory", "64m", folder)
    assert re.search(r"^321$", out, re.MULTILINE), out


if __name__ == "__main__":
    engine.main(Buildah)
