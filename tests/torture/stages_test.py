#!/usr/bin/env python3
"""A full disk, an error of the disk and kill -9 at every stage of what changes the store.

    tests/torture/stages_test.py GOCKER_IMAGE [WORD...]

strace lets one system call of a pull, a bundle or a removal fail or be the last: each kind of call that
changes something, early, in the midst and late. Afterwards fsck finds the store sound, the same command
succeeds, and nothing is left over. A TAP line for each command and kind of call (with WORDs: those that
have one in their name).
"""

import collections
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import traceback

import torture_cases  # noqa: F401  # for the paths
import support
import images
from archives import device, directory, entry, hardlink, symlink, tar, whiteout
from case import layered
from fake_registry import FakeRegistry
from program import Store, contains, equal
import tap

# What each fails with, as a full or a broken disk would.
CALLS = {"openat": "ENOSPC", "openat2": "ENOSPC", "write": "ENOSPC", "mkdirat": "ENOSPC", "mknodat": "ENOSPC",
         "symlinkat": "ENOSPC", "linkat": "ENOSPC", "renameat": "ENOSPC", "ftruncate": "ENOSPC",
         "fsetxattr": "ENOSPC", "setxattr": "ENOSPC", "fchown": "EIO", "fchownat": "EIO", "fchmod": "EIO",
         "utimensat": "EIO", "fsync": "EIO", "fdatasync": "EIO", "unlinkat": "EIO", "move_mount": "ENOSPC"}
MOMENTS = (0.05, 0.5, 0.95)


def an_image():
    """A bit of everything that layers hold."""
    attribute = {"SCHILY.xattr.user.note": "kept"}
    base = tar(*(entry(f"d{i % 7}/file{i}", content=os.urandom(400)) for i in range(150)),
               entry("noted", pax_headers=attribute), symlink("way", "d1"), hardlink("second", "noted"),
               device("null", 1, 3), entry("pipe", tarfile.FIFOTYPE), entry("mine", uid=7, mode=0o4755))
    return layered(base, tar(directory("d1", 0o750), whiteout("d2/.wh.file2"), entry("way/through")),
                   tar(hardlink("third", "noted"), whiteout("d3/.wh..wh..opq"), entry("d3/only")))


def strace(store, options, words):
    return subprocess.run(["strace", "-f", "-qq", "--seccomp-bpf", *options, *store.command(*words)],
                          env={**store.environment, **support.TRACED}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)


def counts(store, words):
    """How often the busiest thread makes each call, as strace counts for each by itself."""
    log = store.folder / "trace"
    done = strace(store, ["-o", log, "-e", "trace=" + ",".join(CALLS)], words)
    equal((done.returncode, done.stderr), (0, ""), f"{words}")
    found = collections.Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(errors="replace"), re.M))
    most = collections.Counter()
    for (_, call), count in found.items():
        most[call] = max(most[call], count)
    return most


class Stage:
    """A command, what is there before it, and how to take back what it does."""

    def __init__(self, name, words, prepare, undo):
        self.name, self.words, self.prepare, self.undo = name, words, prepare, undo


def stages(store, reference):
    bundle = store.folder / "bundle"
    pull = ["pull", "-q", reference]

    def nothing():
        store.run("rm", reference)
        store.ok("gc")

    def pulled():
        store.ok(*pull)

    def unbundled():
        store.ok("unbundle", bundle)

    return [Stage("pull", pull, lambda: None, nothing),
            Stage("bundle", ["bundle", reference, bundle], pulled, unbundled),
            Stage("flat bundle", ["bundle", "--flat", reference, bundle], pulled, unbundled),
            Stage("rm", ["rm", reference], pulled, nothing)]


def check(store, stage, what):
    contains(store.ok("fsck"), "the store is sound")
    if stage.name.endswith("bundle"):
        store.ok("unbundle", store.folder / "bundle")
    if stage.name == "rm":
        store.run(*stage.words)  # it may have been carried out
    else:
        store.ok(*stage.words)
    equal(list((store.root / "tmp").iterdir()), [], f"leftovers after {what}")
    contains(store.ok("fsck"), "the store is sound")
    stage.undo()


def fail(store, stage, call, when):
    """A call that fails: an error in one line, or all is well in spite of it."""
    stage.prepare()
    done = strace(store, ["-o", "/dev/null", "-e", f"trace={call}", "-e",
                          f"inject={call}:error={CALLS[call]}:when={when}"], stage.words)
    if done.returncode not in (0, 1) or (done.returncode == 1 and done.stderr.count("\n") != 1):
        raise AssertionError(f"{call} {when} fails: exit code {done.returncode}: {done.stderr}")
    check(store, stage, f"an error of {call} {when}")


def kill(store, stage, call, when):
    stage.prepare()
    strace(store, ["-o", "/dev/null", "-e", f"trace={call}", "-e",
                   f"inject={call}:signal=KILL:when={when}"], stage.words)
    check(store, stage, f"a kill at {call} {when}")


def main():
    program, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    report = tap.Tap()
    tries = [fail, kill]
    if support.is_sanitized(program):
        tries = [kill]
        report.skipped("calls that fail", "the sanitizers make some of their own, and take none for failed")
    with tempfile.TemporaryDirectory(prefix="gocker-stages-") as folder, FakeRegistry() as registry:
        store = Store(program, pathlib.Path(folder))
        reference = registry.add(an_image())
        for stage in stages(store, reference):
            stage.prepare()
            most = counts(store, stage.words)
            stage.undo()
            for call in (call for call in CALLS if most[call]):
                name = f"{stage.name}: {call}, which fails, or is the last"
                if words and not any(word in name for word in words):
                    continue
                try:
                    for when in sorted({max(1, round(most[call] * moment)) for moment in MOMENTS}):
                        for each in tries:
                            each(store, stage, call, when)
                    report.passed(name)
                except Exception:
                    report.failed(name, traceback.format_exc().rstrip("\n").split("\n"))
                    subprocess.run(["umount", "-l", f"{folder}/bundle/rootfs"], capture_output=True)
                    subprocess.run(["rm", "-rf", f"{folder}/bundle", f"{folder}/store"], check=True)
    report.finish()


if __name__ == "__main__":
    support.enter_own_mounts()
    main()
