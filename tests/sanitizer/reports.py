"""What the programs of a sanitized build left in the file that report.cc writes."""

import pathlib
import struct

TITLE = "\n=== of "
END = "Shadow bytes around the buggy address"  # what follows helps nobody


def read(file):
    """[(command line, lines)] of each report; [] where there is no file."""
    path = pathlib.Path(file)
    if not path.exists() or not path.stat().st_size:
        return []
    with path.open("rb") as stream:
        used, = struct.unpack("Q", stream.read(8))
        text = stream.read(used).rstrip(b"\0").decode(errors="replace")
    found = []
    for report in text.split(TITLE)[1:]:
        command, _, rest = report.partition("\n")
        found.append((command, rest.split(END)[0].strip().split("\n")))
    return found
