"""What containers may leave on the machine beside their files: processes, control groups, networks.

For tests in a private network (fixture.main), where whatever is there of a network is a container's.
"""

import contextlib
import os
import pathlib
import subprocess

from fixture import equal, wait_until


def processes(gocker, name=""):
    """{pid: command line} of those that name a folder of this gocker; with `name`, only programs
    that are called so. A test's containers have to name the folder, too."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_text().replace("\0", " ")
            program = (folder / "comm").read_text().strip()
            if str(gocker.folder) in words and program != "docker-registry" and name in ("", program):
                found[int(folder.name)] = words
    return found


def control_groups(ids):
    """The groups that are named after one of the containers."""
    return [folder for folder, _, _ in os.walk("/sys/fs/cgroup")
            if any(identifier in os.path.basename(folder) for identifier in ids)]


def network_parts():
    """Interfaces and rules of containers; the chains that netavark shares stay."""
    parts = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True)
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True)
    return ([line for line in parts.stdout.splitlines() if not line.startswith("lo ")] +
            [line for line in rules.stdout.splitlines()
             if "dnat name" in line or " 10." in line or "NETAVARK-DN-" in line])


def check_nothing_left(gocker, ids):
    """Nothing is left of the containers `ids`, nor of any other of this gocker."""
    gocker.check_clean()
    found = []

    def is_clean():
        found[:] = [*processes(gocker).values(), *control_groups(ids), *network_parts()]
        return not found

    with contextlib.suppress(AssertionError):
        wait_until(is_clean, "the end of everything")
    equal(found, [], "left on the machine")
