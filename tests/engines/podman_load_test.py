#!/usr/bin/env python3
"""podman under load, and with its monitor killed in the middle of a start.

    tests/engines/podman_load_test.py RUNTIME [NAME...]

$GOCKER_ENGINES_CONTAINERS is how many containers run at once (default 20).
"""

import concurrent.futures
import contextlib
import os
import pathlib
import signal
import subprocess
import time

import engine
from engine import IMAGE, case, equal, wait_until
from podman import Podman

CONTAINERS = int(os.environ.get("GOCKER_ENGINES_CONTAINERS", "20"))
AT_ONCE = 8
KILLS = 16
STEP = 0.005  # seconds


@case(f"{CONTAINERS} containers started in parallel, then removed: none is lost")
def many_containers(podman):
    names = [f"load{number}" for number in range(CONTAINERS)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        begin = time.monotonic()
        list(pool.map(lambda name: podman.sleeper(name=name), names))
        started = time.monotonic()
        equal(sorted(podman("ps", "--format", "{{.Names}}").split()), sorted(names), "running containers")
        list(pool.map(lambda name: podman("exec", name, "true"), names))
        executed = time.monotonic()
        list(pool.map(podman.remove, names))
    equal(podman("ps", "-aq"), "", "containers")
    podman.note(f"{CONTAINERS} containers, {AT_ONCE} at a time: started in {started - begin:.1f} s, "
                f"exec in each {executed - started:.1f} s, removed in {time.monotonic() - executed:.1f} s")


def monitors_of(name):
    """The pids of conmon for a container, while it starts."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_text().split("\0")
            if words[0].endswith("conmon") and name in words:
                found.append(int(folder.name))
    return found


def is_known(runtime, identifier):
    return subprocess.run([runtime, "state", identifier], check=False, capture_output=True).returncode == 0


@case(f"kill -9 of conmon during create, at {KILLS} moments: nothing is left that delete --force can't clean")
def killed_monitor(podman):
    known = 0
    for number in range(KILLS):
        name = f"killed{number}"
        process = podman.background("run", "-d", "--name", name, IMAGE, "sleep", "1000")
        pids = wait_until(lambda: monitors_of(name) or process.poll() is not None and [0], "conmon")
        time.sleep(STEP * number)
        for pid in {*pids, *monitors_of(name)} - {0}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=60)
        process.kill()
        process.communicate()
        identifier = podman.inspect(name)["Id"]
        known += is_known(podman.runtime, identifier)
        subprocess.run([podman.runtime, "delete", "--force", identifier], check=True)
        wait_until(lambda: not podman.traces_of(identifier),
                   f"no trace of what was killed {STEP * number:.3f} s in")
        podman.remove(name)
    podman.note(f"the runtime knew the container after {known} of {KILLS} kills")


if __name__ == "__main__":
    engine.main(Podman)
