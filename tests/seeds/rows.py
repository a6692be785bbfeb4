"""The rows of docs/seeds.md: each command and feature, the test of it, and how that went.

table.txt beside this file lists them. Whether a test exists is checked from the sources (check.py),
whether it passed by tests/summary.py at the end of a run of the suite `wrapper`.
"""

import collections
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TABLE = HERE / "table.txt"
DOCUMENT = ROOT / "docs/seeds.md"
SYSTEMS = {
    "seed 000": "Containers kept by name",
    "seed 001": "Containers with limits, started again",
    "seed 002": "Images from a Dockerfile",
    "seed 003": "Images for other machines",
    "seed 004": "Any image in one command",
    "next": "What their users try next",
}

Row = collections.namedtuple("Row", "system feature suite test")


def read_rows():
    rows = []
    for line in TABLE.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            system, feature, test = (cell.strip() for cell in line.split("|"))
            suite, _, name = test.rpartition(":")
            rows.append(Row(system, feature, suite or "wrapper", name))
    return rows


def tests_of(suite):
    """{name: [files]} of the tests that the sources of a suite define."""
    found = collections.defaultdict(list)
    for path in sorted((ROOT / "tests" / suite).glob("*_test.py")):
        for name in re.findall(r"^@(?:test|with_\w+)\n(?:@.*\n)*def (\w+)", path.read_text(), re.M):
            found[name].append(path.name)
    return found


def static_findings():
    """What is wrong with the table whatever a run says."""
    rows, findings = read_rows(), []
    defined = {suite: tests_of(suite) for suite in {row.suite for row in rows}}
    for row in rows:
        if row.system not in SYSTEMS:
            findings.append(f"{row.feature}: there is no system '{row.system}'")
        files = defined[row.suite].get(row.test, [])
        if len(files) != 1:
            findings.append(f"{row.system}, {row.feature}: {row.test} is in {len(files)} files of "
                            f"tests/{row.suite}, not in one")
    findings += [f"{system} has no row" for system in SYSTEMS
                 if system not in {row.system for row in rows}]
    return findings


def made_part():
    """The tables of docs/seeds.md."""
    lines = []
    for system, title in SYSTEMS.items():
        heading = title if system == "next" else f"{title} ({system})"
        lines += ["", f"## {heading}", "", "| command or feature | test |", "| --- | --- |"]
        lines += [f"| {row.feature} | `{'' if row.suite == 'wrapper' else row.suite + ':'}{row.test}` |"
                  for row in read_rows() if row.system == system]
    return "\n".join(lines[1:])


class Run:
    """One run of the suites: which row's test passed in it."""

    def __init__(self):
        self.outcomes = collections.defaultdict(dict)  # {suite: {test: outcome}}

    def add(self, suites, cases):
        for suite in suites & {row.suite for row in read_rows()}:
            # Some suites tell the names of their functions with spaces.
            self.outcomes[suite] |= {case.name.replace(" ", "_"): case.outcome for case in cases}

    def judged_rows(self):
        """Those of the suites that ran; without root none of their tests does."""
        ran = {suite for suite, cases in self.outcomes.items() if set(cases) - {"all_of_it"}}
        return [row for row in read_rows() if row.suite in ran]

    def outcome(self, row):
        return self.outcomes[row.suite].get(row.test, "did not run")

    def failures(self):
        return [f"{row.system}, {row.feature}: {row.test} {self.outcome(row)}"
                for row in self.judged_rows() if self.outcome(row) not in ("passed", "skipped")]

    def counts(self):
        counts = collections.Counter(self.outcome(row) for row in self.judged_rows())
        return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
