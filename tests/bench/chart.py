"""A bar chart as SVG, readable on a light page and on a dark one."""

COLOURS = {"gocker-runtime": "#2a7de1", "crun": "#8d99ae", "runc": "#c9ced6", "floor": "#f2a541"}
LEFT, BAR, GAP, WIDTH, TOP = 170, 14, 16, 760, 46


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def bars(title, rows, order, unit="ms"):
    """`rows`: [(label, {name: value})]. Values are written at the bars; long ones are cut off, so that
    the short ones can be told apart."""
    values = sorted(value for _, row in rows for value in row.values())
    longest = 2.2 * values[len(values) // 2]
    scale = (WIDTH - LEFT - 90) / longest
    parts, y = [], TOP
    for label, row in rows:
        names = [name for name in order if name in row]
        middle = y + (len(names) * BAR) / 2 + 4
        parts.append(f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end">{escape(label)}</text>')
        for name in names:
            length = min(row[name], longest) * scale
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" rx="2" '
                         f'fill="{COLOURS[name]}"/>')
            beyond = "" if row[name] <= longest else " \u2192"
            parts.append(f'<text x="{LEFT + length + 5:.1f}" y="{y + BAR - 4}" class="v">'
                         f'{row[name]:.1f}{beyond}</text>')
            y += BAR
        y += GAP
    return page(title, parts, order, y, unit)


def page(title, parts, order, height, unit):
    legend, x = [], LEFT
    for name in order:
        legend.append(f'<rect x="{x}" y="28" width="10" height="10" fill="{COLOURS[name]}"/>'
                      f'<text x="{x + 14}" y="37" class="v">{name}</text>')
        x += 40 + 7 * len(name)
    style = ("text{font:13px sans-serif;fill:#444}.v{font-size:11px}.t{font-weight:bold}"
             "@media(prefers-color-scheme:dark){text{fill:#ccc}}")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">',
        f"<style>{style}</style>",
        f'<text x="{LEFT}" y="18" class="t">{escape(title)} ({unit}, shorter is better)</text>',
        *legend, *parts, "</svg>", ""])
