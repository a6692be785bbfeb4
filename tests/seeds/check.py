#!/usr/bin/env python3
"""Checks without a run that each row of docs/seeds.md has a test and that the page is up to date.

    tests/seeds/check.py

Whether the tests of the rows passed is judged by tests/summary.py.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap  # noqa: E402
from bench import report  # noqa: E402
from seeds import rows  # noqa: E402


def main():
    checks = tap.Tap()
    checks.result("every command and feature of the seeds has a test", rows.static_findings())
    page = rows.DOCUMENT.read_text()
    wanted = report.replace_between_markers(page, "seeds", rows.made_part())
    checks.result("docs/seeds.md has these rows",
                  [] if page == wanted else ["run tests/seeds/write-document.py"])
    checks.finish()


main()
