"""What the tests of all engines share: the table of cases, the way into a host of their own, the report.

A file of an engine has a class below Engine and @case functions that take it, and ends with
engine.main(CLASS). Run it as

    FILE RUNTIME [NAME...]       or   GOCKER_RUNTIME=/usr/sbin/runc FILE RUNTIME [NAME...]

A TAP line for each case; with NAMEs only for those whose names contain one. What fails is tried with
Debian's runc as well: where that fails, too, the machine is at fault and the case counts as skipped.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402
import images  # noqa: E402
import tap  # noqa: E402
import terminal  # noqa: E402
from expect import contains, counted, equal  # noqa: E402, F401  # for the engines' files
from expect import wait_for_rest, wait_until  # noqa: E402, F401

RUNC = "/usr/sbin/runc"
IMAGE = images.NAME
CASE_SECONDS = 400
NOTHING_LEFT = "nothing is left when the containers are gone"
CASES = []


def case(name):
    """Registers a case; its name tells what is expected."""
    def register(function):
        CASES.append((name, function))
        return function
    return register


class Skip(Exception):
    """A case that this machine or this version of the engine cannot have; says why."""


@dataclasses.dataclass
class Result:
    """What became of a case: it passed where there are neither findings nor a reason to skip it.

    The first of the findings says it in one line.
    """
    name: str
    findings: list
    skip: str = ""
    seconds: float = 0
    notes: list = dataclasses.field(default_factory=list)

    @property
    def passed(self):
        return not self.findings and not self.skip


class Engine:
    """One engine with its state in `folder`, inside a host of its own.

    `program` is its command line client with the options that each call needs.
    """
    name = ""

    def __init__(self, runtime):
        self.runtime = pathlib.Path(runtime)
        self.folder = host.FOLDER
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder),
                    "LC_ALL": "C.UTF-8"}
        self.program = []
        self.notes = []
        self.images = images.Images(self.folder / "images")

    def version(self):
        """The engine's name and version, for the table."""
        raise NotImplementedError

    def start(self):
        """Starts the daemon, where there is one, and loads the image."""

    def stop(self):
        """The opposite of start."""

    def reset(self):
        """Removes what a failed case left."""

    def daemons(self):
        """The engine's own processes, by ID, which may be others than before the cases."""
        return set()

    def state_folders(self):
        """Where the runtime keeps its containers for this engine."""
        return ["/run/gocker-runtime", "/run/runc", "/run/crun"]

    def note(self, text):
        """Figures of a case, shown beside its result."""
        self.notes.append(text)

    def keeps_group(self, path):
        """Whether a control group is one that the engine itself made and leaves."""
        return False

    def try_run(self, *words, text=None, timeout=120, env=None):
        """Runs the client to its end, whatever it returns."""
        return subprocess.run([*self.program, *map(str, words)], input=text, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL if text is None else None, capture_output=True,
                              env={**self.env, **(env or {})}, errors="replace")

    def __call__(self, *words, code=0, **more):
        """Runs the client and checks its exit code; what it printed, without the last line break."""
        done = self.try_run(*words, **more)
        if done.returncode != code:
            raise AssertionError(f"{self.name} {' '.join(map(str, words))}: exit code {done.returncode}, "
                                 f"not {code}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done.stdout.rstrip("\n")

    def fails(self, *words, code, says=""):
        """A call that must fail so; its stderr, with `says` in it."""
        done = self.try_run(*words)
        if done.returncode != code:
            raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}, not {code}: "
                                 f"{done.stdout} {done.stderr}")
        contains(done.stderr, says)
        return done.stderr

    def background(self, *words, env=None, **more):
        """Begins a call."""
        return subprocess.Popen([*self.program, *map(str, words)], env={**self.env, **(env or {})}, text=True,
                                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                                   "stderr": subprocess.PIPE, **more})

    def on_terminal(self, *words, **more):
        return terminal.Terminal([*self.program, *map(str, words)], self.env, **more)


# Inside the host


def chosen(names):
    return [(name, function) for name, function in CASES
            if not names or any(part in name for part in names)]


def time_is_up(*_):
    raise AssertionError(f"not within {CASE_SECONDS} s")


