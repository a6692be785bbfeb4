"""gocker-image as the tests drive it: runs with an environment of their own, what must hold after
a failure, and a TAP line for each test."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests/wrapper"))
import tap
from expect import wait_until  # noqa: F401  # for the files of tests

TESTS = []
# What pull and push say of what takes longer than a second, as on a busy machine.
PROGRESS = re.compile(r"^((layer \d+ of \d+|config)\b.*|.* layers finished)\n", re.M)


def test(function):
    TESTS.append(function)
    return function


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


class Skip(Exception):
    pass


class Store:
    """gocker-image with a store of its own; everything lies in `folder`."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "store"
        self.home = self.folder / "home"
        self.home.mkdir()
        self.registries = self.folder / "registries.conf"
        self.registries.write_text("")
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home),
            "GOCKER_REGISTRIES_CONF": str(self.registries),
        }

    def command(self, *arguments):
        return [self.program, "--root", str(self.root), *map(str, arguments)]

    def start(self, *arguments, **options):
        return subprocess.Popen(self.command(*arguments), env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def run(self, *arguments, environment=None, **options):
        return subprocess.run(self.command(*arguments), env={**self.environment,
                                                             **(environment or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300, **options)

    def ok(self, *arguments, **options):
        """stdout of a run that must succeed without a word on stderr but for its progress."""
        done = self.run(*arguments, **options)
        errors = PROGRESS.sub("", done.stderr)
        equal((done.returncode, errors), (0, ""), f"exit code and stderr of {arguments}")
        return done.stdout

    def fails(self, *arguments, code=1, **options):
        """The one line of a run that must fail."""
        done = self.run(*arguments, **options)
        equal((done.returncode, done.stdout), (code, ""), f"exit code and stdout of {arguments}")
        errors = PROGRESS.sub("", done.stderr)
        equal(errors.count("\n"), 1, f"lines of {errors!r}")
        contains(errors, "gocker-image: ")
        return errors.rstrip("\n")

    def listing(self):
        """All below the store with sizes and modes; the lock file aside, which says nothing."""
        found = []
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                path = pathlib.Path(folder, name)
                status = path.lstat()
                size = status.st_size if path.is_file() else 0
                found.append((str(path.relative_to(self.root)), status.st_mode, size))
        return sorted(entry for entry in found if entry[0] != "lock")

    def fails_unchanged(self, *arguments, **options):
        before = self.listing()
        line = self.fails(*arguments, **options)
        equal(self.listing(), before, "the store")
        return line


def run_tests(program):
    """Runs the tests of the calling file: FILE GOCKER_IMAGE [NAME...]."""
    names = sys.argv[2:]
    report = tap.Tap()
    for function in TESTS:
        name = function.__name__.replace("_", " ")
        if names and function.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory(prefix="gocker-image-") as folder:
            try:
                function(Store(program, folder))
                report.passed(name)
            except Skip as reason:
                report.skipped(name, reason)
            except Exception:
                report.failed(name, traceback.format_exc().rstrip("\n").split("\n"))
    report.finish()
