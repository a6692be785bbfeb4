"""A container below systemd, for the tests in the virtual machine."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

LIMIT_FILES = ("memory.max", "memory.low", "memory.swap.max", "cpu.max", "cpu.weight", "pids.max",
               "cpuset.cpus")


def command(*words, check=True):
    """stdout and stderr of a program, together."""
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit code {done.returncode}: {done.stdout}")
    return done.stdout.strip()


def program_under_test():
    """The runtime that the command line names, or $GOCKER_RUNTIME in its place."""
    return str(pathlib.Path(os.environ.get("GOCKER_RUNTIME") or sys.argv[1]).resolve())


def make_rootfs(folder):
    """A root file system of busybox."""
    rootfs = pathlib.Path(folder)
    for name in ("bin", "proc", "sys", "dev", "tmp", "etc"):
        (rootfs / name).mkdir(parents=True)
    shutil.copy("/usr/bin/busybox", rootfs / "bin")
    for name in ("sh", "true", "cat", "sleep", "mknod", "head", "dd", "id"):
        (rootfs / "bin" / name).symlink_to("busybox")
    return rootfs


class Scope:
    """A container whose group is made by systemd."""

    count = 0

    def __init__(self, runtime, folder, rootfs):
        Scope.count += 1
        self.runtime = runtime
        self.id = f"gk{Scope.count}"
        self.unit = f"gk-{self.id}.scope"
        self.slice = "system.slice"
        self.bundle = pathlib.Path(folder) / self.id
        self.bundle.mkdir()
        command(runtime, "spec", "--bundle", str(self.bundle))
        self.config = json.loads((self.bundle / "config.json").read_text())
        self.config["process"]["terminal"] = False
        self.config["process"]["args"] = ["sleep", "1000"]
        self.config["root"] = {"path": str(rootfs), "readonly": False}
        self.config["linux"]["cgroupsPath"] = f"{self.slice}:gk:{self.id}"

    def resources(self, **values):
        self.config["linux"].setdefault("resources", {}).update(values)

    def call(self, verb, *words, check=True):
        return command(self.runtime, "--systemd-cgroup", verb, *words, check=check)

    def run(self, check=True):
        """Its streams are the null device: what stays behind would hold a pipe open."""
        (self.bundle / "config.json").write_text(json.dumps(self.config))
        log = self.bundle / "log"
        done = subprocess.run([self.runtime, "--systemd-cgroup", "--log", log, "run", "--detach",
                               "--bundle", self.bundle, self.id], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        said = log.read_text() if log.exists() else ""
        if check and done.returncode != 0:
            raise AssertionError(f"run: exit code {done.returncode}: {said}")
        return done.returncode, said

    def exec(self, *words, check=True):
        return self.call("exec", self.id, *words, check=check)

    def remove(self):
        self.call("delete", "--force", self.id)

    def group(self):
        return pathlib.Path("/sys/fs/cgroup") / self.property("ControlGroup").lstrip("/")

    def limits(self):
        """What the kernel has."""
        return {name: (self.group() / name).read_text().strip() for name in LIMIT_FILES}

    def property(self, name):
        return command("systemctl", "show", "--value", "-p", name, self.unit)

    def is_loaded(self):
        return command("systemctl", "list-units", "--all", "--no-legend", self.unit) != ""
