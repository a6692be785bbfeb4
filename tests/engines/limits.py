"""What a process's control groups say of its limits, in the terms of either version."""

import pathlib

import host

# A shell whose child takes all the memory there is once /eat is there, and that ends with 3 once
# something was written to /end. What a killed child had comes back only after a moment: till then
# the shell starts nothing, and its other children are killed before it.
EATER = ("sh", "-c", """
    mkfifo /end
    while [ ! -e /eat ]; do sleep 0.05; done
    (echo 1000 > /proc/self/oom_score_adj; head -c 64m /dev/zero | tail -n 1 | wc -c)
    read word < /end
    exit 3""")


def root_of(pid):
    """The root file system as the process has it: what is told there takes none of its memory."""
    return pathlib.Path(f"/proc/{pid}/root")


def group_file(pid, controller, name):
    """A file of the group that a process is in, of the hierarchy that has the controller."""
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for point, kind, names in host.cgroup_mounts():
            if controller in names and controller in controllers.split(",") or (
                    kind == "cgroup2" and not controllers):
                file = point / path.lstrip("/") / name
                if file.exists():
                    return file
    raise AssertionError(f"process {pid} has no {name}")


def is_version_2():
    return all(kind == "cgroup2" for _, kind, _ in host.cgroup_mounts())


def read(pid, controller, version_1, version_2):
    return group_file(pid, controller, version_2 if is_version_2() else version_1).read_text().strip()


def memory(pid):
    """In bytes."""
    return int(read(pid, "memory", "memory.limit_in_bytes", "memory.max"))


def reservation(pid):
    """In bytes."""
    return int(read(pid, "memory", "memory.soft_limit_in_bytes", "memory.low"))


def pids(pid):
    return int(read(pid, "pids", "pids.max", "pids.max"))


def cpus(pid):
    """How many processors' time there is."""
    if is_version_2():
        quota, period = read(pid, "cpu", "", "cpu.max").split()
    else:
        quota, period = (read(pid, "cpu", f"cpu.cfs_{name}_us", "") for name in ("quota", "period"))
    return int(quota) / int(period)


def processor_set(pid):
    return read(pid, "cpuset", "cpuset.cpus", "cpuset.cpus")


def devices(pid):
    """The lines of version 1's list of devices."""
    return group_file(pid, "devices", "devices.list").read_text().splitlines()


def remove_group(name):
    """Removes a group of that name, without processes, from each hierarchy: runtimes leave the parents
    of theirs."""
    host.remove_groups([point / name for point, _, _ in host.cgroup_mounts()])
