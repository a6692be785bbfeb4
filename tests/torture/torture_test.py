#!/usr/bin/env python3
"""Images and registries that were made to do harm, against the whole of gocker-image.

    tests/torture/torture_test.py GOCKER_IMAGE [WORD...]

For each case (with WORDs: those that have one in their name): what is refused is refused in one line
and leaves the store as it was; what is taken lands inside the image, in an overlay and in a flat
bundle. A canary outside stays, fsck finds the store sound, and the next pull succeeds. A TAP line for
each case.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

import torture_cases
import support
import images
from fake_registry import FakeRegistry
from program import Store, contains, equal
import tap


class Canary:
    """A directory outside the store that a layer may know the name of."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "sub").mkdir(parents=True)
        file = self.folder / "canary"
        file.write_text("must stay")
        file.chmod(0o600)
        os.utime(file, (5, 5))
        os.utime(self.folder, (6, 6))
        self.before = self.state()

    def state(self):
        """Names, contents and all of lstat but the time of last access and of last change."""
        found = []
        for path in [self.folder, *sorted(self.folder.rglob("*"))]:
            status = path.lstat()
            found.append((str(path), status.st_mode, status.st_nlink, status.st_uid, status.st_gid,
                          status.st_size, status.st_mtime_ns, status.st_ino,
                          path.read_bytes() if path.is_file() else b""))
        return found

    def check(self):
        equal(self.state(), self.before, "the canary")


def check_refused(store, case, reference):
    line = store.fails_unchanged("pull", "-q", *case.options, reference)
    contains(line, f"gocker-image: pull {reference}: ")
    contains(line, case.says)


def check_taken(store, case, reference, canary):
    done = store.run("pull", "-q", *case.options, reference)
    # What is left out of a layer is told.
    told = [line for line in done.stderr.splitlines() if not line.startswith("gocker-image: warning: ")]
    equal((done.returncode, told), (0, []), "exit code and stderr")
    for kind in ("overlay", "flat"):
        bundle = store.folder / kind
        store.ok("bundle", *(["--flat"] if kind == "flat" else []), reference, bundle)
        canary.check()
        case.look(bundle / "rootfs", canary.folder)
        store.ok("unbundle", bundle)


def run(case, program, folder):
    store = Store(program, folder)
    canary = Canary(store.folder / "outside")
    store.ok("images")  # makes the store
    with FakeRegistry() as registry:
        image = case.build(canary.folder)
        reference = registry.add(image)
        if case.serve:
            case.serve(registry, image, reference)
        if case.is_taken:
            check_taken(store, case, reference, canary)
        else:
            check_refused(store, case, reference)
        canary.check()
        contains(store.ok("fsck"), "the store is sound")
        # The next try, of an image that is as it should be.
        registry.faults.clear()
        store.ok("pull", "-q", registry.add(images.small_image()))
        contains(store.ok("fsck"), "the store is sound")
        equal(list((store.root / "tmp").iterdir()), [], "leftovers")


def main():
    program, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    report = tap.Tap()
    for case in torture_cases.CASES:
        name = f"{case.group}: {case.name}"
        if words and not any(word in name for word in words):
            continue
        with tempfile.TemporaryDirectory(prefix="gocker-torture-") as folder:
            try:
                run(case, program, folder)
                report.passed(name)
            except Exception:
                report.failed(name, traceback.format_exc().rstrip("\n").split("\n"))
                subprocess.run(["umount", "-l", f"{folder}/overlay/rootfs"], capture_output=True)
    report.finish()


if __name__ == "__main__":
    support.enter_own_mounts()
    main()
