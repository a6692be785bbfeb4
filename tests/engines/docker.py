"""dockerd with its own containerd, and the docker client."""

import contextlib
import json
import pathlib
import re
import subprocess

import engine
import proc
from engine import wait_until

CLIENT = "/usr/bin/docker"
DAEMON = "/usr/sbin/dockerd"


class Docker(engine.Engine):
    """Its default runtime is the one under test, called `tested`; Debian's runc is there as `debian`."""
    name = "docker"

    def __init__(self, runtime):
        super().__init__(runtime)
        self.socket = self.folder / "docker.sock"
        self.execution = pathlib.Path("/run/docker")
        self.log = self.folder / "dockerd.log"
        self.env["DOCKER_CONFIG"] = str(self.folder / "client")
        # What BuildKit calls, whatever the default runtime is.
        (self.folder / "bin").mkdir()
        (self.folder / "bin/runc").symlink_to(self.runtime)
        self.env["PATH"] = f"{self.folder}/bin:{self.env['PATH']}"
        self.program = [CLIENT, "--host", f"unix://{self.socket}"]
        self.process = None
        self.archive = None

    def version(self):
        return "docker " + re.search(r"version ([^+,]*)", proc.run(DAEMON, "--version")).group(1)

    def configure(self, **settings):
        """Writes the daemon's configuration; what is not named has the tests' default."""
        (self.folder / "daemon.json").write_text(json.dumps({
            "data-root": str(self.folder / "docker"), "exec-root": str(self.execution),
            "pidfile": str(self.folder / "dockerd.pid"), "hosts": [f"unix://{self.socket}"],
            "runtimes": {"tested": {"path": str(self.runtime)}, "debian": {"path": engine.RUNC}},
            "default-runtime": "tested", "live-restore": True, "shutdown-timeout": 2, **settings}))

    def start(self):
        self.configure()
        self.start_daemon()
        self.archive = self.images.docker_archive()
        self("load", "--input", self.archive)
        # Makes what docker keeps: a group for all, a handle of the host's network.
        self("run", "--rm", "--network", "host", engine.IMAGE, "true")

    def stop(self):
        self.stop_daemon()

    def start_daemon(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([DAEMON, "--config-file", self.folder / "daemon.json"],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env=self.env, start_new_session=True)
        wait_until(self.answers, "dockerd's answer", 60)

    def answers(self):
        if self.process.poll() is not None:
            lines = self.log.read_text().splitlines()
            raise AssertionError("dockerd ended: " + "\n".join(lines[-5:]))
        return self.try_run("version").returncode == 0

    def stop_daemon(self):
        self.process.terminate()
        self.process.wait(90)

    def restart_daemon(self):
        self.stop_daemon()
        self.start_daemon()

    def reset(self):
        names = self("ps", "--all", "--quiet").split()
        if names:
            self("rm", "--force", "--volumes", *names)
        self("network", "prune", "--force")

    def state_folders(self):
        return [str(folder) for folder in self.execution.glob("runtime-*/moby")]

    def inspect(self, container, *fields):
        """What docker knows of a container, or one field of it."""
        value = json.loads(self("inspect", container))[0]
        for field in fields:
            value = value[field]
        return value

    def pid(self, container):
        return self.inspect(container, "State", "Pid")

    def status(self, container):
        return self.inspect(container, "State", "Status")

    @contextlib.contextmanager
    def running(self, *options, words=("sleep", "1000"), name="box"):
        """A container in the background, until the end of the block."""
        self("run", "--detach", "--name", name, *options, engine.IMAGE, *words)
        try:
            yield name
        finally:
            self.try_run("rm", "--force", "--volumes", name)
