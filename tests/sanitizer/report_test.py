#!/usr/bin/env python3
"""No report of a sanitizer is lost: a program commits faults where nobody looks.

    tests/sanitizer/report_test.py SANITIZER_FAULT REPORTS
"""

import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import reports
import tap
from expect import contains, equal

FAULTS = {"address": "heap-use-after-free", "undefined": "signed integer overflow",
          "leak": "detected memory leaks"}


def check(program, file, fault):
    file.unlink(missing_ok=True)
    # Without what meson and whoever runs the tests tell the sanitizers.
    done = subprocess.run([program, fault], env={}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    equal(done.returncode, 128 + signal.SIGABRT, "exit code")
    found = reports.read(file)
    equal([command for command, _ in found], [f"{program} {fault}"], "reports")
    contains("\n".join(found[0][1]), FAULTS[fault])


def main():
    program, file = sys.argv[1], pathlib.Path(sys.argv[2])
    report = tap.Tap()
    for fault in FAULTS:
        name = f"a fault that nobody sees: {fault}"
        if os.geteuid() != 0:
            report.skipped(name, "changes its root")
            continue
        try:
            check(program, file, fault)
            report.passed(name)
        except AssertionError as failure:
            report.failed(name, str(failure).splitlines())
    report.finish()


main()
