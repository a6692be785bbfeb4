"""Markdown tables, put between the markers of a page."""

import re


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |",
             "| --- |" + " ---: |" * (len(header) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def times(first, rows, names, versions):
    """Milliseconds, and gocker-runtime's as a share of each other's."""
    mine = names[0]
    others = names[1:]
    header = [first] + [f"{n} {versions.get(n, '')}".strip() for n in names]
    header += [f"of {n}" for n in others]
    cells = []
    for label, row in rows:
        line = [label] + [f"{row[n]:.2f} ms" if n in row else "–" for n in names]
        line += [f"{row[mine] / row[n]:.2f}" if n in row else "–" for n in others]
        cells.append(line)
    return table(header, cells)


def replace_between_markers(page, name, text):
    """The page with `text` between <!-- NAME --> and <!-- /NAME -->."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    if not pattern.search(page):
        raise ValueError(f"no markers <!-- {name} --> in the page")
    return pattern.sub(lambda match: match.group(1) + "\n" + text + "\n\n" + match.group(2), page)
