"""Limits: what podman asks for stands in the control group's files, and holds."""

import limits
from engine import IMAGE, case, contains, equal, wait_until

MEGABYTE = 1024 * 1024


def group_of(podman, container):
    """The path of its memory group."""
    return str(limits.group_file(podman.pid(container), "memory", "cgroup.procs").parent)


@case("limits: memory, swap and reservation")
def memory(podman):
    podman.sleeper("--memory", "64m", "--memory-reservation", "32m", "--memory-swap", "128m", name="limited")
    pid = podman.pid("limited")
    equal((limits.memory(pid), limits.reservation(pid)), (64 * MEGABYTE, 32 * MEGABYTE), "limits")
    podman.remove("limited")


@case("limits: processor time")
def cpus(podman):
    for options in (("--cpus", "0.5"), ("--cpu-period", "50000", "--cpu-quota", "25000")):
        podman.sleeper(*options, "--cpu-shares", "512", name="limited")
        pid = podman.pid("limited")
        equal(limits.cpus(pid), 0.5, "processors' time")
        equal(limits.read(pid, "cpu", "cpu.shares", "cpu.weight"), "59" if limits.is_version_2() else "512",
              "shares")
        podman.remove("limited")


@case("limits: the processors that may be used")
def cpuset(podman):
    podman.sleeper("--cpuset-cpus", "0", "--cpuset-mems", "0", name="limited")
    equal(limits.processor_set(podman.pid("limited")), "0", "processors")
    equal(podman("exec", "limited", "nproc"), "1", "processors as seen inside")
    podman.remove("limited")


@case("limits: the number of processes, which holds")
def pids(podman):
    for given, expected in (("20", "20"), ("-1", "max")):
        podman.sleeper("--pids-limit", given, name="limited")
        equal(limits.read(podman.pid("limited"), "pids", "pids.max", "pids.max"), expected, "limit")
        podman.remove("limited")
    done = podman.try_run("run", "--rm", "--pids-limit", "5", IMAGE, "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8; do sleep 20 & done; wait")
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
    equal((limits.memory(pid), limits.cpus(pid)), (96 * MEGABYTE, 0.25), "memory and processors' time")
    podman.remove("changing")


@case("update: the processors of a running container")
def update_cpuset(podman):
    podman.sleeper(name="moving")
    podman("update", "--cpuset-cpus", "1", "--cpu-shares", "300", "moving")
    equal(limits.processor_set(podman.pid("moving")), "1", "processors")
    equal(podman("exec", "moving", "nproc"), "1", "processors as seen inside")
    podman.remove("moving")


@case("control groups: below a parent of the user's choice")
def parent(podman):
    podman.sleeper("--cgroup-parent", "/gocker-parent", name="child")
    contains(group_of(podman, "child"), "/gocker-parent/libpod-")
    podman.remove("child")
    limits.remove_group("gocker-parent")


@case("control groups: none of their own with --cgroups=disabled")
def disabled(podman):
    podman.sleeper("--cgroups", "disabled", name="free")
    assert "libpod" not in group_of(podman, "free")
    podman.remove("free")


@case("control groups: --cgroups=no-conmon")
def no_conmon(podman):
    podman.sleeper("--cgroups", "no-conmon", name="bare")
    contains(group_of(podman, "bare"), "libpod")
    podman.remove("bare")


@case("control groups: a namespace of their own, the host's, and read-only inside")
def namespaces(podman):
    contains(podman.sh("cat /proc/self/cgroup", "--cgroupns", "private"), ":/\n")
    contains(podman.sh("cat /proc/self/cgroup", "--cgroupns", "host"), "/libpod-")
    podman.sh(f"mkdir /sys/fs/cgroup{'' if limits.is_version_2() else '/memory'}/x", code=1)


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
