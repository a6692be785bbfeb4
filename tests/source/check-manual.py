#!/usr/bin/env python3
"""Are the manual pages whole, and is troff content with them?

    tests/source/check-manual.py BUILD_DIRECTORY
"""

import pathlib
import re
import shutil
import subprocess
import sys

from sources import tap

PROGRAMS = {"gocker-runtime.8": "runtime/gocker-runtime", "gocker-image.8": "imagetool/gocker-image"}
SECTIONS = ["NAME", "SYNOPSIS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"]


def main():
    build = pathlib.Path(sys.argv[1])
    report = tap.Tap()
    for name in (*PROGRAMS, "gocker.1"):
        page = build / "docs/man" / name
        text = page.read_text()
        findings = [f"{name}: no section {section}" for section in SECTIONS
                    if f"\n.SH {section}\n" not in text]
        if name in PROGRAMS:
            spoken = subprocess.run([build / PROGRAMS[name], "--help"], capture_output=True, text=True,
                                    check=True).stdout.split("options:")[0]
            commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", spoken, re.M)
        else:
            commands = ["run", "build", "pull", "network", "volume"]
        findings += [f"{name}: nothing of {command}" for command in commands
                     if f"\n.SS {command}\n" not in text]
        report.result(name, findings)
        if not shutil.which("groff"):
            report.skipped(f"{name} in troff", "groff is not there")
            continue
        said = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", "-k", page],
                              capture_output=True, text=True)
        report.result(f"{name} in troff", said.stderr.splitlines())
    report.finish()


if __name__ == "__main__":
    main()
