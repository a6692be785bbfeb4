#!/usr/bin/env python3
"""Writes the tables of docs/engines.md: every case with Debian's runc and with gocker-runtime.

    tests/engines/write-table.py [--runtime GOCKER_RUNTIME] [ENGINE...]

ENGINE is the name of a file ENGINE_test.py beside this one; without any, all of them. Exits 1 where a
case passes with runc and fails with gocker-runtime; the table is written all the same.
"""

import argparse
import pathlib
import sys

import engine

sys.path.insert(0, str(engine.ROOT / "tests"))
from bench import report  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = engine.ROOT / "docs/engines.md"
RUNTIMES = {"runc": engine.RUNC, "gocker": None}


def word(result):
    """One cell of the table."""
    if result is None:
        return "not run"
    if result.skip:
        return f"skipped: {result.skip}"
    return "passed" if result.passed else "**failed**"


def table_of(name, gocker_runtime):
    """The lines of an engine's table, and the names of the cases that fail with gocker alone."""
    file = HERE / f"{name}_test.py"
    columns, version = [], ""
    for runtime, program in RUNTIMES.items():
        run = engine.Run(file, program or gocker_runtime)
        columns.append({result.name: result for result in run})
        version = run.version
        print(f"{name} with {runtime}: {sum(r.passed for r in columns[-1].values())} of "
              f"{len(columns[-1])} passed", file=sys.stderr)
    with_runc, with_gocker = columns
    lines = [f"{version}: {sum(r.passed for r in with_runc.values())} of {len(with_runc)} cases pass with "
             f"runc, {sum(r.passed for r in with_gocker.values())} with gocker-runtime.", "",
             "| case | runc | gocker |", "| --- | --- | --- |"]
    worse = []
    for case in dict.fromkeys([*with_runc, *with_gocker]):
        old, new = with_runc.get(case), with_gocker.get(case)
        lines.append(f"| {case} | {word(old)} | {word(new)} |")
        if old and old.passed and not (new and new.passed):
            worse.append(f"{name}: {case}: {new.findings[0] if new and new.findings else 'not run'}")
    return "\n".join(lines), worse


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", type=pathlib.Path, default=engine.ROOT / "build/bin/gocker-runtime")
    parser.add_argument("engines", nargs="*", metavar="ENGINE")
    arguments = parser.parse_args()
    everything = sorted(file.name.removesuffix("_test.py") for file in HERE.glob("*_test.py"))
    failures = []
    for name in arguments.engines or everything:
        table, worse = table_of(name, arguments.runtime.absolute())
        failures += worse
        page = DOCUMENT.read_text()
        DOCUMENT.write_text(report.replace_between_markers(page, name, table))
    sys.exit("\n".join(failures) if failures else 0)


if __name__ == "__main__":
    main()
