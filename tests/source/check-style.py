#!/usr/bin/env python3
"""clang-format for the C++ files, shellcheck for the shell's, compilation for Python's.

    tests/source/check-style.py

A TAP line for each file. To mend the layout of what you changed: clang-format -i FILE.
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import sources
from sources import tap


def findings_of(command):
    """The lines that a checker prints where it fails, or []."""
    done = subprocess.run(command, cwd=sources.ROOT, text=True, capture_output=True)
    if done.returncode == 0:
        return []
    return (done.stdout + done.stderr).strip().split("\n")


def check_format(file):
    return findings_of(["clang-format", "--dry-run", "-Werror", file])


def check_shell(file):
    return findings_of(["shellcheck", "-f", "gcc", file])


def check_python(file):
    try:
        compile((sources.ROOT / file).read_text(), file, "exec")
    except SyntaxError as error:
        return [f"{file}:{error.lineno}: {error.msg}"]
    return []


def python_files():
    found = [f for folder in ("scripts", "tests") for f in (sources.ROOT / folder).rglob("*.py")]
    return sorted(f.relative_to(sources.ROOT) for f in found)


def main():
    report = tap.Tap()
    checks = (
        ("clang-format", check_format, sources.cpp_files()),
        ("shellcheck", check_shell, sources.shell_files()),
        ("python3", check_python, python_files()),
    )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for tool, check, files in checks:
            if not shutil.which(tool):
                report.failed(tool, ["not installed; scripts/install-packages test"])
                continue
            for file, findings in zip(files, pool.map(check, files)):
                report.result(f"{tool} {file}", findings)
    report.finish()


main()
