#!/usr/bin/env python3
"""Tries the attacks of tests/cve on several runtimes and writes the table of docs/security.md.

    tests/cve/compare.py [--write] BUILD_DIRECTORY [RUNTIME...]

Without RUNTIME: the one that was built, then Debian's runc and crun, those that are installed. Each
runs in a mount namespace of its own; crun 1.8 refuses hosts with both versions of control groups, so
it gets one where cgroup2 is mounted alone. --write puts the table between the marks in
docs/security.md; without it, it is printed.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/security.md"
BEGIN, END = "<!-- table of tests/cve/compare.py -->", "<!-- end of the table -->"
PEERS = ("/usr/sbin/runc", "/usr/bin/crun")
ROW = re.compile(r"^\| (?P<names>.+?) \| (?P<attempt>.+?) \| (?P<verdict>\S.*?) \| (?P<figures>.*?) ?\|$")
CGROUP2_ALONE = """
umount --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec "$@"
"""


def attack(program, runtime):
    """The version and the rows of one runtime."""
    command = [program]
    if pathlib.Path(runtime).name == "crun":
        command = ["unshare", "--mount", "sh", "-ec", CGROUP2_ALONE, "sh", program]
    done = subprocess.run(command, env=os.environ | {"GOCKER_RUNTIME": runtime}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = done.stdout.split("\n")
    rows = [match for match in map(ROW.match, lines) if match]
    if not rows:
        sys.exit(f"compare: no table of {runtime}:\n{done.stdout[-2000:]}")
    if rows[0]["verdict"] != "held":  # the control
        sys.exit(f"compare: {runtime} runs no plain container here:\n{done.stdout[:2000]}")
    first = lines.index(rows[0].string)
    return lines[first - 1].removesuffix("+ds1").replace(" version", ""), rows


def table(results):
    versions = [version for version, _ in results]
    lines = ["| attack | weaknesses of the past | " + " | ".join(versions) + " |",
             "| --- | --- |" + " --- |" * len(versions)]
    for number, row in enumerate(results[0][1]):
        if row["names"] == "-":
            continue
        verdicts = [rows[number]["verdict"] for _, rows in results]
        verdicts = [f"**{v.lower()}**" if v == "FELL" else v for v in verdicts]
        attempt = row["attempt"] + (f" ({row['figures']})" if row["figures"] else "")
        lines.append(f"| {attempt} | {row['names']} | " + " | ".join(verdicts) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("runtimes", nargs="*")
    options = parser.parse_args()
    build = options.build.resolve()
    runtimes = options.runtimes or [str(build / "runtime/gocker-runtime"),
                                    *filter(os.path.exists, PEERS)]
    text = table([attack(str(build / "tests/cve/cve-test"), runtime) for runtime in runtimes])
    if not options.write:
        print(text)
        return
    before, rest = DOCUMENT.read_text().split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


main()