def run_case(engine, name, function):
    begin = time.monotonic()
    findings, skip = [], ""
    engine.notes = []
    signal.alarm(CASE_SECONDS)
    try:
        function(engine)
    except Skip as reason:
        skip = str(reason)
    except Exception as failure:
        findings = [str(failure).split("\n")[0], *traceback.format_exc().strip().split("\n")]
    signal.alarm(0)
    if findings:
        with contextlib.suppress(Exception):
            engine.reset()
    return Result(name, findings, skip, round(time.monotonic() - begin, 2), engine.notes)


def run_cases(engine_class, runtime, names, tell):
    """Runs the cases on this host and tells each result, at the end whether anything is left."""
    signal.signal(signal.SIGALRM, time_is_up)
    engine = engine_class(runtime)
    tell({"version": engine.version()})
    engine.start()
    try:
        before = host.Snapshot(engine.keeps_group)
        for name, function in chosen(names):
            tell(dataclasses.asdict(run_case(engine, name, function)))
        with contextlib.suppress(Exception):
            engine.reset()
        left = before.wait_for_nothing_added(engine.state_folders(), engine.daemons())
        tell(dataclasses.asdict(Result(NOTHING_LEFT, left)))
    finally:
        engine.stop()


def inside(engine_class, runtime, *names):
    """The first process of the host: makes it, and reaps orphans while a child runs the cases."""
    pipe = os.fdopen(int(os.environ.pop("GOCKER_ENGINES_PIPE")), "w")

    def tell(message):
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    host.set_up()
    worker = os.fork()
    if worker:
        pipe.close()
        sys.exit(host.reap_until(worker))
    run_cases(engine_class, runtime, names, tell)


# Outside


class Run:
    """The cases of one engine's file with one runtime: iterate for the results, `version` comes first."""

    def __init__(self, file, runtime, names=()):
        self.words = host.command(file, "--inside", str(runtime), *names)
        self.version = ""

    def __iter__(self):
        read_end, write_end = os.pipe()
        with host.Groups() as groups:
            process = subprocess.Popen(self.words, preexec_fn=groups.join, pass_fds=[write_end],
                                       stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(),
                                       env={**os.environ, "GOCKER_ENGINES_PIPE": str(write_end)})
            os.close(write_end)
            try:
                with os.fdopen(read_end) as lines:
                    for line in lines:
                        message = json.loads(line)
                        if "version" in message:
                            self.version = message["version"]
                        else:
                            yield Result(**message)
            finally:
                process.kill()  # its children go with it; it has ended unless we are interrupted
                process.wait()

    def results(self):
        return list(self)


def explain(file, failures):
    """What of the failures runc has, too: they become skips."""
    with_runc = {result.name: result for result in Run(file, RUNC, [f.name for f in failures])}
    for failure in failures:
        other = with_runc.get(failure.name)
        if other and other.findings:
            yield Result(failure.name, [], f"fails with runc, too: {other.findings[0]}")
        else:
            yield failure


def report_on(file, runtime, names):
    report = tap.Tap()
    failures = []
    run = Run(file, runtime, names)
    seen = set()
    for result in run:
        seen.add(result.name)
        for note in result.notes:
            print(f"# {note}")
        if result.findings:
            failures.append(result)
        elif result.skip:
            report.skipped(result.name, result.skip)
        else:
            report.passed(result.name)
    if NOTHING_LEFT not in seen:
        failures.append(Result("the run as a whole", ["it ended before its last case, see above"]))
    if failures and os.path.realpath(runtime) != os.path.realpath(RUNC) and os.path.exists(RUNC):
        failures = explain(file, failures)
    for failure in failures:
        if failure.skip:
            report.skipped(failure.name, failure.skip)
        else:
            report.failed(failure.name, failure.findings)
    report.finish()


def main(engine_class):
    file, arguments = os.path.abspath(sys.argv[0]), sys.argv[1:]
    if arguments[:1] == ["--inside"]:
        inside(engine_class, *arguments[1:])
        return
    if os.geteuid() != 0:
        print("1..0 # SKIP engines need root")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that control groups are removed
    runtime = os.environ.get("GOCKER_RUNTIME") or (arguments or [ROOT / "build/bin/gocker-runtime"])[0]
    report_on(file, os.path.abspath(runtime), arguments[1:])
