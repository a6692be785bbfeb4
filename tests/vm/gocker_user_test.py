#!/usr/bin/env python3
"""gocker as an ordinary user whose own systemd makes the control groups; run in the virtual machine, as
root.

    tests/vm/gocker_user_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import contextlib
import json
import os
import pathlib
import sys
import tempfile

from scope import (UNIFIED, OrdinaryUser, command, expect, logged_in_user, make_rootfs, managed_user,
                   tap, wait_until)

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
RUN = ("run", "--network", "none")


class Gocker:
    def __init__(self, folder):
        self.managed, self.login = managed_user(), logged_in_user()
        self.caller = self.login
        self.folder = folder
        for name, program in (("gocker", SCRIPTS / "gocker"), ("gocker-runtime", sys.argv[1]),
                              ("gocker-image", sys.argv[2])):
            (folder / name).symlink_to(os.path.abspath(program))

    def __call__(self, *words, check=True):
        return self.caller(str(self.folder / "gocker"), *words, check=check)

    def build(self):
        """An image of busybox, from nothing."""
        rootfs = make_rootfs(self.folder / "context/rootfs")
        command("tar", "-C", str(rootfs), "-cf", f"{rootfs}.tar", ".")
        (rootfs.parent / "Dockerfile").write_text("FROM scratch\nADD rootfs.tar /\nCMD [\"sh\"]\n")
        self("build", "-t", "box", str(rootfs.parent))

    def scopes(self):
        return self.caller(*self.caller.systemctl, "list-units", "--all", "--no-legend",
                           "gocker-*.scope")

    def clean(self):
        for each in json.loads(self("ps", "-a", "--format", "json")):
            self("rm", "-f", each["id"], check=False)
        wait_until(lambda: self.scopes() == "", "the end of the scopes", 120)


def limits_hold(gocker):
    for gocker.caller in (gocker.managed, gocker.login):
        said = gocker(*RUN, "--rm", "-m", "64m", "--cpus", "0.5", "--pids-limit", "33", "box", "cat",
                      "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max",
                      "/sys/fs/cgroup/pids.max")
        expect(said.split("\n"), [str(64 << 20), "50000 100000", "33"], "limits")
        expect(gocker.scopes(), "", "scopes that are left")


def container_is_in_a_scope_of_the_users_systemd(gocker):
    identity = gocker(*RUN, "-d", "-m", "64m", "box", "sleep", "1000")
    pid = json.loads(gocker("ps", "--format", "json"))[0]["pid"]
    group = pathlib.Path(f"/proc/{pid}/cgroup").read_text().strip().removeprefix("0::/")
    expect(UNIFIED / group, OrdinaryUser.manager / f"user.slice/gocker-{identity}.scope", "group")
    gocker.caller(*gocker.caller.systemctl, "daemon-reload")
    expect((UNIFIED / group / "memory.max").read_text().strip(), str(64 << 20), "after a reload")


def life_of_a_container(gocker):
    gocker(*RUN, "-d", "--name", "life", "box", "sh", "-c",
           "trap 'exit 3' TERM; echo begun; while :; do sleep 0.2; done")
    wait_until(lambda: gocker("logs", "life") == "begun", "the program's words in the log")
    expect(gocker("exec", "life", "cat", "/proc/self/cgroup"), "0::/", "exec is in the group")
    gocker("pause", "life")
    expect("aused" in gocker("ps"), True, "pause")
    gocker("unpause", "life")
    expect("while" in gocker("top", "life"), True, "top")
    gocker("stop", "life")
    expect(gocker("wait", "life"), "3", "exit code")
    gocker("start", "life")
    gocker("rm", "-f", "life")
    expect(gocker.scopes(), "", "scopes that are left")


def limit_that_cannot_be_had_is_told(gocker):
    said = gocker(*RUN, "--rm", "--cpuset-cpus", "77", "box", "true", check=False)
    expect((said.count("\n"), "/linux/resources/cpu" in said), (0, True), said)


CASES = (limits_hold, container_is_in_a_scope_of_the_users_systemd, life_of_a_container,
         limit_that_cannot_be_had_is_told)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        gocker = Gocker(pathlib.Path(folder))
        gocker.build()

        @contextlib.contextmanager
        def around():
            gocker.caller = gocker.login
            try:
                yield gocker
            finally:
                gocker.clean()

        tap.run_cases(CASES, sys.argv[3:], around)


main()
