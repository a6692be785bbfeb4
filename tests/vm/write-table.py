#!/usr/bin/env python3
"""Writes the tables of docs/vm.md: what the tests of the virtual machine give with runc, crun and
gocker-runtime, each of them in the same machine.

    tests/vm/write-table.py [--build DIR] [--runtime runc|crun|gocker]... [--keep] [TEST...]

TEST is a name of `meson test --list`, "vm-cve"; without any, all that the tables have. Outcomes are
kept in DIR/meson-logs/vm-outcomes.json, so a run of some tests or runtimes renews just those; --keep
runs none. Exits 1 where a case passes with runc and crun and not with gocker-runtime; the tables are
written all the same.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import testlog  # noqa: E402
from bench import report  # noqa: E402

DOCUMENT = ROOT / "docs/vm.md"
RUNTIMES = {"runc": "/usr/sbin/runc", "crun": "/usr/bin/crun", "gocker": ""}  # in the machine
GROUPS = {  # marker in the page: how the names of its tests begin
    "system": "vm-system-",
    "contract": "vm-contract",
    "cve": "vm-cve",
    "systemd": "vm-systemd",
    "checkpoint": "vm-checkpoint",
    "podman": "vm-podman",
}
VERSIONS = ("uname -r; systemctl --version; runc --version; crun --version; podman --version; "
            "criu --version")
CELLS = {"passed": "passed", "failed": "**failed**", "skipped": "skipped", None: "not run"}


class Outcomes:
    """{runtime: {test: {case: passed, failed or skipped}}} and the versions, in a file."""

    def __init__(self, build):
        self.build = build
        self.file = build / "meson-logs/vm-outcomes.json"
        self.known = json.loads(self.file.read_text()) if self.file.exists() else {}

    def save(self):
        self.file.write_text(json.dumps(self.known, indent=1))

    def ask_for_versions(self):
        self.known["versions"] = versions(self.build)
        self.save()

    def run(self, runtime, tests):
        environment = {**os.environ, "GOCKER_RUNTIME": RUNTIMES[runtime]}
        log = self.build / f"meson-logs/vm-{runtime}.json"
        log.unlink(missing_ok=True)
        try:
            subprocess.run(["meson", "test", "-C", self.build, "--no-rebuild", "--logbase", log.stem,
                            *tests], env=environment, stdout=sys.stderr.fileno())
        finally:  # what was done before an interruption counts, too
            self.add(runtime, log)

    def add(self, runtime, log):
        programs = self.known.setdefault(runtime, {})
        for _, program, entry in testlog.read_logs([f"={log}"]):
            name = program.split(" / ")[-1]
            programs[name] = {case.name: case.outcome for case in testlog.cases_of(entry)}
        self.save()

    def tests(self):
        """Those that were run with every runtime."""
        run = [set(self.known.get(runtime, {})) for runtime in RUNTIMES]
        return sorted(set.intersection(*run))

    def cases(self, beginning):
        """{(test, case): {runtime: outcome}} of these tests whose names begin so."""
        found = {}
        for test in self.tests():
            if not test.startswith(beginning):
                continue
            for runtime in RUNTIMES:
                for case, outcome in self.known[runtime][test].items():
                    found.setdefault((test, case), {})[runtime] = outcome
        return found


def tests_of(build):
    """The names of the suite vm that the tables have."""
    listed = json.loads(subprocess.run(["meson", "introspect", "--tests", build], check=True,
                                       capture_output=True, text=True).stdout)
    beginnings = tuple(GROUPS.values())
    return [test["name"] for test in listed
            if test["suite"] == ["gocker:vm"] and test["name"].startswith(beginnings)]


def versions(build):
    """"Linux 6.12.48, systemd 257, ..."; needs a machine."""
    runtime = subprocess.run([build / "bin/gocker-runtime", "--version"], capture_output=True, text=True,
                             check=True).stdout
    said = subprocess.run([HERE / "vm", "run", "--", VERSIONS], capture_output=True, text=True,
                          check=True).stdout.splitlines()
    words = [f"Linux {said[0]}"]
    for name, label in {"systemd": "systemd ", "runc": "runc version ", "crun": "crun version ",
                        "podman": "podman version ", "CRIU": "Version: "}.items():
        line = next(line for line in said if line.startswith(label))
        words.append(f"{name} {line.removeprefix(label).split()[0]}")
    return ", ".join([*words, f"gocker {runtime.split()[2]}"])


def count(outcomes):
    """"40 passed, 2 failed" of one cell."""
    words = [f"{outcomes.count(outcome)} {outcome}" for outcome in ("passed", "failed", "skipped")
             if outcomes.count(outcome)]
    return ", ".join(words) or "not run"


def totals(outcomes):
    lines = ["| test | runc | crun | gocker |", "| --- | --- | --- | --- |"]
    for test in outcomes.tests():
        cells = [count(list(outcomes.known[runtime][test].values())) for runtime in RUNTIMES]
        lines.append(f"| `{test}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def differences(cases):
    """Rows of those that some pass and some fail."""
    if not cases:
        return "Not run with all three so far."
    rows = [(test, case, [outcomes.get(runtime) for runtime in RUNTIMES])
            for (test, case), outcomes in cases.items()]
    lines = [f"| {case.replace('`', '')} | {' | '.join(CELLS[outcome] for outcome in row)} |"
             for _, case, row in rows if "failed" in row and "passed" in row]
    if not lines:
        return "No case passes with one runtime and fails with another."
    return "\n".join(["| case | runc | crun | gocker |", "| --- | --- | --- | --- |", *lines])


def worse_than_both(cases):
    for (test, case), outcomes in cases.items():
        peers = [outcomes.get("runc"), outcomes.get("crun")]
        if peers == ["passed", "passed"] and outcomes.get("gocker") != "passed":
            yield f"{test}: {case}: {CELLS[outcomes.get('gocker')]} with gocker alone"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--runtime", action="append", choices=RUNTIMES)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("tests", nargs="*", metavar="TEST")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    outcomes = Outcomes(build)
    if not arguments.keep:
        outcomes.ask_for_versions()
        for runtime in arguments.runtime or RUNTIMES:
            outcomes.run(runtime, arguments.tests or tests_of(build))
    page = report.replace_between_markers(DOCUMENT.read_text(), "versions",
                                        f"Of {outcomes.known['versions']}.")
    page = report.replace_between_markers(page, "totals", totals(outcomes))
    worse = []
    for marker, beginning in GROUPS.items():
        cases = outcomes.cases(beginning)
        page = report.replace_between_markers(page, marker, differences(cases))
        worse += worse_than_both(cases)
    DOCUMENT.write_text(page)
    sys.exit("\n".join(worse) if worse else 0)


if __name__ == "__main__":
    main()
