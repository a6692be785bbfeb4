#!/usr/bin/env python3
"""gocker-runtime as an ordinary user: control groups and other limits.

    tests/rootless/limits_test.py RUNTIME GOCKER_RUNTIME [NAME...]

RUNTIME may be crun or runc for comparison; GOCKER_RUNTIME writes the configuration to start from.
"""

import json
import os
import pathlib
import resource
import subprocess

from runtime_machine import UNIFIED, V1_PIDS, run_tests
from user import Skip, contains, equal, test


@test
def limits_without_a_control_group_are_refused(machine):
    config = machine.configure("id")
    config["linux"]["resources"] = {"memory": {"limit": 64 << 20}}
    machine.save()
    contains(machine.fails("run", "--bundle", machine.bundle, "box"),
             "/linux/resources/memory/limit", "delegated")


@test
def device_rules_are_no_obstacle(machine):
    config = machine.configure("id", "-u")
    config["linux"]["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
    machine.save()
    equal(machine.run(), "0\n")


@test
def control_groups_that_are_asked_for_by_path_are_refused(machine):
    config = machine.configure("id")
    config["linux"]["cgroupsPath"] = "/not-for-you"
    machine.save()
    contains(machine.fails("run", "--bundle", machine.bundle, "box"), "control group", "not-for-you")


@test
def a_delegated_group_of_v2_is_used(machine):
    if UNIFIED is None:
        raise Skip("no cgroup2 is mounted")
    inner = machine.delegate(UNIFIED)
    machine.configure("sh", "-c", "trap exit TERM; sleep 1000 & wait")
    script = f'echo $$ >{inner}/cgroup.procs; exec setpriv --reuid={machine.user.uid} ' \
             f'--regid={machine.user.uid} --clear-groups "$@"'

    def call(*words):
        with open(machine.folder / "output", "w+") as output:
            done = subprocess.run(["sh", "-c", script, "sh", machine.runtime, *words], timeout=60,
                                  cwd=machine.user.home, env=machine.user.env,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            output.seek(0)
            text = output.read()
        equal(done.returncode, 0, text)
        return text

    call("run", "--detach", "--bundle", machine.bundle, "box")
    group = inner.parent / "box"
    contains((group / "cgroup.procs").read_text().split(), str(machine.pid()))
    call("pause", "box")
    equal(json.loads(call("state", "box"))["status"], "paused")
    call("resume", "box")
    call("exec", "box", "true")
    equal(call("exec", "box", "sh", "-c", "mkdir /sys/fs/cgroup/x /sys/fs/cgroup/unified/x 2>&1; "
                                          "ls -d /sys/fs/cgroup/x /sys/fs/cgroup/unified/x 2>/dev/null"
                                          "; true").count("\n/sys"), 0, "CVE-2023-25809")
    call("delete", "--force", "box")
    equal(group.exists(), False, "the group is left")
    machine.clean()


@test
def a_delegated_group_of_v1_takes_limits(machine):
    if not (V1_PIDS / "cgroup.procs").exists():
        raise Skip("no pids controller of cgroup v1")
    inner = machine.delegate(V1_PIDS)
    for group in (inner.parent, inner):
        os.chown(group / "pids.max", machine.user.uid, machine.user.uid)
    config = machine.configure("sh", "-c", "cat /proc/self/cgroup; true")
    config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"]
                                     if each["type"] != "cgroup"]
    config["linux"]["resources"] = {"pids": {"limit": 20}}
    machine.save()
    script = f'echo $$ >{inner}/cgroup.procs; exec setpriv --reuid={machine.user.uid} ' \
             f'--regid={machine.user.uid} --clear-groups "$@"'
    done = subprocess.run(["sh", "-c", script, "sh", machine.runtime, "run", "--bundle",
                           machine.bundle, "box"], env=machine.user.env, text=True,
                          capture_output=True)
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, f"pids:/{inner.parent.name}/inner/box")
    machine.clean()


@test
def limits_beyond_the_own_ones_are_lowered(machine):
    machine.configure("sh", "-c", "ulimit -n", rlimits=[
        {"type": "RLIMIT_NOFILE", "soft": 1 << 30, "hard": 1 << 30}])
    log = machine.user.home / "log"
    out = machine("--debug", "--log", log, "run", "--bundle", machine.bundle, "box")[0]
    own = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    equal(out.strip(), str(own))
    contains(log.read_text(), "RLIMIT_NOFILE")
    log.unlink()


@test
def oom_score_is_raised_and_not_lowered(machine):
    machine.configure("cat", "/proc/self/oom_score_adj", oomScoreAdj=300)
    equal(machine.run(), "300\n")
    own = int(pathlib.Path("/proc/self/oom_score_adj").read_text())
    machine.configure("cat", "/proc/self/oom_score_adj", oomScoreAdj=own - 300)
    equal(machine.run(), f"{own}\n")
    contains(machine.fails("--strict", "run", "--bundle", machine.bundle, "box"),
             "/process/oomScoreAdj")


run_tests()
