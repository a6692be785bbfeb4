#!/usr/bin/env python3
"""Checks without a run that every property of config.json has a row, and a row what it names.

    tests/conformance/check-rows.py

Whether the tests of the rows passed is judged by tests/summary.py at the end of a whole run.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402
from conformance import rows, table  # noqa: E402


def main():
    checks = tap.Tap()
    checks.result("every property has a row with its files and tests", rows.static_findings())
    written = table.without_results(table.read_document()[1])
    wanted = table.without_results(table.made_part(lambda row: "any"))
    stale = [] if written == wanted else ["run tests/conformance/write-table.py after a whole run"]
    checks.result("docs/conformance.md has these rows", stale)
    checks.finish()


main()
