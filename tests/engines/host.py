"""A host of its own for an engine, so that nothing of it can touch the real one, or outlive it.

It has its own processes, mounts, network, host name and control groups; /run, with a folder for the
engine's state, and /dev/shm are fresh, /etc and /var/lib throw away what is written to them. All of it
goes with the host's first process. `Groups` and `command` are for the process outside, `set_up` and
`leftovers` for the one inside.
"""

import contextlib
import os
import pathlib
import subprocess
import time

CGROUPS = pathlib.Path("/sys/fs/cgroup")
FOLDER = pathlib.Path("/run/engines")  # on its own /run


def cgroup_mounts():
    """(mount point, file system, names of controllers) of each hierarchy."""
    found = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            names = [o for o in options.split(",") if o not in ("rw", "ro", "nsdelegate")]
            found.append((pathlib.Path(before.split()[4]), kind, names))
    return found


class Groups:
    """A group in each hierarchy, which becomes the root of what the host sees; a context manager."""

    def __init__(self):
        self.name = f"gocker-engines-{os.getpid()}"
        self.folders = [point / self.name for point, _, _ in cgroup_mounts()]

    def __enter__(self):
        for folder in self.folders:
            if folder.parent == CGROUPS:  # version 2 alone
                delegate(CGROUPS)
            folder.mkdir()
            for name in ("cpuset.cpus", "cpuset.mems"):  # of version 1: while empty, nobody can join
                if (folder / "tasks").exists() and (folder / name).exists():
                    (folder / name).write_text((folder.parent / name).read_text())
        return self

    def join(self):
        for folder in self.folders:
            (folder / "cgroup.procs").write_text("0")

    def __exit__(self, *_):
        remove_groups(self.folders)


def remove_groups(tops, seconds=60):
    """Removes groups and those below them, when their last processes have ended."""
    deadline = time.monotonic() + seconds
    for top in tops:
        while top.is_dir() and time.monotonic() < deadline:
            for folder, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):  # EBUSY: the last process is just ending
                    os.rmdir(folder)
            time.sleep(0.02)


def delegate(folder):
    """Hands the controllers of a version 2 group down to its children, those that can be."""
    for controller in (folder / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def command(*words):
    """The command line that runs `words` as the first process of a new host."""
    return ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork",
            "--kill-child", "--mount-proc", *words]


def mount(kind, point, options=""):
    point.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", kind, "-o", options or "rw", kind, str(point)], check=True)


def mount_cgroups():
    """The same hierarchies in mounts of our own: engines make plain folders among them."""
    mounts = cgroup_mounts()
    mount("sysfs", pathlib.Path("/sys"))  # shows the interfaces of this network namespace only
    if [point for point, _, _ in mounts] != [CGROUPS]:
        mount("tmpfs", CGROUPS, "mode=755")
    for point, kind, names in mounts:
        mount(kind, point, "" if kind == "cgroup2" else ",".join(names))
    if (CGROUPS / "cgroup.controllers").exists():  # only what has no processes can have such children
        (CGROUPS / "host").mkdir()
        for pid in (CGROUPS / "cgroup.procs").read_text().split():
            (CGROUPS / "host/cgroup.procs").write_text(pid)
        delegate(CGROUPS)


def discard_writes(folder, layers):
    """Lays a file system over `folder` that keeps what is written elsewhere."""
    upper, work = (layers / f"{part}{str(folder).replace('/', '-')}" for part in ("upper", "work"))
    upper.mkdir(parents=True)
    work.mkdir()
    mount("overlay", folder, f"lowerdir={folder},upperdir={upper},workdir={work}")


def set_up():
    """Makes the host, from within its first process."""
    for name in ("/run", "/dev/shm"):
        mount("tmpfs", pathlib.Path(name), "mode=755" if name == "/run" else "mode=1777")
    mount_cgroups()
    FOLDER.mkdir()
    for name in ("/etc", "/var/lib"):
        discard_writes(pathlib.Path(name), FOLDER / "machine")
    subprocess.run(["hostname", "engines"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def reap_until(worker):
    """What a first process is for: waits for its children and orphans; the worker's exit code."""
    while True:
        pid, status = os.wait()
        if pid == worker:
            return os.waitstatus_to_exitcode(status)


def processes():
    """{pid: command line} of all but the first process and ourselves."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        if int(folder.name) not in (1, os.getpid()):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_text().replace("\0", " ").strip()
                found[int(folder.name)] = words or (folder / "comm").read_text().strip()
    return found


def mount_points():
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split()[4] for line in lines]


def control_groups():
    """The groups below those of the host itself, as paths below their hierarchy."""
    found = set()
    for point, _, _ in cgroup_mounts():
        for folder, _, _ in os.walk(point):
            if folder not in (str(point), str(point / "host")):
                found.add(folder[len(str(point)):])
    return found


def pids_in(group):
    """The processes of a group that control_groups() names, in whatever hierarchies have it."""
    found = set()
    for point, _, _ in cgroup_mounts():
        with contextlib.suppress(OSError):
            found |= set(pathlib.Path(f"{point}{group}/cgroup.procs").read_text().split())
    return sorted(found)


def interfaces():
    return {name for name in os.listdir("/sys/class/net") if name != "lo"}


class Snapshot:
    """What there is now, to be compared with what there is later.

    `keeps_group` tells whether the engine leaves a control group on purpose.
    """

    def __init__(self, keeps_group):
        self.keeps_group = keeps_group
        self.processes = processes()
        self.mounts = set(mount_points())
        self.groups = control_groups()
        self.interfaces = interfaces()

    def added(self, state_folders=(), daemons=()):
        """What came since then but for the processes `daemons`, in words, and what is in the state
        folders of runtimes."""
        found = [f"process {pid}: {words}" for pid, words in processes().items()
                 if pid not in self.processes and pid not in daemons]
        found += [f"mount {point}" for point in mount_points() if point not in self.mounts]
        found += [f"control group {group}" for group in sorted(control_groups() - self.groups)
                  if not self.keeps_group(group)]
        found += [f"interface {name}" for name in sorted(interfaces() - self.interfaces)]
        for folder in state_folders:
            names = os.listdir(folder) if os.path.isdir(folder) else []
            # What begins with a dot is a cache of the runtime's.
            found += [f"state {folder}/{name}" for name in names if not name.startswith(".")]
        return found

    def wait_for_nothing_added(self, state_folders=(), daemons=(), seconds=60):
        """What is left when engines have had their moment to clean up; [] where nothing is."""
        deadline = time.monotonic() + seconds
        while (found := self.added(state_folders, daemons)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found
