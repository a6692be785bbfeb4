#!/usr/bin/env python3
"""Writes the table of docs/torture.md: each case, what gocker-image makes of it, and what others do.

    tests/torture/write-table.py

The cases say what gocker-image is to do, and torture_test.py that it does; what others do is in
peers.json, which peers.py writes.
"""

import json
import pathlib
import sys

import torture_cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from bench import report  # noqa: E402

DOCUMENT = ROOT / "docs/torture.md"
PEERS = ("umoci", "podman", "ctr")


def cell(outcome):
    """One peer's outcome; an empty cell where it is gocker's."""
    if outcome is None:
        return "–"
    if outcome == "as gocker":
        return ""
    return outcome.replace("otherwise: ", "taken, but ").replace("|", "\\|").replace("OUTSIDE", "…")


def table(known):
    lines, group = [], None
    for case in torture_cases.CASES:
        if case.group != group:
            group = case.group
            versions = [f"{peer} {known['versions'][peer].split('+')[0].split('~')[0]}" for peer in PEERS]
            lines += ["", f"## {group}", "", "| case | gocker-image | " + " | ".join(versions) + " |",
                      "| --- | --- | --- | --- | --- |"]
        found = known["cases"].get(f"{case.group}: {case.name}", {})
        own = "taken" if case.is_taken else "refused"
        lines.append(f"| {case.name} | {own} | " + " | ".join(cell(found.get(peer)) for peer in PEERS) + " |")
    return "\n".join(lines) + "\n"


def main():
    known = json.loads((pathlib.Path(__file__).with_name("peers.json")).read_text())
    page = DOCUMENT.read_text()
    DOCUMENT.write_text(report.replace_between_markers(page, "cases", table(known)))


main()
