#!/usr/bin/env python3
"""Does a start still take as little as it did? Counts only: they do not move with the machine's load.

    tests/bench/counts_test.py GOCKER_RUNTIME

A `run` of the default configuration, with control groups as this machine has them and with cgroup2
alone in a private mount namespace. The limits leave little room: whoever needs more raises them here,
with a reason in the commit.
"""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import bundles
import counts

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import tap

LIMITS = {"v2": 274, "v1 and v2": 379}  # system calls of a run, the program's own among them
INSTRUCTIONS = {"v2": 490_000, "v1 and v2": 790_000}  # in user mode, the started program's, too
CLONES = 1
EXECS = 2  # the guarded copy of the runtime, and the program
FAILURE_INSTRUCTIONS = 95_000  # of a command that fails: an error thrown and caught
PEAK_KILOBYTES = 1600  # 1,400 are seen; tests/bench/order lowers it again
FILTERED_KILOBYTES = 2000  # while a seccomp filter is compiled; 1,520 to 1,760 are seen
WAITING_KILOBYTES = {"VmRSS": 800, "RssAnon": 200}  # of a container that waits for its start
BINARY_BYTES = 4_600_000


def view():
    return "v2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "v1 and v2"


def at_most(report, name, found, limit):
    report.result(f"{name}: at most {limit:,}", [] if found <= limit else [f"{found:,}"])


def least(measure, limit, tries=5):
    """The first measure below the limit, else the least: another's load only adds to it, where something
    is waited for or tried again."""
    found = []
    while len(found) < tries and (not found or found[-1] > limit):
        found.append(measure())
    return min(found)


def run_with_fewest_calls(command, limit):
    """The system calls of a run: the first with no more than the limit, else those of the last."""
    calls = []
    least(lambda: calls.append(counts.system_calls(command)) or counts.total(calls[-1]), limit)
    return min(calls, key=counts.total)


def allow_list():
    """As long as the engines' profiles, and for as many architectures."""
    header = subprocess.run(["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    names = sorted(set(re.findall(r"^#define __NR_([a-z0-9_]+) ", header, re.MULTILINE)))
    denied = {name for name in names[::8] if name not in ("execve", "exit", "exit_group")}
    others = ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] if platform.machine() == "x86_64" else []
    rule = {"names": [name for name in names if name not in denied], "action": "SCMP_ACT_ALLOW"}
    return {"defaultAction": "SCMP_ACT_ERRNO", "architectures": others, "syscalls": [rule]}


def check_failure(report, runtime):
    """Of all programs on this machine, those of x86_64 alone have cpuid, and are stepped through."""
    if platform.machine() != "x86_64":
        return
    with tempfile.TemporaryDirectory(prefix="gocker-counts-") as name:
        stepper = bundles.compile_c(bundles.HERE / "stepper.c", pathlib.Path(name) / "stepper")
        command = [runtime, "--root", name, "state", "of-nobody"]
        found = counts.instructions(stepper, command, exit_code=1)
    at_most(report, "instructions of a command that fails", found.all, FAILURE_INSTRUCTIONS)
    if os.confstr("CS_GNU_LIBC_VERSION") == "glibc 2.36":  # runtime/linux/libc_start.h
        at_most(report, "cpuid instructions of a command", found.cpuid, 0)


def check_waiting(report, base, bundle, groups):
    name = f"counts-waiting-{os.getpid()}"
    subprocess.run(base + ["create", "-b", str(bundle.folder), name], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        state = subprocess.run(base + ["state", name], check=True, stdout=subprocess.PIPE).stdout
        found = counts.resident_kilobytes(json.loads(state)["pid"])
        for kind, most in WAITING_KILOBYTES.items():
            at_most(report, f"{kind} between create and start on {groups}", found[kind], most)
    finally:
        subprocess.run(base + ["delete", "--force", name], check=True)


def check_here(report, runtime):
    with tempfile.TemporaryDirectory(prefix="gocker-counts-") as name:
        scratch = pathlib.Path(name)
        launcher = bundles.compile_c(bundles.HERE / "launcher.c", scratch / "launcher")
        bundle = bundles.Bundle(scratch / "bundle", runtime)
        base = [runtime, "--root", str(scratch / "state")]
        command = base + ["run", "-b", str(bundle.folder), f"counts-{os.getpid()}"]
        # Once before: the first makes the state root.
        peak = least(lambda: counts.peak_kilobytes(launcher, command), PEAK_KILOBYTES)
        groups = view()
        calls = run_with_fewest_calls(command, LIMITS[groups])
        at_most(report, f"system calls of a run on {groups}", counts.total(calls), LIMITS[groups])
        at_most(report, f"clones on {groups}", counts.clones(calls), CLONES)
        at_most(report, f"execs on {groups}", counts.execs(calls), EXECS)
        at_most(report, f"peak kilobytes on {groups}", peak, PEAK_KILOBYTES)
        if platform.machine() == "x86_64":
            stepper = bundles.compile_c(bundles.HERE / "stepper.c", scratch / "stepper")
            at_most(report, f"instructions of a run on {groups}",
                    least(lambda: counts.instructions(stepper, command).all, INSTRUCTIONS[groups], 2),
                    INSTRUCTIONS[groups])
        check_waiting(report, base, bundle, groups)
        bundle.config["linux"]["seccomp"] = allow_list()
        bundle.set_args("/bin/true")
        at_most(report, f"peak kilobytes on {groups} with a seccomp filter",
                least(lambda: counts.peak_kilobytes(launcher, command), FILTERED_KILOBYTES),
                FILTERED_KILOBYTES)


def check_with_cgroup2_alone(report, runtime):
    inside = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
              'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"', "sh",
              sys.executable, __file__, "--inside", runtime]
    done = subprocess.run(inside, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        if line.startswith(("ok", "not ok")):
            name = line.partition(" - ")[2]
            report.passed(name) if line.startswith("ok") else report.failed(name)
        elif line.startswith("# "):
            print(line)
    if done.returncode not in (0, 1):
        report.failed("cgroup2 alone", [f"exit code {done.returncode}"])


def main():
    os.environ.pop("MALLOC_PERTURB_", None)  # of meson: glibc touches pages more where it is set
    report = tap.Tap()
    runtime = os.path.abspath(sys.argv[-1])
    if "--inside" in sys.argv:
        check_here(report, runtime)
        report.finish()
    at_most(report, "bytes of the binary", os.path.getsize(runtime), BINARY_BYTES)
    lacking = [] if os.geteuid() == 0 else ["root"]
    lacking += [tool for tool in ("strace", "gcc") if shutil.which(tool) is None]
    if lacking:
        report.skipped("system calls, clones, execs and memory of a run", "needs " + ", ".join(lacking))
        report.finish()
    check_failure(report, runtime)
    check_here(report, runtime)
    if view() != "v2":
        check_with_cgroup2_alone(report, runtime)
    report.finish()


main()
