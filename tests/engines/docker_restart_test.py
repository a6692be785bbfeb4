#!/usr/bin/env python3
"""docker's daemon ends and starts again while containers run with the runtime under test.

    tests/engines/docker_restart_test.py RUNTIME [NAME...]
"""

import contextlib
import pathlib
import subprocess

import engine
import limits
from docker import Docker
from engine import IMAGE, case, contains, equal, wait_until


class Restarted(Docker):
    """Each case has a daemon of its own."""
    name = "docker restart"

    def start(self):
        super().start()
        self.stop_daemon()

    def stop(self):
        """Nothing runs."""

    def reset(self):
        if self.process.poll() is not None:
            self.start_daemon()
        super().reset()
        self.stop_daemon()
        # The bind mount that a daemon leaves which stops while containers run.
        subprocess.run(["umount", self.folder / "docker"], stderr=subprocess.DEVNULL, check=False)

    @contextlib.contextmanager
    def daemon(self):
        """A running daemon, until the end of the block."""
        self.start_daemon()
        try:
            yield
        finally:
            self.stop_daemon()
            self.configure()


@case("containers outlive the daemon, which finds them again")
def live_restore(docker):
    script = "while [ ! -e /tmp/stop ]; do echo line; sleep 0.1; done; exit 4"
    with docker.daemon(), docker.running(), docker.running(words=("sh", "-c", script), name="talker"):
        pid = docker.pid("box")
        docker.restart_daemon()
        equal((docker.pid("box"), docker.status("box")), (pid, "running"))
        equal(docker("exec", "box", "echo", "still"), "still")
        docker("update", "--memory", "64m", "--memory-swap", "64m", "box")
        equal(limits.memory(pid), 64 << 20)
        before = docker("logs", "talker").count("line")
        wait_until(lambda: docker("logs", "talker").count("line") > before, "more lines")
        docker("exec", "talker", "touch", "/tmp/stop")
        equal(docker("wait", "talker"), "4")
        docker("stop", "--time", "0", "box")


@case("a container that ends while there is no daemon has its exit code afterwards")
def ended_meanwhile(docker):
    script = "while [ ! -e /tmp/stop ]; do sleep 0.05; done; exit 6"
    with docker.daemon(), docker.running(words=("sh", "-c", script)) as box:
        pid = docker.pid(box)
        docker.stop_daemon()
        pathlib.Path(f"/proc/{pid}/root/tmp/stop").touch()
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "the end of the program")
        docker.start_daemon()
        wait_until(lambda: docker.status(box) == "exited", "docker's notice")
        equal(docker.inspect(box, "State", "ExitCode"), 6)


@case("without live-restore containers stop with the daemon, and those that always run start again")
def restart_daemon(docker):
    docker.configure(**{"live-restore": False})
    with docker.daemon(), docker.running("--init", name="once"), \
            docker.running("--init", "--restart", "always"):
        docker.restart_daemon()
        wait_until(lambda: docker.status("box") == "running", "the start")
        equal(docker.status("once"), "exited")
        equal(docker("exec", "box", "echo", "again"), "again")


@case("user namespaces for all containers")
def userns_remap(docker):
    for name in ("subuid", "subgid"):
        pathlib.Path("/etc", name).write_text("dockremap:300000:65536\n")
    docker.configure(**{"userns-remap": "default"})
    with docker.daemon():
        docker("load", "--input", docker.archive)
        equal(docker("run", "--rm", IMAGE, "cat", "/proc/self/uid_map").split(), ["0", "300000", "65536"])
        with docker.running() as box:
            contains(pathlib.Path(f"/proc/{docker.pid(box)}/status").read_text(), "Uid:\t300000")
            docker("exec", box, "sh", "-c", "touch /own && chown 1000 /own")
            equal(docker("exec", box, "stat", "-c", "%u", "/own"), "1000")
            equal(docker("exec", "--user", "1000", box, "id", "-u"), "1000")
        equal(docker("run", "--rm", "--userns", "host", IMAGE, "cat", "/proc/self/uid_map").split()[1], "0")


engine.main(Restarted)
