"""containerd and ctr, whose containers are run by io.containerd.runc.v2 with the binary under test."""

import contextlib
import re
import signal
import subprocess

import engine
import host
import proc
from engine import wait_until

CONFIG = """\
version = 2
root = "{folder}/containerd"
state = "/run/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{socket}"
"""


class Daemon(engine.Engine):
    """containerd itself, with a configuration and the images of one of its namespaces."""
    namespace = ""

    def __init__(self, runtime):
        super().__init__(runtime)
        self.socket = self.folder / "containerd.sock"
        self.log = self.folder / "containerd.log"
        self.program = ["ctr", "--address", self.socket, "--namespace", self.namespace]
        self.process = None
        self.config = ""

    def version(self):
        return "containerd " + re.search(r" v?(\d[\d.]*)", proc.run("containerd", "--version")).group(1)

    def start(self):
        (self.folder / "containerd.toml").write_text(self.config)
        self.start_daemon()
        self.import_image(engine.IMAGE, self.images.oci_archive)

    def stop(self):
        self.stop_daemon()

    def import_image(self, name, archive):
        self("images", "import", "--base-name", name.partition(":")[0], archive)

    def daemons(self):
        return {self.process.pid}

    def state_folders(self):
        return [f"/run/containerd/runc/{self.namespace}"]

    def start_daemon(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                ["containerd", "--config", self.folder / "containerd.toml"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.env, start_new_session=True)
        wait_until(lambda: self.try_run("version").returncode == 0, "containerd's answer", 60)

    def stop_daemon(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(90)


class Containerd(Daemon):
    name = "containerd"
    namespace = "tests"

    def __init__(self, runtime):
        super().__init__(runtime)
        self.config = CONFIG.format(folder=self.folder, socket=self.socket)
        self.executions = 0

    def start(self):
        super().start()
        self.run(words=["true"])  # makes the group for all

    def reset(self):
        for container in self("containers", "list", "--quiet").split():
            self.remove(container)

    def remove(self, container):
        self.try_run("tasks", "delete", "--force", container)
        self.try_run("containers", "remove", container)

    def run_words(self, *options, words, name):
        return ["run", "--runc-binary", self.runtime, *options, engine.IMAGE, name, *words]

    def run(self, *options, words, code=0, name="run", **more):
        """What a container prints that runs to its end."""
        return self(*self.run_words("--rm", *options, words=words, name=name), code=code, **more)

    @contextlib.contextmanager
    def running(self, *options, words=("sleep", "1000"), name="box"):
        """A container in the background, until the end of the block."""
        self(*self.run_words("--detach", *options, words=words, name=name))
        try:
            yield name
        finally:
            self.remove(name)

    def exec(self, *words, options=(), code=0, name="box", **more):
        self.executions += 1
        return self("tasks", "exec", "--exec-id", f"e{self.executions}", *options, name, *words,
                    code=code, **more)

    def tasks(self):
        """{container: (pid, status)}"""
        lines = self("tasks", "list").splitlines()[1:]
        return {name: (int(pid), status) for name, pid, status in map(str.split, lines)}

    def exit_code(self, name):
        """Deletes a task that has ended; its exit code."""
        done = self.try_run("tasks", "delete", name)
        match = re.search(r"exit code (\d+)", done.stderr)
        return int(match.group(1)) if match else done.returncode

    def pid(self, name="box"):
        return self.tasks()[name][0]

    def status(self, name="box"):
        return self.tasks().get(name, (0, "none"))[1]

    @contextlib.contextmanager
    def root_folder(self):
        """The image's files, mounted, until the end of the block."""
        folder = self.folder / "root"
        folder.mkdir(exist_ok=True)
        self("images", "mount", "--rw", engine.IMAGE, folder)
        try:
            yield folder
        finally:
            self("images", "unmount", "--rm", folder)

    def shims(self):
        """{pid: command line} of containerd's shims."""
        return {pid: words for pid, words in host.processes().items() if "containerd-shim-runc" in words}
