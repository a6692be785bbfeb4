#!/usr/bin/env python3
"""scripts/install-packages on machines that have none of the packages, and that have all.

    tests/source/check-packages.py
"""

import os
import subprocess
import tempfile

import sources
from sources import tap


def missing_packages(package_set, **environment):
    done = subprocess.run(["scripts/install-packages", "--missing", package_set], text=True,
                          cwd=sources.ROOT, capture_output=True, env={**os.environ, **environment})
    if done.returncode != 0:
        return [f"exit code {done.returncode}: {done.stderr.strip()}"]
    return done.stdout.split()


def main():
    report = tap.Tap()
    with tempfile.TemporaryDirectory() as empty:
        os.makedirs(f"{empty}/info")
        open(f"{empty}/status", "w").close()
        told = missing_packages("test", DPKG_ADMINDIR=empty)
    wanted = ("g++", "meson", "libseccomp-dev", "docker-registry", "strace")
    report.result("a fresh machine lacks the packages of its set",
                  [f"{name} is not told as missing" for name in wanted if name not in told])
    report.result("nothing is missing where the tests run",
                  [f"{name} is missing" for name in missing_packages("test")])
    report.result("there is a set for each suite that has packages of its own",
                  [f"{name} is unknown" for name in ("engines", "vm")
                   if any("unknown" in line for line in missing_packages(name))])
    report.finish()


main()
