#!/usr/bin/env python3
"""Limits that are changed later, what containers use, and namespaces shared with the host.

    tests/wrapper/limits_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json
import os

import fixture
from fixture import contains, equal, test


def host_config(gocker):
    return json.loads(gocker("inspect", "box")[0])[0]["HostConfig"]


@test
def limits_of_a_running_container_are_changed(gocker, image):
    gocker("run", "-d", "--name", "box", "-m", "100m", image, "sleep", "1000")
    equal(gocker("update", "--memory", "50m", "--pids-limit", "20", "--cpus", "0.5", "--restart",
                 "always", "box")[0], "box\n")
    told = host_config(gocker)
    equal((told["Memory"], told["PidsLimit"], told["CpuQuota"], told["RestartPolicy"]),
          (50 << 20, 20, 50000, "always"))
    # What the kernel says, at once and after another start.
    for _ in range(2):
        used = gocker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", "box")[0]
        equal((used.split()[0], used.split(" / ")[1]), ("box", "52.4 MB 1\n"))
        gocker("restart", "-t", "0", "box")
    gocker("rm", "-f", "box")


@test
def limits_of_a_stopped_container_count_at_its_start(gocker, image):
    gocker("create", "--name", "box", "--memory-reservation", "20m", image, "sleep", "1000")
    gocker("update", "-m", "60m", "box")
    gocker("start", "box")
    contains(gocker("stats", "--no-stream", "box")[0], "/ 62.9 MB")
    gocker("rm", "-f", "box")


@test
def wrong_updates_are_told(gocker, image):
    gocker("create", "--name", "box", "--rm", image, "true")
    for words, code, message in (
            ((), 2, "which limit?"), (("--memory", "5x"), 2, "--memory: '5x' is no amount"),
            (("--cpus", "1", "--cpu-quota", "5"), 2, "--cpus excludes --cpu-quota"),
            (("--restart", "sometimes"), 2, "'sometimes' is no restart policy"),
            (("--restart", "always"), 1, "goes at its end (--rm)")):
        contains(gocker.fails("update", *words, "box", code=code), message)
    gocker("rm", "box")
    contains(gocker.fails("stats", "--no-stream", "nothing"), "no container 'nothing'")
    equal(gocker("stats", "--no-stream")[0], "no container runs\n")


@test
def namespaces_are_shared_with_the_host_where_asked(gocker, image):
    for name in ("pid", "ipc", "uts"):
        own = os.readlink(f"/proc/self/ns/{name}")
        words = (image, "busybox", "readlink", f"/proc/self/ns/{name}")
        equal(gocker("run", "--rm", f"--{name}", "host", *words)[0] == own + "\n", True, name)
        equal(gocker("run", "--rm", f"--{name}", "private", *words)[0] == own + "\n", False, name)
    equal(gocker("run", "--rm", "--uts", "host", image, "busybox", "hostname")[0], os.uname().nodename + "\n")
    contains(gocker.fails("run", "--pid", "moon", image, code=125), "--pid: 'moon' is neither")
    contains(gocker.fails("run", "--uts", "host", "-h", "x", image, code=125), "exclude each other")


@test
def the_killer_for_memory_is_told_whom_to_take(gocker, image):
    equal(gocker("run", "--rm", "--oom-score-adj", "300", image, "cat", "/proc/self/oom_score_adj")[0],
          "300\n")
    contains(gocker.fails("run", "--oom-score-adj", "1001", image, code=125), "-1000 to 1000")


if __name__ == "__main__":
    fixture.main()
