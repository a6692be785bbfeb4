#!/usr/bin/env python3
"""podman as an ordinary user calls gocker-runtime.

    tests/rootless/podman_test.py RUNTIME [NAME...]
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

import user
from user import contains, equal, test, wait_until

sys.path.insert(0, str(user.ROOT / "tests/wrapper"))
import registry

CONTAINERS_CONF = """\
[containers]
log_driver = "k8s-file"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class Machine:
    """podman with an image of the user's own, and the runtime to call."""

    def __init__(self, folder, owner, _, runtime):
        self.user, self.runtime = owner, runtime
        settings = owner.home / ".config/containers"
        settings.mkdir(parents=True)
        (settings / "containers.conf").write_text(CONTAINERS_CONF)
        (settings / "storage.conf").write_text('[storage]\ndriver = "vfs"\n')
        (settings / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        archive = owner.home / "root.tar"
        archive.write_bytes(registry.busybox_layer())
        subprocess.run(["chown", "-R", f"{owner.uid}:{owner.uid}", owner.home], check=True)
        owner("podman", "import", "--quiet", archive, "box")

    def __call__(self, *words, **more):
        return self.user("podman", "--runtime", self.runtime, *words, **more)

    def output(self, *words):
        """What a container prints that runs to its end: podman 4.3 may lose the output of a program that
        is gone before it reads, its log is whole."""
        self("run", "-d", "--name", "told", *words)
        self("wait", "told")
        said = self("logs", "told")[0]
        self("rm", "told")
        return said

    def check_clean(self):
        equal(self("ps", "-aq")[0], "", "containers")

    def clean(self):
        with contextlib.suppress(Exception):
            self("rm", "-af", "-t", "0")

    def stop(self):
        """podman's own process, which holds its namespaces."""
        with contextlib.suppress(Exception):
            pid = int((self.user.run / "libpod/tmp/pause.pid").read_text())
            os.kill(pid, signal.SIGKILL)


@test
def run(machine):
    equal(machine.output("--network", "none", "box", "id", "-u"), "0\n")
    machine("run", "--rm", "--network", "none", "box", "sh", "-c", "exit 42", code=42)
    machine("run", "--rm", "--network", "none", "box", "nothing", code=127)


@test
def background_exec_and_stop(machine):
    machine("run", "-d", "--name", "c", "--network", "none", "box", "sh", "-c",
            "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in machine("logs", "c")[0], "the program")
    equal(machine("exec", "c", "sh", "-c", "id -u; echo $PPID")[0].split(), ["0", "0"])
    machine("exec", "c", "sh", "-c", "exit 5", code=5)
    machine("stop", "-t", "20", "c")
    equal(machine("inspect", "--format", "{{.State.ExitCode}}", "c")[0], "3\n")
    machine("rm", "c")


@test
def the_users_own_id_inside(machine):
    equal(machine.output("--network", "none", "--userns", "keep-id", "box", "id", "-u"),
          f"{machine.user.uid}\n")


@test
def another_user_and_a_volume(machine):
    data = machine.user.home / "data"
    data.mkdir()
    os.chown(data, machine.user.uid, machine.user.uid)
    machine("run", "--rm", "--network", "none", "-v", f"{data}:/data", "box", "touch", "/data/file")
    equal((data / "file").stat().st_uid, machine.user.uid, "owner")
    equal(machine.output("--network", "none", "--user", "7", "box", "id", "-u"), "7\n")
    shutil.rmtree(data)


@test
def the_hosts_network(machine):
    contains(machine.output("--network", "host", "box", "ls", "-l", "/proc/self/ns/net"),
             os.readlink("/proc/self/ns/net"))


@test
def a_pod_shares_namespaces(machine):
    machine("run", "-d", "--name", "c", "--network", "none", "box", "sleep", "1000")
    contains(machine.output("--network", "container:c", "--pid", "container:c", "--ipc", "container:c",
                            "box", "ps"), "sleep 1000")
    machine("rm", "-f", "-t", "0", "c")


def main():
    runtime = os.path.abspath(sys.argv[1])
    if shutil.which("podman") is None:
        for each in user.TESTS:
            print(f"ok - {each.__name__} # SKIP no podman on this machine")
        print(f"1..{len(user.TESTS)}")
        return

    def prepare(folder, owner, poor):
        return Machine(folder, owner, poor, runtime)

    user.run_tests(prepare, sys.argv[2:])


main()
