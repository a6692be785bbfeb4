"""Which files the source checks look at."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import tap  # the checks have it from here

CPP_FOLDERS = ("oci-spec", "runtime", "imagetool", "tests")


def cpp_files(folders=CPP_FOLDERS, suffixes=(".cc", ".h")):
    """C++ files below the folders, sorted, relative to the project's root."""
    found = []
    for folder in folders:
        found += (f for f in (ROOT / folder).rglob("*") if f.suffix in suffixes and f.is_file())
    return sorted(f.relative_to(ROOT) for f in found)


def shell_files():
    """Files with a shell's #! line or a .bash or .sh suffix."""
    found = []
    for folder in ("scripts", ".ci", "tests"):
        for file in (ROOT / folder).rglob("*"):
            if not file.is_file() or file.is_symlink():
                continue
            if file.suffix in (".bash", ".sh"):
                found.append(file)
            elif not file.suffix:
                with open(file, "rb") as stream:
                    first = stream.readline()
                if first.startswith(b"#!") and first.rstrip().endswith((b"bash", b"sh")):
                    found.append(file)
    return sorted(f.relative_to(ROOT) for f in found)
