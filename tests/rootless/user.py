"""An ordinary user that only the tests know: an id of its own, ranges of subordinate ids, a home.

The test runs in a mount namespace of its own, in which /etc has the user's lines; the machine's files
are left alone. Nothing that the tests make as this user needs root.
"""

import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import tap
from expect import contains, equal, remove_group, wait_until  # noqa: F401  # for the tests too

RANGE = 65536
TESTS = []
LIBC = ctypes.CDLL(None, use_errno=True)
MS_BIND = 4096


def test(function):
    TESTS.append(function)
    return function


class Skip(Exception):
    """A test that this machine can't run; says why."""


def mount(source, target, kind="", flags=0, data=""):
    if LIBC.mount(str(source).encode(), str(target).encode(), kind.encode(), flags,
                  data.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def enter_own_mount_namespace():
    """Again from the start, in a mount namespace whose mounts stay in it."""
    if os.environ.get("GOCKER_ROOTLESS_TEST") != str(os.getpid()):
        os.environ["GOCKER_ROOTLESS_TEST"] = str(os.getpid())
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                              *sys.argv])
    del os.environ["GOCKER_ROOTLESS_TEST"]


class User:
    def __init__(self, folder, uid, subordinate=True):
        self.uid = uid
        self.first = 2_000_000_000 + uid % 10_000 * RANGE  # of the subordinate ids
        self.name = f"gocker{uid}"
        self.subordinate = subordinate
        self.home = folder / self.name
        self.run = folder / f"{self.name}-run"
        for place in (self.home, self.run):
            place.mkdir(mode=0o700)
            os.chown(place, uid, uid)
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.home),
                    "XDG_RUNTIME_DIR": str(self.run), "USER": self.name, "LANG": "C.UTF-8"}

    def lines(self, file):
        """What the user has in a file of /etc."""
        ranges = f"{self.name}:{self.first}:{RANGE}\n" if self.subordinate else ""
        return {"passwd": f"{self.name}:x:{self.uid}:{self.uid}::{self.home}:/bin/sh\n",
                "group": f"{self.name}:x:{self.uid}:\n", "subuid": ranges, "subgid": ranges}[file]

    def options(self, env, before):
        return {"user": self.uid, "group": self.uid, "extra_groups": [], "cwd": self.home,
                "env": {**self.env, **(env or {})}, "preexec_fn": before, "text": True}

    def __call__(self, *words, code=0, text=None, env=None, before=None, timeout=180):
        """Runs a program to its end as the user; (stdout, stderr). `before` runs before it, as the
        user already."""
        done = subprocess.run([str(word) for word in words], capture_output=True, timeout=timeout,
                              input=text, stdin=subprocess.DEVNULL if text is None else None,
                              **self.options(env, before))
        if done.returncode != code:
            raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}, not "
                                 f"{code}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done.stdout, done.stderr

    def start(self, *words, env=None, **more):
        return subprocess.Popen([str(word) for word in words],
                                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                   "stderr": subprocess.PIPE, **self.options(env, None), **more})

    def fails(self, *words, code=1, **more):
        """Runs what must fail with one line on stderr; that line."""
        out, err = self(*words, code=code, **more)
        equal(err.count("\n"), 1, f"lines of {err!r}")
        return err


def new_users(folder):
    """A user with ranges of subordinate ids, and one without."""
    taken = {int(line.split(":")[2]) for line in open("/etc/passwd")}
    first = next(uid for uid in range(30_000 + os.getpid() % 10_000, 65_000, 2)
                 if not taken & {uid, uid + 1})
    users = User(folder, first), User(folder, first + 1, subordinate=False)
    for file in ("passwd", "group", "subuid", "subgid"):
        place = pathlib.Path("/etc") / file
        if not place.exists():
            place.touch()
        own = folder / file
        own.write_text((place.read_text() if place.stat().st_size else "") +
                       "".join(user.lines(file) for user in users))
        own.chmod(0o644)
        mount(own, place, flags=MS_BIND)
    return users


def lacking():
    """Why nothing can be tested here; empty where it can."""
    if os.geteuid() != 0:
        return "needs root, to become a user of its own"
    for tool in ("unshare", "newuidmap", "newgidmap", "busybox"):
        if shutil.which(tool) is None:
            return f"no {tool} on this machine"
    probe = subprocess.run(["unshare", "--user", "--mount", "true"], user=65_533, group=65_533,
                           extra_groups=[], capture_output=True, text=True)
    if probe.returncode != 0:
        return f"an ordinary user can make no user namespace: {probe.stderr.strip()}"
    return ""


def run_tests(prepare, names):
    """Each test with what `prepare(folder, user, other_user)` returns."""
    report = tap.Tap()
    chosen = [each for each in TESTS if not names or each.__name__ in names]
    reason = lacking()
    if reason:
        for each in chosen:
            report.skipped(each.__name__, reason)
        report.finish()
    enter_own_mount_namespace()
    subject = None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gocker-rootless-"))
    try:
        folder.chmod(0o755)
        subject = prepare(folder, *new_users(folder))
        for each in chosen:
            try:
                each(subject)
                subject.check_clean()
                report.passed(each.__name__)
            except Skip as why:
                report.skipped(each.__name__, why)
            except Exception as failure:  # one test's failure is not the next one's
                report.failed(each.__name__, f"{type(failure).__name__}: {failure}".splitlines())
                subject.clean()
    finally:
        if subject:
            subject.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report.finish()
