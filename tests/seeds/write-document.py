#!/usr/bin/env python3
"""Writes the tables of docs/seeds.md after a run in which all their tests passed.

    tests/seeds/write-document.py [TESTLOG.json]

TESTLOG.json is build/meson-logs/testlog.json unless another one is named.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import testlog  # noqa: E402
from bench import report  # noqa: E402
from seeds import rows  # noqa: E402


def main():
    run = rows.Run()
    testlog.add_named_run(run)
    missing = [row for row in rows.read_rows() if row not in run.judged_rows()]
    failures = run.failures() + [f"the suite {row.suite} did not run" for row in missing]
    if failures:
        sys.exit("\n".join(failures))
    page = rows.DOCUMENT.read_text()
    rows.DOCUMENT.write_text(report.replace_between_markers(page, "seeds", rows.made_part()))
    print(run.counts())


main()
