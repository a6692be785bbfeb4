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
from expect import counted, wait_until  # for the tests too

UNIFIED = pathlib.Path("/sys/fs/cgroup")
LIMITS = {"memory": {"limit": 64 << 20, "reservation": 32 << 20, "swap": 96 << 20},
          "cpu": {"quota": 33333, "period": 100000, "shares": 512, "cpus": "0"},
          "pids": {"limit": 5}, "unified": {"memory.high": "48M"}}
LIMIT_FILES = {"memory.max": str(64 << 20), "memory.low": str(32 << 20),
               "memory.swap.max": str(32 << 20), "memory.high": str(48 << 20),
               "cpu.max": "33333 100000", "cpu.weight": "59", "pids.max": "5", "cpuset.cpus": "0"}
LIMIT_PROPERTIES = {"MemoryMax": str(64 << 20), "MemoryLow": str(32 << 20),
                    "MemorySwapMax": str(32 << 20), "MemoryHigh": str(48 << 20),
                    "CPUWeight": "59", "CPUQuotaPerSecUSec": "333.330ms", "TasksMax": "5",
                    "AllowedCPUs": "0"}


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
    manager = UNIFIED  # the group below which all of systemd's are
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

    def pids(self):
        """What the runtime says is in it."""
        return set(json.loads(self.call("ps", "--format", "json", self.id)))

    def pids_in_group(self):
        return set(map(int, (self.group() / "cgroup.procs").read_text().split()))

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


def scope_is_in_its_slice(box):
    box.config["linux"]["cgroupsPath"] = f"gk-test.slice:gk:{box.id}"
    box.run()
    expect(box.property("Slice"), "gk-test.slice", "slice")
    expect(box.group(), box.caller.manager / f"gk.slice/gk-test.slice/{box.unit}", "group")
    expect(box.property("Delegate"), "yes", "Delegate")
    expect(len(box.pids()), 1, "processes")
    expect(box.pids_in_group(), box.pids(), "processes of the group")


def limits_are_known_to_both(box):
    box.resources(**LIMITS)
    box.run()
    expect(box.limits(), LIMIT_FILES, "the kernel's")
    found = {name: box.property(name) for name in LIMIT_PROPERTIES}
    expect(found, LIMIT_PROPERTIES, "systemd's")
    box.systemctl("daemon-reload")
    expect(box.limits(), LIMIT_FILES, "the kernel's, after daemon-reload")


def update_survives_a_reload(box):
    box.resources(memory={"limit": 64 << 20}, pids={"limit": 50})
    box.run()
    box.call("update", "--memory", "100m", "--pids-limit", "-1", "--cpu-quota", "20000", box.id)
    wanted = {"memory.max": str(100 << 20), "pids.max": "max", "cpu.max": "20000 100000"}
    for when in ("at once", "after daemon-reload"):
        found = {name: value for name, value in box.limits().items() if name in wanted}
        expect(found, wanted, when)
        box.systemctl("daemon-reload")
    box.systemctl("set-property", "--runtime", box.unit, "CPUWeight=200")
    expect(box.limits()["memory.max"], str(100 << 20), "after another's set-property")


def smallest_pids_limit_lets_the_program_run(box):
    box.resources(pids={"limit": 1})
    box.run()
    expect(box.limits()["pids.max"], "1", "the kernel's")
    expect(box.property("TasksMax"), "1", "TasksMax")


def annotations_are_properties(box):
    box.config["annotations"] = {"org.systemd.property.TimeoutStopUSec": "uint64 123000000",
                                 "org.systemd.property.KillSignal": "10",
                                 "org.systemd.property.Description": "'a box of ours'",
                                 "org.systemd.property.RuntimeMaxSec": "3600"}
    box.run()
    for name, value in (("TimeoutStopUSec", "2min 3s"), ("KillSignal", "10"),
                        ("Description", "a box of ours"), ("RuntimeMaxUSec", "1h")):
        expect(box.property(name), value, name)


def unknown_property_leaves_nothing(box):
    box.config["annotations"] = {"org.systemd.property.NoSuchThing": "15"}
    refused(box, "NoSuchThing")


SCOPE_CASES = (
    scope_goes_with_the_container, stop_by_systemctl_ends_the_container, scope_is_in_its_slice,
    limits_are_known_to_both, update_survives_a_reload, smallest_pids_limit_lets_the_program_run,
    annotations_are_properties, unknown_property_leaves_nothing,
)


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
