#!/usr/bin/env python3
"""Many execs into one container, eight at a time, as health checks of a busy node make them.

    tests/contract/exec_load_test.py RUNTIME INSIDE [NAME...]

GOCKER_TEST_EXECS says how many (160).
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap

import box as boxes
from box import expect

COUNT = int(os.environ.get("GOCKER_TEST_EXECS", "160"))
AT_ONCE = 8


def attached(box, code):
    """As CRI-O's ExecSync."""
    done = subprocess.run([box.runtime, *box.words(f"--root ROOT exec ID /inside exit {code}")],
                          capture_output=True, timeout=60, env=boxes.ENGINE_ENV)
    return done.returncode, done.stdout + done.stderr


def detached(box, code, number):
    """As conmon and the shims: the process is left to them, and so is its exit code."""
    process, pid_file = box.folder / f"process{number}", box.folder / f"pid{number}"
    process.write_text(json.dumps(box.process(["/inside", "exit", str(code)])))
    done = subprocess.run(
        [box.runtime, *box.words(f"--root ROOT exec --detach --process {process} "
                                 f"--pid-file {pid_file} ID")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60,
        env=boxes.ENGINE_ENV)
    if done.returncode != 0:
        return done.returncode, done.stderr
    _, status = os.waitpid(int(pid_file.read_text()), 0)
    return os.waitstatus_to_exitcode(status), done.stderr


def one(box, number):
    code = number % 200
    found = attached(box, code) if number % 2 == 0 else detached(box, code, number)
    return None if found == (code, b"") else f"exec {number}: {found} instead of {code}"


def leftovers(box):
    """What may not grow: processes and groups of the container, descriptors of its first process,
    files of its state, children of ours."""
    pid = box.state()["pid"]
    groups = [pathlib.Path("/sys/fs/cgroup", line.split(":", 2)[1].removeprefix("name="))
              for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().split()]
    own = [group / box.id for group in [*groups, pathlib.Path("/sys/fs/cgroup/unified")]
           if (group / box.id).is_dir()]
    return {
        "processes": sorted((group / "cgroup.procs").read_text() for group in own),
        "groups": sorted(str(path) for group in own for path in group.rglob("*") if path.is_dir()),
        "descriptors": sorted(os.listdir(f"/proc/{pid}/fd")),
        "state": sorted(os.listdir(box.root / box.id)),
        "children": sorted(child for child in
                           pathlib.Path("/proc/thread-self/children").read_text().split()),
        "mounts": pathlib.Path("/proc/self/mountinfo").read_text().count(box.id),
    }


def settled(box, before):
    """A group lets go of a dead process a moment later."""
    deadline = time.monotonic() + 60
    while (after := leftovers(box)) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    return after


def execs_beside_each_other(box):
    box.be("running")
    before = leftovers(box)
    expect(any(before["processes"]), "the container's control groups are not found")
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [found for found in pool.map(lambda n: one(box, n), range(COUNT)) if found]
    print(f"# {COUNT} execs, {AT_ONCE} at a time: {time.monotonic() - begin:.1f} s", flush=True)
    expect(not wrong, f"{len(wrong)} went wrong: {wrong[:3]}")
    after = settled(box, before)
    for name, value in before.items():
        expect(after[name] == value, f"{name}: {value} became {after[name]}")


def main():
    runtime, inside, *names = sys.argv[1:]
    boxes.adopt_orphans()
    tap.run_cases([execs_beside_each_other], names, lambda: boxes.fresh(runtime, inside))


if __name__ == "__main__":
    main()
