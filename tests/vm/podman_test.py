#!/usr/bin/env python3
"""podman as root with its default manager of control groups, systemd; run in the virtual machine.

    tests/vm/podman_test.py RUNTIME
"""

import pathlib
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap
from scope import command, expect, make_rootfs

IMAGE = "gk-image"


class Podman:
    def __init__(self, runtime):
        self.runtime = runtime

    def __call__(self, *words, check=True):
        return command("podman", "--runtime", self.runtime, *words, check=check)

    def run(self, *words, check=True):
        return self("run", "--network", "none", *words, check=check)


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


CASES = (manager_is_systemd, container_is_in_a_scope, limits_are_set, life_of_a_container)


def main():
    report = tap.Tap()
    podman = Podman(str(pathlib.Path(sys.argv[1]).resolve()))
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
