"""What the tests of gocker-runtime as an ordinary user share."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import user
from user import equal, remove_group

UNIFIED = next((place for place in (pathlib.Path("/sys/fs/cgroup"),
                                    pathlib.Path("/sys/fs/cgroup/unified"))
                if (place / "cgroup.procs").exists() and (place / "cgroup.controllers").exists()),
               None)
V1_PIDS = pathlib.Path("/sys/fs/cgroup/pids")


class Machine:
    """A bundle of the user's, and the runtime that the user calls."""

    def __init__(self, folder, owner, poor, runtime, gocker_runtime):
        self.folder, self.user, self.poor = folder, owner, poor
        self.runtime = runtime
        self.bundle = owner.home / "bundle"
        self.rootfs = self.bundle / "rootfs"
        for name in ("bin", "dev", "proc", "sys", "etc", "tmp"):
            (self.rootfs / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), self.rootfs / "bin/busybox")
        for applet in ("sh", "ls", "cat", "id", "mount", "touch", "sleep", "ip", "ps", "true", "stat",
                       "grep", "echo", "tty", "mkdir", "wget", "nc"):
            (self.rootfs / "bin" / applet).symlink_to("busybox")
        subprocess.run(["chown", "-R", "-h", f"{owner.uid}:{owner.uid}", self.bundle], check=True)
        owner(gocker_runtime, "spec", "--rootless", "--bundle", self.bundle)
        self.template = json.loads((self.bundle / "config.json").read_text())
        self.template["ociVersion"] = "1.0.2"  # crun 1.8 knows no later one
        self.template["process"]["terminal"] = False
        self.template["root"]["readonly"] = False
        self.groups = []

    def configure(self, *command, **changes):
        """Writes config.json for a command; the process's fields as changes. Returns the rest to be
        changed further, see save()."""
        self.config = json.loads(json.dumps(self.template))
        self.config["process"]["args"] = list(command)
        self.config["process"].update(changes)
        self.save()
        return self.config

    def save(self):
        (self.bundle / "config.json").write_text(json.dumps(self.config))

    def map_range(self):
        """Root inside is the user, the others are the subordinate ids."""
        for kind, own in (("uidMappings", self.user.uid), ("gidMappings", self.user.uid)):
            self.config["linux"][kind] = [
                {"containerID": 0, "hostID": own, "size": 1},
                {"containerID": 1, "hostID": self.user.first, "size": user.RANGE}]
        self.save()

    def own_network(self):
        self.config["linux"]["namespaces"].append({"type": "network"})
        self.save()

    def __call__(self, *words, **more):
        return self.user(self.runtime, *words, **more)

    def fails(self, *words, **more):
        return self.user.fails(self.runtime, *words, **more)

    def run(self, **more):
        return self("run", "--bundle", self.bundle, "box", **more)[0]

    def create(self):
        """Made and waiting. The container has our files, which unlike pipes nobody waits for."""
        with open(self.folder / "errors", "w+") as errors:
            process = self.user.start(self.runtime, "create", "--bundle", self.bundle, "box",
                                      stdout=subprocess.DEVNULL, stderr=errors)
            code = process.wait(timeout=60)
            errors.seek(0)
            equal(code, 0, errors.read())

    def start(self):
        self.create()
        self("start", "box")

    def pid(self):
        return json.loads(self("state", "box")[0])["pid"]

    def delete(self):
        self("delete", "--force", "box")

    def check_clean(self):
        left = [str(path) for path in self.user.run.rglob("*")
                if path.name != "gocker-runtime" and not path.name.startswith(".")
                and "systemd" not in str(path) and path.name not in ("crun", "runc")]
        equal(left, [], "left in $XDG_RUNTIME_DIR")

    def clean(self):
        subprocess.run([self.runtime, "delete", "--force", "box"], user=self.user.uid,
                       group=self.user.uid, env=self.user.env, capture_output=True)
        for group in reversed(self.groups):
            for below in sorted(group.glob("**/"), reverse=True):  # itself the last
                for pid in (below / "cgroup.procs").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                remove_group(below)
        self.groups = []

    def stop(self):
        self.clean()

    def delegate(self, top):
        """A group that the user may do with as it likes, and one below it for the caller."""
        base = top / f"gocker-rootless-{os.getpid()}"
        for group in (base, base / "inner"):
            group.mkdir()
            self.groups.append(group)
            for path in (group, *group.glob("cgroup.*"), *group.glob("tasks")):
                os.chown(path, self.user.uid, self.user.uid)
        return base / "inner"


def status_line(text, name):
    return next(line.split(":", 1)[1].strip() for line in text.splitlines()
                if line.startswith(name + ":"))


def run_tests():
    runtime, gocker_runtime = map(os.path.abspath, sys.argv[1:3])

    def prepare(folder, owner, poor):
        return Machine(folder, owner, poor, runtime, gocker_runtime)

    user.run_tests(prepare, sys.argv[3:])
