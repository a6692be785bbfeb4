"""The rows of docs/conformance.md: what covers each property of config.json, and how that went.

properties.txt beside this file lists the properties, as list-properties.py prints them. coverage.txt
has blocks of properties, one a line, followed by indented lines of what covers them all:

    linux.netDevices.*.name
        in runtime/linux/net_devices.cc
        by NetDevices.DeviceIsRenamed unit:LinuxSpec.ReadsNetDevices
        note what else there is to say

`PREFIX**` stands for every property that begins so. A test is SUITE.NAME of a googletest, of the
system tests unless another suite stands before a colon; `*` is a wildcard, `{value}` the value that
the property names. `by -` is for what concerns other systems than Linux.
"""

import collections
import fnmatch
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROPERTIES = HERE / "properties.txt"
COVERAGE = HERE / "coverage.txt"
SUITES = ("unit", "system")

Row = collections.namedtuple("Row", "property places tests note")
Result = collections.namedtuple("Result", "outcome text")  # passed, skipped, failed or none


def read_properties():
    return PROPERTIES.read_text().splitlines()


def value_of(name):
    return name.partition(" = ")[2]


def read_blocks():
    """(patterns, {"in": [...], "by": [...], "note": [...]}) for each block of coverage.txt."""
    patterns, facts = [], collections.defaultdict(list)
    for line in COVERAGE.read_text().splitlines() + ["end"]:
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            if facts:
                yield patterns, facts
                patterns, facts = [], collections.defaultdict(list)
            patterns.append(line)
            continue
        key, _, words = line.strip().partition(" ")
        facts[key] += words.split()


def read_rows():
    """(rows, findings): one row a property, in the order of properties.txt."""
    blocks = list(read_blocks())
    rows, findings, used = [], [], set()
    for name in read_properties():
        matching = []
        for patterns, facts in blocks:
            for pattern in patterns:
                if pattern == name or (pattern.endswith("**") and name.startswith(pattern[:-2])):
                    matching.append((len(pattern), facts))
                    used.add(pattern)
        if not matching:
            findings.append(f"{name} has no row in {COVERAGE.relative_to(ROOT)}")
            continue
        facts = max(matching, key=lambda match: match[0])[1]  # the most precise one
        tests = [test.replace("{value}", value_of(name)) for test in facts["by"]]
        rows.append(Row(name, facts["in"], tests, " ".join(facts["note"])))
    for patterns, _ in blocks:
        findings += [f"{p} is no property" for p in patterns if p not in used]
    return rows, findings


def split_test(test):
    suite, _, name = test.rpartition(":")
    return suite or "system", name


def concerns_linux(row):
    return row.tests != ["-"]


def source_tests():
    """{("system", "Mounts.IsReadOnly")}: what the sources define, parameters left out."""
    macro = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.M)
    return {
        (suite, ".".join(match))
        for suite in SUITES
        for path in (ROOT / "tests" / suite).rglob("*_test.cc")
        for match in macro.findall(path.read_text())
    }


def static_findings():
    """What is wrong with the table whatever a run says."""
    rows, findings = read_rows()
    defined = source_tests()
    for row in rows:
        if not row.places or not row.tests:
            findings.append(f"{row.property} says not where it is, or not what tests it")
        findings += [f"{row.property}: there is no {p}" for p in row.places if not (ROOT / p).exists()]
        for test in row.tests if concerns_linux(row) else ():
            suite, name = split_test(test)
            plain = re.sub(r"^\w+/|/[^/]*$", "", name)  # Mounts/Option.IsShown/ro
            if not any(s == suite and fnmatch.fnmatchcase(n, plain) for s, n in defined):
                findings.append(f"{row.property}: there is no test {test}")
    return findings


class Run:
    """One run of the suites: which row passed in it."""

    def __init__(self):
        self.cases = {suite: {} for suite in SUITES}

    def add(self, suites, cases):
        for suite in suites & set(SUITES):
            for case in cases:
                self.cases[suite][case.name] = case

    def is_whole(self):
        return all(self.cases.values())

    def result(self, row):
        if not concerns_linux(row):
            return Result("none", "not on Linux")
        outcomes = collections.Counter()
        reasons = []
        for test in row.tests:
            suite, name = split_test(test)
            found = fnmatch.filter(self.cases[suite], name)
            if not found:
                return Result("failed", f"{test} did not run")
            for case in map(self.cases[suite].get, found):
                reason = " ".join(" ".join(case.text).split())
                if case.outcome == "failed" or (case.outcome == "skipped" and not reason):
                    return Result("failed", f"{case.name} {case.outcome} without a reason"
                                  if case.outcome == "skipped" else f"{case.name} failed")
                outcomes[case.outcome] += 1
                if case.outcome == "skipped" and reason not in reasons:
                    reasons.append(reason)
        if reasons:
            part = "in part skipped" if outcomes["passed"] else "skipped"
            return Result("skipped", f"{part}: {'; '.join(reasons)}")
        return Result("passed", "passed")

    def failures(self):
        rows, findings = read_rows()
        results = ((row, self.result(row)) for row in rows)
        return findings + [f"{row.property}: {result.text}" for row, result in results
                           if result.outcome == "failed"]

    def counts(self):
        counts = collections.Counter(self.result(row).outcome for row in read_rows()[0])
        return (f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped "
                f"or in part skipped with a reason, {counts['none']} not of Linux")
