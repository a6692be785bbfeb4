#!/usr/bin/env python3
"""Writes the tables of docs/conformance.md, with the results of the last whole run of the tests.

    tests/conformance/write-table.py [TESTLOG.json]

TESTLOG.json is build/meson-logs/testlog.json unless another one is named.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import testlog  # noqa: E402
from conformance import rows, table  # noqa: E402


def main():
    run = rows.Run()
    log = testlog.add_named_run(run)
    if not run.is_whole():
        sys.exit(f"{log} is not of a run of the suites {' and '.join(rows.SUITES)}")
    before, _, after = table.read_document()
    made = f"\n{run.counts()}\n" + table.made_part(lambda row: run.result(row).text)
    table.DOCUMENT.write_text(before + made + after)
    print(run.counts())


main()
