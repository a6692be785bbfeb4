#!/usr/bin/env python3
"""clang-tidy on the C++ sources that a build directory compiles.

    tests/source/check-tidy.py BUILD_DIRECTORY [--all | FILE...]

A TAP line for each source of the programs (headers are seen through the sources that include them).
With --all, the sources of the tests as well: that takes twice as long, some 20 minutes on two
processors. What was clean is remembered in BUILD_DIRECTORY/clang-tidy until the source, a header of
the project or a .clang-tidy changes.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import sources
from sources import tap

# What g++ 12 knows and clang-tidy 14 does not.
UNKNOWN_OPTIONS = {"-ftrivial-auto-var-init=zero", "-fstack-clash-protection",
                   "-fno-tree-loop-distribute-patterns"}


def compile_commands(build, cache):
    """Writes a compile_commands.json that clang understands; returns the sources it names."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if not file.is_relative_to(sources.ROOT) or file.is_relative_to(build):
            continue
        words = [w for w in entry["command"].split(" ") if w not in UNKNOWN_OPTIONS]
        if words[0].endswith("ccache"):
            words = words[1:]
        found[file] = {"directory": entry["directory"], "file": str(file), "command": " ".join(words)}
    (cache / "compile_commands.json").write_text(json.dumps(list(found.values())))
    return {str(f.relative_to(sources.ROOT)): entry for f, entry in sorted(found.items())}


def digest_of(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    cache = build / "clang-tidy"
    cache.mkdir(exist_ok=True)
    commands = compile_commands(build, cache)
    if sys.argv[2:] == ["--all"]:
        wanted = list(commands)
    else:
        wanted = sys.argv[2:] or [f for f in commands if not f.startswith("tests/")]
    headers = [(sources.ROOT / f).read_text() for f in sources.cpp_files(suffixes=(".h",))]
    rules = [f.read_text() for f in [sources.ROOT / ".clang-tidy"]
             + sorted((sources.ROOT / "tests").rglob(".clang-tidy"))]
    common = digest_of(*rules, *headers)

    def check(file):
        entry = commands[file]
        clean = cache / digest_of(common, entry["command"], (sources.ROOT / file).read_text())
        if clean.exists():
            return []
        done = subprocess.run(["clang-tidy", "--quiet", "-p", str(cache), entry["file"]],
                              cwd=sources.ROOT, text=True, capture_output=True)
        if done.returncode == 0:
            clean.touch()
            return []
        return (done.stdout.strip() or done.stderr.strip()).split("\n")

    report = tap.Tap()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, findings in zip(wanted, pool.map(check, wanted)):
            report.result(f"clang-tidy {file}", findings)
    report.finish()


main()
