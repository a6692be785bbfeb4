"""A container below systemd, for the tests in the virtual machine."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap
from expect import wait_until  # for the tests too

UNIFIED = pathlib.Path("/sys/fs/cgroup")
LIMIT_FILES = ("memory.max", "memory.low", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max",
               "cpuset.cpus")


def command(*words, check=True, **options):
    """stdout and stderr of a program, together."""
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit code {done.returncode}: {done.stdout}")
    return done.stdout.strip()


def make_rootfs(folder):
    """A root file system of busybox."""
    rootfs = pathlib.Path(folder)
    for name in ("bin", "proc", "sys", "dev", "tmp", "etc"):
        (rootfs / name).mkdir(parents=True)
    shutil.copy("/usr/bin/busybox", rootfs / "bin")
    for name in ("sh", "true", "cat", "sleep", "mknod", "head", "dd", "id", "mkdir", "ps"):
        (rootfs / "bin" / name).symlink_to("busybox")
    rootfs.chmod(0o777)
    return rootfs


class Root:
    """Who calls the runtime, and whose systemd makes the scope: the system's."""

    systemctl = ("systemctl",)
    slice = "system.slice"
    spec = ()
    options = {}

    def __call__(self, *words, check=True):
        return command(*words, check=check, **self.options)


class OrdinaryUser(Root):
    """The machine's user, who has a systemd of its own, in the group of v2 `place`."""

    systemctl = ("systemctl", "--user")
    slice = "user.slice"
    spec = ("--rootless",)
    uid = 1000
    manager = UNIFIED / "user.slice/user-1000.slice/user@1000.service"
    environment = {"PATH": "/usr/sbin:/usr/bin", "HOME": "/home/user", "USER": "user",
                   "XDG_RUNTIME_DIR": "/run/user/1000",
                   "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus"}

    def __init__(self, place=None):
        def enter():
            if place:
                (place / "cgroup.procs").write_text("0")
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)

        self.options = {"env": self.environment, "cwd": "/home/user", "preexec_fn": enter}


def start_place(*words, **options):
    """A scope of systemd-run's in which a process sleeps, and another can be; it ends with the
    machine. Its group."""
    sleeper = subprocess.Popen(["systemd-run", "--scope", "--quiet", *words, "sleep", "infinity"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)
    process = pathlib.Path(f"/proc/{sleeper.pid}")
    wait_until(lambda: (process / "comm").read_text() == "sleep\n", f"systemd-run {words}", 120)
    return UNIFIED / (process / "cgroup").read_text().strip().removeprefix("0::/")


def managed_user():
    """Called from below the user's own systemd, as a program of the desktop is."""
    return OrdinaryUser(start_place("--user", **OrdinaryUser().options))


def logged_in_user():
    """Called from beside it, as in a login session: outside of all that is the user's."""
    return OrdinaryUser(start_place("--slice=user-1000.slice"))


class Scope:
    """A container whose group is made by systemd."""

    count = 0

    def __init__(self, runtime, folder, rootfs, caller=Root()):
        Scope.count += 1
        self.runtime, self.caller, self.rootfs = runtime, caller, rootfs
        self.prefix = ()  # what the runtime is run by
        self.id = f"gk{Scope.count}"
        self.unit = f"gk-{self.id}.scope"
        self.slice = caller.slice
        self.bundle = pathlib.Path(folder) / self.id
        self.bundle.mkdir()
        self.bundle.chmod(0o777)
        caller(runtime, "spec", *caller.spec, "--bundle", str(self.bundle))
        self.config = json.loads((self.bundle / "config.json").read_text())
        self.config["process"]["terminal"] = False
        self.config["process"]["args"] = ["sleep", "1000"]
        self.config["root"] = {"path": str(rootfs), "readonly": False}
        self.config["linux"]["cgroupsPath"] = f"{self.slice}:gk:{self.id}"

    def resources(self, **values):
        self.config["linux"].setdefault("resources", {}).update(values)

    def call(self, verb, *words, check=True):
        return self.caller(*self.prefix, self.runtime, "--systemd-cgroup", verb, *words, check=check)

    def save(self):
        (self.bundle / "config.json").write_text(json.dumps(self.config))

    def run(self, *globals, check=True):
        """Its streams are the null device: what stays behind would hold a pipe open."""
        self.save()
        log = self.bundle / "log"
        log.unlink(missing_ok=True)
        done = subprocess.run([*self.prefix, self.runtime, "--systemd-cgroup", "--log", log,
                               *globals, "run", "--detach", "--bundle", self.bundle, self.id],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=300, **self.caller.options)
        said = log.read_text() if log.exists() else ""
        if check and done.returncode != 0:
            raise AssertionError(f"run: exit code {done.returncode}: {said}")
        return done.returncode, said

    def exec(self, *words, check=True):
        return self.call("exec", self.id, *words, check=check)

    def remove(self):
        self.call("delete", "--force", self.id)

    def group(self):
        return UNIFIED / self.property("ControlGroup").lstrip("/")

    def limits(self):
        """What the kernel has."""
        return {name: (self.group() / name).read_text().strip() for name in LIMIT_FILES}

    def property(self, name):
        return self.systemctl("show", "--value", "-p", name, self.unit)

    def is_loaded(self):
        return self.systemctl("list-units", "--all", "--no-legend", self.unit) != ""

    def systemctl(self, *words):
        return self.caller(*self.caller.systemctl, *words)


def expect(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def refused(box, words, *globals):
    """It fails with one line that says so, and leaves nothing."""
    code, said = box.run(*globals, check=False)
    if code == 0 or words not in said or len(said.splitlines()) != 1:
        raise AssertionError(f"exit code {code}, said {said!r}, not {words!r}")
    expect(box.is_loaded(), False, "a unit is left")
    expect(box.call("list", "--quiet"), "", "a container is left")


# Cases of every systemd, the system's and a user's.


def scope_goes_with_the_container(box):
    for program in ("sleep", "true"):
        box.config["process"]["args"] = [program, "1000"]
        for _ in range(3):
            box.run()
            box.remove()
            expect(box.is_loaded(), False, "the unit is still known")


def stop_by_systemctl_ends_the_container(box):
    box.run()
    box.systemctl("stop", box.unit)
    if '"status": "stopped"' not in box.call("state", box.id):
        raise AssertionError("it is not stopped")


def unknown_property_leaves_nothing(box):
    box.config["annotations"] = {"org.systemd.property.NoSuchThing": "15"}
    refused(box, "NoSuchThing")


SCOPE_CASES = (scope_goes_with_the_container, stop_by_systemctl_ends_the_container,
               unknown_property_leaves_nothing)


def run_cases(cases, make_box):
    """Each with a box of its own, make_box(folder, rootfs); those alone that the command line names
    after the runtime, if any."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        rootfs = make_rootfs(f"{folder}/rootfs")

        @contextlib.contextmanager
        def around():
            box = make_box(folder, rootfs)
            try:
                yield box
            finally:
                box.remove()

        tap.run_cases(cases, sys.argv[2:], around)


def program_under_test():
    """The runtime that the command line names, or $GOCKER_RUNTIME in its place."""
    return str(pathlib.Path(os.environ.get("GOCKER_RUNTIME") or sys.argv[1]).resolve())
