#!/usr/bin/env python3
"""podman as root with its default manager of control groups, systemd; run in the virtual machine.

    tests/vm/podman_test.py RUNTIME

$GOCKER_RUNTIME takes the place of RUNTIME.
"""

import pathlib
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap
from expect import wait_until
from scope import command, make_rootfs, program_under_test

IMAGE = "gk-image"
COUNTER = "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.1; done"


class Podman:
    def __init__(self, runtime):
        self.runtime = runtime

    def __call__(self, *words, check=True):
        return command("podman", "--runtime", self.runtime, *words, check=check)

    def run(self, *words, check=True):
        return self("run", "--network", "none", *words, check=check)


def expect(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def manager_is_systemd(podman):
    expect(podman("info", "--format", "{{.Host.CgroupManager}} {{.Host.CgroupsVersion}}"),
           "systemd v2", "info")


def container_is_in_a_scope(podman):
    said = podman.run("--rm", "--cgroupns", "host", IMAGE, "cat", "/proc/self/cgroup")
    if not said.startswith("0::/machine.slice/libpod-") or ".scope" not in said:
        raise AssertionError(said)


def limits_are_set(podman):
    said = podman.run("--rm", "--memory", "64m", "--cpus", "0.5", "--pids-limit", "33", IMAGE, "cat",
                      "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cpu.max",
                      "/sys/fs/cgroup/pids.max")
    expect(said.split("\n"), [str(64 << 20), "50000 100000", "33"], "limits")


def life_of_a_container(podman):
    podman.run("--detach", "--name", "gk-life", IMAGE, "sleep", "1000")
    expect(podman("exec", "gk-life", "id", "-u"), "0", "exec")
    podman("update", "--memory", "100m", "gk-life")
    expect(podman("exec", "gk-life", "cat", "/sys/fs/cgroup/memory.max"), str(100 << 20), "update")
    command("systemctl", "daemon-reload")
    expect(podman("exec", "gk-life", "cat", "/sys/fs/cgroup/memory.max"), str(100 << 20),
           "after daemon-reload")
    podman("pause", "gk-life")
    podman("unpause", "gk-life")
    podman("stop", "--time", "1", "gk-life")
    podman("start", "gk-life")
    podman("rm", "--force", "--time", "0", "gk-life")
    expect(command("systemctl", "list-units", "--all", "--no-legend", "libpod-*.scope"), "",
           "scopes that are left")


def count(podman, name):
    said = podman("exec", name, "cat", "/tmp/count", check=False)
    return int(said) if said.isdigit() else 0


def counting(podman, name):
    podman.run("--detach", "--name", name, "--tmpfs", "/tmp", "--memory", "64m", IMAGE, "sh", "-c",
               COUNTER)
    wait_until(lambda: count(podman, name) > 2, "the counter's start")


def goes_on(podman, name):
    counted = count(podman, name)
    if counted <= 2:
        raise AssertionError(f"it counts anew: {counted}")
    wait_until(lambda: count(podman, name) > counted, "the counter's progress")
    group = podman("inspect", "--format", "{{.State.CgroupPath}}", name)
    expect(podman("exec", name, "cat", "/sys/fs/cgroup/memory.max"), str(64 << 20), "its limit")
    pid = podman("inspect", "--format", "{{.State.Pid}}", name)
    own = pathlib.Path(f"/proc/{pid}/cgroup").read_text().strip()
    if not own.startswith("0::/machine.slice/libpod-") or not own.removeprefix("0::").startswith(group):
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
         checkpoint_and_restore, checkpoint_travels_as_a_file)


def main():
    report = tap.Tap()
    podman = Podman(program_under_test())
    with tempfile.TemporaryDirectory() as folder:
        rootfs = make_rootfs(f"{folder}/rootfs")
        command("tar", "-C", str(rootfs), "-cf", f"{folder}/rootfs.tar", ".")
        podman("import", "--quiet", f"{folder}/rootfs.tar", IMAGE)
        for case in CASES:
            findings = []
            try:
                case(podman)
            except Exception:
                findings = traceback.format_exc().splitlines()
            finally:
                podman("rm", "--all", "--force", "--time", "0", check=False)
            report.result(case.__name__.replace("_", " "), findings)
    report.finish()


main()
