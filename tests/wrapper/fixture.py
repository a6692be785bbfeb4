"""What the tests of the wrapper share: a gocker with folders of its own, a registry, a terminal.

A file of tests has @test functions that take (gocker, image) and ends with fixture.main();
run it as FILE GOCKER_RUNTIME GOCKER_IMAGE [NAME...]: a TAP line for each test, with NAMEs only those.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

import registry

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import tap
import terminal
from expect import contains, equal, remove_group, wait_until  # noqa: F401  # for the files of tests

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Gocker:
    """The wrapper with a store, a run folder and a bin folder of its own."""

    def __init__(self, folder, runtime, image):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.program = self.bin / "gocker"
        self.program.symlink_to(ROOT / "scripts/gocker")
        (self.bin / "gocker-runtime").symlink_to(runtime)
        (self.bin / "gocker-image").symlink_to(image)
        self.root = folder / "root"
        self.state = folder / "run"
        self.env = {"PATH": os.environ["PATH"], "GOCKER_ROOT": str(self.root),
                    "GOCKER_RUN": str(self.state), "HOME": str(folder),
                    "GOCKER_NETWORK": "none",  # the others take a while
                    "GOCKER_REGISTRIES_CONF": "/dev/null"}

    def __call__(self, *words, code=0, text=None, env=None, program=None, timeout=180):
        """Runs one command to its end and checks the exit code, unless it is None; (stdout, stderr)."""
        done = subprocess.run([program or self.program, *words], input=text, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL if text is None else None,
                              capture_output=True, env={**self.env, **(env or {})})
        if code not in (None, done.returncode):
            raise AssertionError(f"gocker {' '.join(words)}: exit code {done.returncode}, not {code}"
                                 f"\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done.stdout, done.stderr

    def start(self, *words, **more):
        """Begins a command in the background."""
        return subprocess.Popen([self.program, *words], env=self.env, text=True,
                                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                   "stderr": subprocess.PIPE, **more})

    def fails(self, *words, code=1):
        """Runs a command that must fail with one line on stderr; that line."""
        out, err = self(*words, code=code)
        equal(out, "", "stdout")
        equal(err.count("\n"), 1, f"lines of {err!r}")
        return err

    def containers(self):
        folder = self.root / "containers"
        return sorted(f.name for f in folder.iterdir()) if folder.is_dir() else []

    def listing(self):
        """What ps -a says, as JSON."""
        return json.loads(self("ps", "-a", "--format", "json")[0])

    def status(self, container):
        """running, exited, ...; None where there is no such container."""
        for entry in self.listing():
            if container in (entry["id"], entry["name"]):
                return entry["status"]
        return None

    def mounts(self):
        with open("/proc/self/mounts") as mounts:
            return [line for line in mounts if str(self.root) in line]

    def leftovers(self):
        """What is there of containers, in words."""
        found = [f"container {name}" for name in self.containers()]
        found += [f"mount {line}" for line in self.mounts()]
        for folder in (self.root / "names", *(self.state / part for part in (
                "runtime", "transitions", "keepers", "monitors", "netns", "network/attachments"))):
            names = os.listdir(folder) if folder.is_dir() else []
            # What begins with a dot is a cache of the runtime's.
            found += [str(folder / name) for name in names if not name.startswith(".")]
        return found

    def check_clean(self):
        """Nothing is left of any container; networks are taken down in the background."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not self.leftovers(), "the end of everything")
        equal(self.leftovers(), [], "leftovers")

    def remove_everything(self):
        """Some may be about to go by themselves: rm is right to know nothing of those."""
        said = [self("rm", "-f", container, code=None)[1] for container in self.containers()]
        wait_until(lambda: not self.containers(), f"the end of all containers, of which rm said {said}")

    @contextlib.contextmanager
    def running(self, *words):
        """A container that runs until the end of the block."""
        process = self.start("run", "--rm", "--name", "runner", *words)
        try:
            wait_until(lambda: self.status("runner") == "running" or process.poll() is not None,
                       "start of the container")
            yield process
        finally:
            if process.poll() is None:
                self("rm", "-f", "runner")
            process.communicate()


class Terminal(terminal.Terminal):
    """A command of gocker on a terminal of its own."""

    def __init__(self, gocker, *words, **more):
        super().__init__([str(gocker.program), *words], gocker.env, **more)


def enter_private_network():
    """Begins anew in a network and a mount namespace of its own, which stand for a host."""
    if os.environ.get("GOCKER_TEST_NETWORK") == "private":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ["GOCKER_TEST_NETWORK"] = "private"
    os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])


def main(private_network=False):
    """With private_network, bridges and the firewall's rules are not the host's."""
    if os.geteuid() != 0:
        print("1..0 # SKIP containers need root")
        return
    if private_network:
        enter_private_network()
    wanted = sys.argv[3:]
    report = tap.Tap()
    with tempfile.TemporaryDirectory(prefix="gocker-wrapper-") as name:
        folder = pathlib.Path(name)
        gocker = Gocker(folder, *(pathlib.Path(p).resolve() for p in sys.argv[1:3]))
        with registry.Registry(folder / "registry") as server:
            config = {"Cmd": ["echo", "the image's own command"], "WorkingDir": "/home/ann",
                      "Env": ["PATH=/bin", "FROM_IMAGE=yes"]}
            layer = registry.busybox_layer()
            for name in ("demo/busybox", "demo/second", "demo/third"):
                server.push_image(name, [layer], {**config, "Labels": {"name": name}})
            image = f"{server.host}/demo/busybox"
            gocker("pull", image)
            for function in TESTS:
                if wanted and function.__name__ not in wanted:
                    continue
                try:
                    function(gocker, image)
                    report.passed(function.__name__)
                except Exception:
                    report.failed(function.__name__, traceback.format_exc().strip().split("\n"))
                    with contextlib.suppress(Exception):
                        gocker.remove_everything()
            gocker.remove_everything()
    report.finish()

