"""One container of the contract's tests: a bundle, a state root, and calls as engines make them."""

import array
import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap
from expect import wait_until

NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]
# conmon and the shims call with next to nothing.
PR_SET_CHILD_SUBREAPER = 36
ENGINE_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_RUNTIME_DIR": ""}


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


@dataclasses.dataclass
class Result:
    code: int
    out: str
    err: str

    def __str__(self):
        return f"exit code {self.code}, stdout {self.out!r}, stderr {self.err!r}"


def adopt_orphans():
    """What a runtime leaves running becomes this process's child, as it becomes conmon's."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_adopted(own):
    """Takes the exit codes of children that have ended, but of those that somebody waits for."""
    for pid in pathlib.Path("/proc/thread-self/children").read_text().split():
        if int(pid) not in own:
            os.waitpid(int(pid), os.WNOHANG)


def is_locked(path):
    """Asked of the kernel: to try it would be in the way of who wants to lock it."""
    if not path.exists():
        return False
    locks = pathlib.Path("/proc/locks").read_text().splitlines()
    return any(line.split()[-3].endswith(f":{path.stat().st_ino}") for line in locks)


class DescriptorSocket:
    """The engine's end of --console-socket and --pidfd-socket."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.settimeout(60)

    def receive(self):
        """(the message's bytes, descriptors). Room for one descriptor only, as receivers have it."""
        connection, _ = self.listener.accept()
        with connection:
            room = socket.CMSG_SPACE(array.array("i").itemsize)
            data, ancillary, flags, _ = connection.recvmsg(4096, room)
            if flags & socket.MSG_CTRUNC:
                raise AssertionError("more than one descriptor came")
            fds = array.array("i")
            for level, kind, payload in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds.frombytes(payload)
            return data, list(fds)

    def close(self):
        self.listener.close()


class Box:
    """`runtime` is the program under test, unless $GOCKER_RUNTIME names another."""

    def __init__(self, folder, runtime, inside):
        self.folder = pathlib.Path(folder)
        self.runtime = os.environ.get("GOCKER_RUNTIME") or runtime
        self.id = f"gkc{os.getpid()}"
        self.root = self.folder / "state"
        self.bundle = self.folder / "bundle"
        self.log = self.folder / "log.json"
        self.pid_file = self.folder / "pid"
        rootfs = self.bundle / "rootfs"
        for name in ("dev", "proc", "run", "sys", "tmp"):
            (rootfs / name).mkdir(parents=True)
        shutil.copy(inside, rootfs / "inside")
        (self.folder / "process.json").write_text(json.dumps(
            self.process(["/inside", "exit", "7"])))
        (self.folder / "sleeper.json").write_text(json.dumps(self.process(["/inside", "sleep"])))
        (self.folder / "no-program.json").write_text(json.dumps(self.process(["/no/such"])))
        (self.folder / "terminal.json").write_text(json.dumps(
            {**self.process(["/inside", "sleep"]), "terminal": True}))
        self.write_config()

    @staticmethod
    def process(args):
        return {"user": {"uid": 0, "gid": 0}, "args": args, "env": ["PATH=/"], "cwd": "/"}

    def write_config(self, **process):
        config = {
            "ociVersion": "1.0.2",
            "process": {**self.process(["/inside", "sleep"]), **process},
            "root": {"path": "rootfs"},
            "annotations": {"io.kubernetes.cri.container-type": "container",
                            "run.oci.nobody.knows": "1", "org.systemd.property.KillSignal": "15"},
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                 "options": ["newinstance", "ptmxmode=0666"]},
            ],
            "linux": {"namespaces": [{"type": kind} for kind in NAMESPACES],
                      "cgroupsPath": f"/{self.id}",
                      "resources": {"devices": [{"allow": False, "access": "rwm"}]}},
        }
        (self.bundle / "config.json").write_text(json.dumps(config))

    def words(self, text):
        """The words of a vector: ID, B (the bundle) and F (a folder for files) stand for this box's."""
        places = {"ID": self.id, "B": str(self.bundle), "LOG": str(self.log),
                  "PID": str(self.pid_file), "ROOT": str(self.root)}
        return [places.get(word, word.replace("F/", f"{self.folder}/").replace("=ROOT", f"={self.root}")
                           .replace("=PID", f"={self.pid_file}").replace("=LOG", f"={self.log}")
                           .replace("=B", f"={self.bundle}"))
                for word in text.split()]

    def call(self, vector, stdin=None, env=None, prefix=()):
        """`prefix`: a program that executes what follows it, with other descriptors."""
        # Files, as a created container keeps the runtime's streams open.
        with open(self.folder / "out", "w+b") as out, open(self.folder / "err", "w+b") as err:
            done = subprocess.run(
                [*prefix, self.runtime, *self.words(vector)], stdout=out, stderr=err, timeout=180,
                input=None if stdin is None else stdin.encode(), env={**ENGINE_ENV, **(env or {})},
                **({"stdin": subprocess.DEVNULL} if stdin is None else {}))
            out.seek(0)
            err.seek(0)
            return Result(done.returncode, out.read().decode(), err.read().decode())

    def state(self):
        result = self.call("--root ROOT state ID")
        return json.loads(result.out) if result.code == 0 else {}

    def wait_for(self, status):
        wait_until(lambda: self.state().get("status") == status, f"the container to be {status}")

    def be(self, status):
        """Brings the container there: none, created, running, paused or stopped."""
        steps = {"none": [], "created": ["create"], "running": ["create", "start"],
                 "paused": ["create", "start", "pause"], "stopped": ["create", "start", "kill"]}
        calls = {"create": "--root ROOT create --bundle B ID", "start": "--root ROOT start ID",
                 "pause": "--root ROOT pause ID", "kill": "--root ROOT kill ID KILL"}
        for step in steps[status]:
            result = self.call(calls[step])
            if result.code != 0:
                raise AssertionError(f"{step}: {result}")
        if status == "stopped":
            self.wait_for("stopped")

    def close(self):
        """Deletes the container and reaps what it leaves, as a shim does: the kernel ends a pid
        namespace only when nobody's processes in it are left, zombies included."""
        deletion = subprocess.Popen([self.runtime, *self.words("--root ROOT delete --force ID")],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while deletion.poll() is None:
            reap_adopted({deletion.pid})
            time.sleep(0.01)
        reap_adopted(set())

    @contextlib.contextmanager
    def socket(self, name):
        listener = DescriptorSocket(self.folder / name)
        try:
            yield listener
        finally:
            listener.close()


@contextlib.contextmanager
def fresh(runtime, inside):
    if os.geteuid() != 0:
        raise tap.NotHere("containers are made as root here")
    with tempfile.TemporaryDirectory(prefix="gocker-contract") as folder:
        box = Box(folder, runtime, inside)
        try:
            yield box
        finally:
            box.close()
