"""What the tests of layers and bundles share: tests/image's store and registry, a private mount
namespace, trees that are compared."""

import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("tests/image", "tests/wrapper", "tests/images"):
    sys.path.insert(0, str(ROOT / folder))


# A sanitized program can't look for leaks under strace.
TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}


def is_sanitized(program):
    return b"__asan_init" in pathlib.Path(program).read_bytes()


def enter_own_mounts():
    """Starts the program again where its mounts are nobody else's, and go with it."""
    if os.environ.get("GOCKER_TEST_OWN_MOUNTS") == "yes":
        return
    os.environ["GOCKER_TEST_OWN_MOUNTS"] = "yes"
    os.execvp("unshare", ["unshare", "--mount", "--propagation=private", sys.executable, "-B",
                          *sys.argv])


def run_until_call(store, call, count, *arguments):
    """Runs gocker-image and kills it as it enters the system call `call` for the `count`th time.
    Returns whether it got that far."""
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", f"--trace={call}",
         f"--inject={call}:signal=KILL:when={count}", *store.command(*arguments)],
        env={**store.environment, **TRACED}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


def mounts_below(folder):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        return [line.split()[4] for line in table if line.split()[4].startswith(str(folder))]


def differences(tree_compare, left, right):
    """The lines of tree-compare for two trees."""
    done = subprocess.run([tree_compare, left, right], capture_output=True, text=True,
                          errors="replace")
    if done.returncode not in (0, 1) or (done.returncode == 0) != (done.stdout == ""):
        raise AssertionError(f"tree-compare: {done.returncode}: {done.stderr}")
    return done.stdout.splitlines()
