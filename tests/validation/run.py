#!/usr/bin/env python3
"""Runs the OCI's validation suite (github.com/opencontainers/runtime-tools) against a runtime.

    tests/validation/run.py [--write] CHECKOUT [RUNTIME] [PROGRAM...]

CHECKOUT is a built one: `runtimetest` and validation/NAME/NAME.t are there; docs/validation.md tells
how. The programs run one after the other, as they share control groups. --write puts the table
between the marks in docs/validation.md. Exits 1 where fewer programs pass than the document claims.
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/validation.md"
BEGIN, END = "<!-- table of tests/validation/run.py -->", "<!-- end of the table -->"
LEAST = 35  # and killsig and pidfile, where what they start is quick enough
PATIENCE = 120  # seconds
TAP_LINE = re.compile(r"^\s*(?P<bad>not )?ok\b(?P<rest>.*)$")
TOLD_ERROR = re.compile(r'^\s*"error": "(?P<text>.+)"')

Result = collections.namedtuple("Result", "passed good bad words")

# Why a program can't pass, or is not to.
TEST_FAULT = "a fault of the test: "
HOST = "this host: "
SPEC = "the specification and the engines want otherwise: "
REASONS = {
    "delete": SPEC + "engines delete a created container without --force",
    "delete_resources": TEST_FAULT + "compares pointers",
    "linux_cgroups_pids": TEST_FAULT + "compares pointers",
    "linux_cgroups_relative_pids": TEST_FAULT + "compares pointers",
    "hooks": TEST_FAULT + "expects another output than it makes, of a bundle that is gone",
    "killsig": TEST_FAULT + "sends the signal once the container runs, its shell may have no trap yet",
    "process_rlimits": TEST_FAULT + "its program raises its own soft limit",
    "linux_cgroups_blkio": HOST + "no leaf weights and no disk sda",
    "linux_cgroups_relative_blkio": HOST + "no leaf weights and no disk sda",
    "linux_cgroups_hugetlb": HOST + "the controller of version 1 is not mounted",
    "linux_cgroups_relative_hugetlb": HOST + "the controller of version 1 is not mounted",
    "linux_cgroups_network": HOST + "the controllers of version 1 are not mounted",
    "linux_cgroups_relative_network": HOST + "the controllers of version 1 are not mounted",
    "linux_cgroups_memory": HOST + "the kernel ignores kernel memory limits",
    "linux_cgroups_relative_memory": HOST + "the kernel ignores kernel memory limits",
    "process_capabilities": HOST + "CAP_SYS_RESOURCE is missing",
    "poststart_fail": SPEC + "since 1.3 a failing poststart hook destroys the container",
    "prestart": SPEC + "prestart hooks run at create",
    "pidfile": TEST_FAULT + "kills a process that has ended and wants success",
    "start": SPEC + "start of a container without a process is an error",
    "linux_mount_label": HOST + "SELinux is off, and the specification wants an error",
    "linux_process_apparmor_profile": HOST + "AppArmor is off, and the specification wants an error",
    "misc_props": SPEC + "create fails where the program is missing",
}


def run_program(checkout, runtime, name):
    environment = os.environ | {"RUNTIME": runtime}
    try:
        done = subprocess.run([f"validation/{name}/{name}.t"], cwd=checkout, env=environment,
                              text=True, errors="replace", timeout=PATIENCE,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = (late.stdout or b"").decode(errors="replace"), None
    marks = [match for match in map(TAP_LINE.match, output.split("\n")) if match]
    bad = [m for m in marks if m["bad"] and "# TODO" not in m["rest"] and "# SKIP" not in m["rest"]]
    good = len(marks) - len(bad)
    # Some programs print no result of their own, only a report of an error.
    told = [match["text"] for match in map(TOLD_ERROR.match, output.split("\n")) if match]
    passed = code == 0 and not bad and (good > 0 or not told)
    words = [m["rest"].strip(" -0123456789") for m in bad] or told
    if code is None:
        words.append(f"took longer than {PATIENCE} s")
    return Result(passed, good, len(bad), words), output


def table(results):
    passed = sum(result.passed for result in results.values())
    good = sum(result.good for result in results.values())
    bad = sum(result.bad for result in results.values())
    lines = [f"{passed} of {len(results)} programs pass; {good} checks are ok, {bad} are not.", "",
             "| program | result | ok | not ok | why not |", "| --- | --- | ---: | ---: | --- |"]
    for name, result in results.items():
        why = "" if result.passed else REASONS.get(name, "; ".join(result.words)[:200])
        verdict = "passes" if result.passed else "fails"
        lines.append(f"| {name} | {verdict} | {result.good} | {result.bad} | {why} |")
    return passed, "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--output", action="store_true", help="what failing programs print, too")
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("runtime", nargs="?", default=str(ROOT / "build/runtime/gocker-runtime"))
    parser.add_argument("programs", nargs="*")
    options = parser.parse_args()
    names = options.programs or sorted(
        file.parent.name for file in options.checkout.glob("validation/*/*.t"))
    if not names:
        sys.exit(f"run: no validation/*/*.t in {options.checkout}: build them first")
    results = {}
    for name in names:
        results[name], output = run_program(options.checkout, os.path.abspath(options.runtime), name)
        if options.output and not results[name].passed:
            print(f"--- {name}\n{output}")
    passed, text = table(results)
    if options.write:
        before, rest = DOCUMENT.read_text().split(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}")
    else:
        print(text)
    if not options.programs and passed < LEAST:
        sys.exit(f"run: {passed} programs pass, {LEAST} are expected")


main()
