"""Limits: what podman asks for stands in the control group's files, and holds."""

import host
from engine import IMAGE, case, contains, equal, wait_until

MEGABYTE = 1024 * 1024
VERSION_2 = (host.CGROUPS / "cgroup.controllers").exists()


def check_limits(podman, options, **expected):
    podman.sleeper(*options, name="limited")
    pid = podman.pid("limited")
    for name, value in expected.items():
        equal(host.limit(pid, name), str(value), name)
    podman.remove("limited")


@case("limits: memory, swap and reservation")
def memory(podman):
    check_limits(podman, ("--memory", "64m", "--memory-reservation", "32m", "--memory-swap", "128m"),
                 memory=64 * MEGABYTE, reservation=32 * MEGABYTE)


@case("limits: processor time")
def cpus(podman):
    if VERSION_2:
        check_limits(podman, ("--cpus", "0.5"), quota="50000 100000")
    else:
        check_limits(podman, ("--cpus", "0.5"), quota=50000, period=100000)
        check_limits(podman, ("--cpu-shares", "512"), shares=512)
        check_limits(podman, ("--cpu-period", "50000", "--cpu-quota", "20000"), quota=20000, period=50000)


@case("limits: the processors that may be used")
def cpuset(podman):
    check_limits(podman, ("--cpuset-cpus", "0", "--cpuset-mems", "0"), cpus="0")
    equal(podman.sh("nproc", "--cpuset-cpus", "0"), "1", "processors")


@case("limits: the number of processes, which holds")
def pids(podman):
    check_limits(podman, ("--pids-limit", "20"), pids=20)
    check_limits(podman, ("--pids-limit", "-1"), pids="max")
    done = podman.try_run("run", "--rm", "--pids-limit", "5", IMAGE, "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait")
    contains(done.stderr, "can't fork")


@case("limits: who takes too much memory is killed, and the container goes on")
def out_of_memory(podman):
    equal(podman.sh("tail /dev/zero; echo $?", "--memory", "24m", "--memory-swap", "24m"), "137", "exit code")


@case("limits: a limit that the kernel refuses is an error that names it")
def impossible(podman):
    podman.fails("run", "--rm", "--cpuset-cpus", "7777", IMAGE, "true", code=125, says="7777")
    equal(podman("ps", "-aq"), "", "containers")


@case("update: memory and processor time of a running container")
def update(podman):
    podman.sleeper("--memory", "64m", name="changing")
    podman("update", "--memory", "96m", "--cpus", "0.25", "changing")
    pid = podman.pid("changing")
    equal(host.limit(pid, "memory"), str(96 * MEGABYTE), "memory")
    equal(host.limit(pid, "quota").split()[0], "25000", "quota")
    podman.remove("changing")


@case("update: the processors of a running container")
def update_cpuset(podman):
    podman.sleeper(name="moving")
    podman("update", "--cpuset-cpus", "1", "--cpu-shares", "300", "moving")
    equal(host.limit(podman.pid("moving"), "cpus"), "1", "processors")
    equal(podman("exec", "moving", "nproc"), "1", "processors as seen inside")
    podman.remove("moving")


@case("control groups: below a parent of the user's choice")
def parent(podman):
    podman.sleeper("--cgroup-parent", "/gocker-parent", name="child")
    contains(str(host.group_of(podman.pid("child"), "memory")), "/gocker-parent/libpod-")
    podman.remove("child")
    host.remove_groups([point / "gocker-parent" for point, _, _ in host.cgroup_mounts()])


@case("control groups: none of their own with --cgroups=disabled")
def disabled(podman):
    podman.sleeper("--cgroups", "disabled", name="free")
    assert "libpod" not in str(host.group_of(podman.pid("free"), "memory"))
    podman.remove("free")


@case("control groups: --cgroups=no-conmon")
def no_conmon(podman):
    podman.sleeper("--cgroups", "no-conmon", name="bare")
    contains(str(host.group_of(podman.pid("bare"), "pids")), "libpod")
    podman.remove("bare")


@case("control groups: a namespace of their own, the host's, and read-only inside")
def namespaces(podman):
    contains(podman.sh("cat /proc/self/cgroup", "--cgroupns", "private"), ":/\n")
    contains(podman.sh("cat /proc/self/cgroup", "--cgroupns", "host"), "/libpod-")
    podman.sh(f"mkdir /sys/fs/cgroup{'' if VERSION_2 else '/memory'}/x", code=1)


@case("scores and limits of the process: OOM score, ulimits")
def process_limits(podman):
    equal(podman.sh("cat /proc/self/oom_score_adj", "--oom-score-adj", "500"), "500", "score")
    # The first one given replaces the defaults, and podman's own for processes is more than may be here.
    options = ("--ulimit", "nproc=9000:9000", "--ulimit", "nofile=555:666", "--ulimit", "core=0:0")
    equal(podman.sh("ulimit -n; ulimit -Hn; ulimit -c", *options), "555\n666\n0", "limits")


@case("stats: processor and memory of a container that works")
def stats(podman):
    podman.sleeper("--memory", "64m", name="busy", command=("sh", "-c", "while :; do :; done"))
    wait_until(lambda: podman("stats", "--no-stream", "--format", "{{.CPUNano}}", "busy") not in ("0", ""),
               "processor time")
    contains(podman("stats", "--no-stream", "--format", "{{.MemUsage}}", "busy"), "67.11MB")
    podman.remove("busy")
