#!/usr/bin/env python3
"""podman with its default manager of control groups, systemd; run in the virtual machine, as root.

    tests/vm/podman_test.py RUNTIME root|user [NAME...]

$GOCKER_RUNTIME takes the place of RUNTIME.
"""

import contextlib
import pathlib
import sys
import tempfile

from scope import (Root, command, counted, expect, logged_in_user, make_rootfs, program_under_test,
                   tap, wait_until)

IMAGE = "gk-image"
COUNTER = "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.1; done"


class Podman:
    def __init__(self, runtime, caller, slice):
        self.runtime, self.caller, self.slice = runtime, caller, slice

    def __call__(self, *words, check=True):
        return self.caller("podman", "--runtime", self.runtime, *words, check=check)

    def run(self, *words, check=True):
        return self("run", "--network", "none", *words, check=check)

    def systemctl(self, *words):
        return self.caller(*self.caller.systemctl, *words)

    def is_clean(self):
        """conmon's own scope goes when that has told of the end."""
        wait_until(lambda: self.systemctl("list-units", "--all", "--no-legend", "libpod-*.scope") == "",
                   "the end of all scopes", 120)


def manager_is_systemd(podman):
    expect(podman("info", "--format", "{{.Host.CgroupManager}} {{.Host.CgroupsVersion}}"),
           "systemd v2", "info")


def container_is_in_a_scope(podman):
    said = podman.run("--rm", "--cgroupns", "host", IMAGE, "cat", "/proc/self/cgroup")
    if not said.startswith(f"0::{podman.slice}/libpod-") or ".scope" not in said:
        raise AssertionError(said)


def limits_are_set(podman):
    said = podman.run("--rm", "--memory", "64m", "--cpus", "0.5", "--pids-limit", "33", IMAGE, "cat",
                      "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max",
                      "/sys/fs/cgroup/pids.max")
    expect(said.split("\n"), [str(64 << 20), "50000 100000", "33"], "limits")


def life_of_a_container(podman):
    podman.run("--detach", "--name", "gk-life", "--memory", "64m", IMAGE, "sh", "-c",
               "trap 'exit 3' TERM; echo begun; while :; do sleep 0.2; done")
    wait_until(lambda: podman("logs", "gk-life") == "begun", "the program's words in the log")
    memory = ("exec", "gk-life", "cat", "/sys/fs/cgroup/memory.max")
    expect(podman("exec", "gk-life", "id", "-u"), "0", "exec")
    podman("update", "--memory", "100m", "gk-life")
    expect(podman(*memory), str(100 << 20), "update")
    podman.systemctl("daemon-reload")
    expect(podman(*memory), str(100 << 20), "after daemon-reload")
    podman("pause", "gk-life")
    expect(podman("inspect", "--format", "{{.State.Status}}", "gk-life"), "paused", "pause")
    podman("unpause", "gk-life")
    expect(podman("stats", "--no-stream", "--format", "{{.PIDs}} {{.MemUsage}}",
                  "gk-life").split()[0] in ("1", "2"), True, "stats")
    podman("stop", "--time", "60", "gk-life")
    expect(podman("inspect", "--format", "{{.State.ExitCode}}", "gk-life"), "3", "stop")
    podman("start", "gk-life")
    podman("rm", "--force", "--time", "0", "gk-life")
    podman.is_clean()


def pod_shares_namespaces(podman):
    podman("pod", "create", "--name", "gk-pod", "--network", "none", "--share", "ipc,net,uts,pid")
    podman("run", "--detach", "--pod", "gk-pod", IMAGE, "sleep", "1000")
    said = podman("run", "--rm", "--pod", "gk-pod", "--cgroupns", "host", IMAGE, "sh", "-c",
                  "ps; cat /proc/self/cgroup")
    if "sleep 1000" not in said or podman.slice not in said:
        raise AssertionError(said)
    podman("pod", "rm", "--force", "--time", "0", "gk-pod")
    podman.is_clean()


def count(podman, name):
    def read():
        said = podman("exec", name, "cat", "/tmp/count", check=False)
        if said and not said.isdigit():
            raise FileNotFoundError(said)
        return said

    return counted(read)


def counting(podman, name):
    podman.run("--detach", "--name", name, "--tmpfs", "/tmp", "--memory", "64m", IMAGE, "sh", "-c",
               COUNTER)
    wait_until(lambda: count(podman, name) > 2, "the counter's start")


def goes_on(podman, name):
    first = count(podman, name)
    if first <= 2:
        raise AssertionError(f"it counts anew: {first}")
    wait_until(lambda: count(podman, name) > first, "the counter's progress")
    group = podman("inspect", "--format", "{{.State.CgroupPath}}", name)
    expect(podman("exec", name, "cat", "/sys/fs/cgroup/memory.max"), str(64 << 20), "its limit")
    pid = podman("inspect", "--format", "{{.State.Pid}}", name)
    own = pathlib.Path(f"/proc/{pid}/cgroup").read_text().strip()
    if not own.startswith(f"0::{podman.slice}/libpod-") or not own.removeprefix("0::").startswith(group):
        raise AssertionError(f"it is in {own}, podman says {group}")


def checkpoint_and_restore(podman):
    counting(podman, "gk-saved")
    podman("container", "checkpoint", "gk-saved")
    expect(podman("inspect", "--format", "{{.State.Status}}", "gk-saved"), "exited", "status")
    podman("container", "restore", "gk-saved")
    goes_on(podman, "gk-saved")


def checkpoint_travels_as_a_file(podman):
    counting(podman, "gk-traveller")
    with tempfile.TemporaryDirectory() as folder:
        archive = f"{folder}/traveller.tar.gz"
        podman("container", "checkpoint", "--export", archive, "gk-traveller")
        podman("rm", "gk-traveller")
        podman("container", "restore", "--import", archive, "--name", "gk-arrived")
    goes_on(podman, "gk-arrived")


CASES = (manager_is_systemd, container_is_in_a_scope, limits_are_set, life_of_a_container,
         pod_shares_namespaces)
ROOTS = (checkpoint_and_restore, checkpoint_travels_as_a_file)  # what CRIU does for root alone


def podman_of(who):
    if who == "root":
        return Podman(program_under_test(), Root(), "/machine.slice")
    return Podman(program_under_test(), logged_in_user(),
                  "/user.slice/user-1000.slice/user@1000.service/user.slice")


def main():
    podman = podman_of(sys.argv[2])

    @contextlib.contextmanager
    def around():
        try:
            yield podman
        finally:
            podman("pod", "rm", "--all", "--force", "--time", "0", check=False)
            podman("rm", "--all", "--force", "--time", "0", check=False)

    with tempfile.TemporaryDirectory() as folder:
        rootfs = make_rootfs(f"{folder}/rootfs")
        archive = "/tmp/gk-rootfs.tar"
        command("tar", "-C", str(rootfs), "-cf", archive, ".")
        podman("import", "--quiet", archive, IMAGE)
        tap.run_cases(CASES + (ROOTS if sys.argv[2] == "root" else ()), sys.argv[3:], around)


main()
