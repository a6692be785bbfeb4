#!/usr/bin/env python3
"""Counts single test cases in the logs of `meson test`.

    tests/summary.py [--suite SUITE]... [--reports FILE] LABEL=TESTLOG.json...

Prints the counts of each test program, what is known of each failure, the reason of each skip, and
as its last line `N passed, N failed, N skipped`. Each SUITE must have run something; meson leaves its
name out where a build has no other, so there the LABEL is it. A program that crashes, times out or
counts nothing counts as a failure, and so does each report of a sanitizer in FILE (tests/sanitizer),
whatever the tests made of it. After a run of all suites, so does each row of
docs/conformance.md whose tests did not pass in it, and after one of the suite wrapper each row of
docs/seeds.md. Exits 1 where anything failed.
"""

import argparse
import collections
import sys

import testlog
from conformance import rows
from sanitizer import reports
from seeds import rows as seeds
from testlog import KEPT_LINES, Case


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", action="append", default=[])
    parser.add_argument("--reports", default="")
    parser.add_argument("logs", nargs="*")
    arguments = parser.parse_args()

    total = collections.Counter()
    failures, skips, seen_suites = [], [], set()
    conformance, ancestry = rows.Run(), seeds.Run()
    print("\nTest programs:")
    for label, program, entry in testlog.read_logs(arguments.logs):
        title = f"{program} ({label})" if label else program
        cases = testlog.cases_of(entry)
        seen_suites |= testlog.suites_of(program) | {label}
        if not label:
            conformance.add(testlog.suites_of(program), cases)
            ancestry.add(testlog.suites_of(program), cases)
        counts = collections.Counter(case.outcome for case in cases)
        total += counts
        numbers = ", ".join(f"{counts[o]} {o}" for o in ("passed", "failed", "skipped") if counts[o])
        print(f"  {title}: {numbers}, {entry.get('duration', 0):.1f} s")
        failures += [(title, case) for case in cases if case.outcome == "failed"]
        skips += [(title, case) for case in cases if case.outcome == "skipped"]
    for suite in arguments.suite:
        if suite not in seen_suites:
            failures.append((suite, Case("suite", "failed", ["there is no test of this suite"])))
            total["failed"] += 1
    for command, lines in reports.read(arguments.reports) if arguments.reports else []:
        failures.append(("sanitizers", Case(command, "failed", lines[:KEPT_LINES])))
        total["failed"] += 1
    if not total:
        failures.append(("everything", Case("suite", "failed", ["no test was run"])))
        total["failed"] += 1

    if conformance.is_whole():
        for finding in conformance.failures():
            failures.append(("docs/conformance.md", Case(finding, "failed", [])))
            total["failed"] += 1
        print(f"\nProperties of config.json: {conformance.counts()}")
    for finding in ancestry.failures():
        failures.append(("docs/seeds.md", Case(finding, "failed", [])))
        total["failed"] += 1
    if ancestry.judged_rows():
        print(f"\nCommands and features of the seeds: {ancestry.counts()}")

    for title, case in failures:
        print(f"\nFAILED {title}: {case.name}")
        for line in [l for l in case.text if l.strip()][-KEPT_LINES:]:
            print(f"    {line}")
    if skips:
        print("\nSkipped, and why:")
    for title, case in skips:
        print(f"  {title}: {case.name}: {' '.join(' '.join(case.text).split()) or 'no reason given'}")
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    sys.exit(1 if total["failed"] else 0)


main()
