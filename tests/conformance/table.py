"""docs/conformance.md as text: the part between its two marks is made from the rows."""

from conformance import rows

DOCUMENT = rows.ROOT / "docs" / "conformance.md"
BEGIN = "<!-- made by tests/conformance/write-table.py: begin -->\n"
END = "<!-- made by tests/conformance/write-table.py: end -->\n"


def section_of(name):
    """"process.user", "linux.resources": the heading that a property is listed below."""
    parts = name.partition(" = ")[0].replace("[]", "").split(".")
    return parts[0] if parts[0] != "linux" or len(parts) == 1 else ".".join(parts[:2])


def cells(row):
    code = "none" if not rows.concerns_linux(row) else ", ".join(f"`{t}`" for t in row.tests)
    places = ", ".join(f"`{place}`" for place in row.places)
    supported = "yes" if rows.concerns_linux(row) else "not on Linux"
    if row.note:
        supported += f" ({row.note})"
    return [f"`{row.property}`", supported, places, code]


def made_part(result_of):
    """The tables; `result_of(row)` is the text of the last column."""
    lines, section = [], None
    for row in rows.read_rows()[0]:
        if section_of(row.property) != section:
            section = section_of(row.property)
            lines += ["", f"### {section}", "",
                      "| property | supported | where | tested by | result |", "|---|---|---|---|---|"]
        lines.append("| " + " | ".join(cells(row) + [result_of(row)]) + " |")
    return "\n".join(lines) + "\n\n"


def read_document():
    """(before, made, after)"""
    before, begin, rest = DOCUMENT.read_text().partition(BEGIN)
    made, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{DOCUMENT} lacks its marks")
    return before + begin, made, end + after


def without_results(made):
    """Results and counts are those of one run: the rest must fit the rows at any time."""
    kept = [line.rstrip("| ").rpartition(" | ")[0] for line in made.splitlines() if line.startswith("|")]
    return kept
