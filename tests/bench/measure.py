"""Times of operations, runtime beside runtime."""

import json
import os
import statistics
import subprocess
import sys
import time

import counts

BACK_TO_BACK, SPACED = 0.0, 0.2  # seconds between two starts


class Runtime:
    def __init__(self, name, path, state, launcher, options=()):
        self.name, self.path, self.launcher, self.options = name, str(path), launcher, options
        self.state = str(state)
        self.count = 0

    def new_id(self):
        self.count += 1
        return f"bench-{self.name}-{os.getpid()}-{self.count}"

    def command(self, *words):
        return [self.path, "--root", self.state, *self.options, *map(str, words)]

    def timed(self, *words, expected=0):
        return timed(self.launcher, self.command(*words), expected)

    def quietly(self, *words):
        subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)

    # Each operation returns the seconds of what it is named after, and cleans up outside of them.
    def run(self, bundle):
        return self.timed("run", "-b", bundle.folder, self.new_id())

    def create_and_start(self, bundle):
        name = self.new_id()
        seconds = self.timed("create", "-b", bundle.folder, name) + self.timed("start", name)
        self.remove(name)
        return seconds

    def waiting_kilobytes(self, bundle):
        """What a container takes between create and start: VmRSS, RssAnon."""
        name = self.new_id()
        self.quietly("create", "-b", bundle.folder, name)
        try:
            state = subprocess.run(self.command("state", name), check=True, stdout=subprocess.PIPE)
            found = counts.resident_kilobytes(json.loads(state.stdout)["pid"])
        finally:
            self.remove(name)
        return {kind: found[kind] for kind in ("VmRSS", "RssAnon")}

    def delete(self, bundle):
        name = self.new_id()
        self.quietly("create", "-b", bundle.folder, name)
        self.quietly("start", name)
        self.wait_until_stopped(name)
        return self.timed("delete", name)

    def wait_until_stopped(self, name):
        for _ in range(500):
            state = subprocess.run(self.command("state", name), capture_output=True, text=True)
            if '"stopped"' in state.stdout:
                return
            time.sleep(0.002)
        sys.exit(f"bench: {name} does not end")

    def remove(self, name):
        subprocess.run(self.command("delete", "--force", name), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


class Resident:
    """A container that lives on, for what is done to one."""

    def __init__(self, runtime, bundle):
        self.runtime, self.name = runtime, runtime.new_id()
        bundle.set_args("/bin/true", "wait")
        runtime.quietly("create", "-b", bundle.folder, self.name)
        bundle.set_args("/bin/true")
        runtime.quietly("start", self.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.runtime.remove(self.name)

    def exec(self):
        return self.runtime.timed("exec", self.name, "/bin/true")

    def state(self):
        return self.runtime.timed("state", self.name)

    def kill(self):
        return self.runtime.timed("kill", self.name, "CONT")


class Floor:
    """floor.c, which is no runtime: it only runs."""

    name = "floor"

    def __init__(self, path, launcher, groups):
        self.path, self.launcher, self.groups = path, launcher, groups

    def command(self, bundle, number=0):
        """`number` tells starts at the same time apart."""
        groups = [f"{group}-{number}" for group in self.groups] if number else self.groups
        return [self.path, str(bundle.rootfs), *groups]

    def run(self, bundle):
        return timed(self.launcher, self.command(bundle), 0)


def timed(launcher, command, expected):
    """Seconds. A program that fails looks fast, so every exit code is checked."""
    told = subprocess.run([launcher] + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    nanoseconds, _, code = told.split()
    if int(code) != expected:
        sys.exit(f"bench: exit code {code}, not {expected}: {' '.join(command)}")
    return int(nanoseconds) / 1e9


def in_turns(operations, turns, pause=BACK_TO_BACK):
    """{name: median milliseconds}. They take turns, so that all see the same machine, and each begins
    a turn equally often."""
    names = list(operations)
    times = {name: [] for name in names}
    for turn in range(-2, turns):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(pause)
            seconds = operations[name]()
            if turn >= 0:
                times[name].append(seconds)
    return {name: statistics.median(values) * 1000 for name, values in times.items()}


def starts_per_second(name, commands):
    """Of as many starts at the same time."""
    begin = time.perf_counter()
    running = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
               for command in commands]
    codes = [process.wait() for process in running]
    seconds = time.perf_counter() - begin
    if any(codes):
        sys.exit(f"bench: {name}: {sum(map(bool, codes))} of {len(codes)} starts failed")
    return len(codes) / seconds


class Crowd:
    """Containers of the runtime's own that wait for their start."""

    def __init__(self, runtime, bundle):
        self.runtime, self.bundle, self.names = runtime, bundle, []

    def grow_to(self, count):
        while len(self.names) < count:
            name = self.runtime.new_id()
            self.runtime.quietly("create", "-b", self.bundle.folder, name)
            self.names.append(name)

    def leave(self):
        for name in self.names:
            self.runtime.remove(name)
