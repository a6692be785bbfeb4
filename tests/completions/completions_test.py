#!/usr/bin/env python3
"""What the completions for bash offer, asked of bash itself.

    tests/completions/completions_test.py BUILD_DIRECTORY
"""

import contextlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import tap

SCRIPT = ROOT / "scripts/completions/gocker.bash"


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


class Shell:
    """bash with the three programs in its path."""

    def __init__(self, build, scratch):
        self.scratch = scratch
        folder = scratch / "bin"
        folder.mkdir()
        for name, program in (("gocker-runtime", build / "runtime/gocker-runtime"),
                              ("gocker-image", build / "imagetool/gocker-image"),
                              ("gocker", ROOT / "scripts/gocker")):
            (folder / name).symlink_to(program)
        self.env = {"PATH": f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(scratch),
                    "GOCKER_ROOT": str(scratch / "store"), "GOCKER_RUN": str(scratch / "run")}

    def offers(self, line):
        """The words that bash offers at the end of a line, and whether it falls back to files."""
        words = shlex.split(line) + ([""] if line.endswith(" ") else [])
        split = []  # as readline does
        for word in words:
            name, equals, value = word.partition("=")
            split += [name, equals, value] if word.startswith("--") and equals else [word]
        program = (f"compopt() {{ echo FILES; }}; source {SCRIPT}; "
                   f"COMP_WORDS=({' '.join(shlex.quote(word) for word in split)}); "
                   f"COMP_CWORD={len(split) - 1}; "
                   f"__gocker_complete {shlex.quote(split[0])} {shlex.quote(split[-1])}; "
                   'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-c", program], env=self.env, capture_output=True,
                              text=True, timeout=60, cwd=self.scratch)
        expect((done.returncode, done.stderr) == (0, ""), f"{done.returncode}: {done.stderr}")
        return done.stdout.split()


def every_command_of_the_runtime(shell):
    offered = set(shell.offers("gocker-runtime "))
    expect({"create", "start", "checkpoint", "restore", "mounts", "check"} <= offered, f"{offered}")
    expect("An" not in offered and "options:" not in offered, f"{offered}")
    expect(shell.offers("gocker-runtime sta") == ["start", "state"], "of sta")


def options_of_a_command(shell):
    offered = set(shell.offers("gocker-runtime create --"))
    expect({"--bundle", "--pid-file", "--console-socket", "--help"} <= offered, f"{offered}")
    expect("--root" not in offered, "a global option after the command")
    expect(shell.offers("gocker-runtime --cgroup") == ["--cgroup-manager"], "a global one")


def a_value_is_a_file(shell):
    expect(shell.offers("gocker-runtime create --bundle ") == ["FILES"], "--bundle")
    expect(shell.offers("gocker-runtime create --bundle=") == ["FILES"], "--bundle=")
    expect("list" in shell.offers("gocker-runtime --root /tmp li"), "a value is taken for a command")
    expect("list" in shell.offers("gocker-runtime --root=/tmp li"), "the same with =")


def containers_of_the_runtime(shell):
    state = shell.scratch / "state"
    (state / "web").mkdir(parents=True)
    state.chmod(0o700)
    record = {"id": "web", "ociVersion": "1.3.0", "bundle": "/b", "rootfs": "/b/rootfs",
              "created": "2026-01-01T00:00:00Z", "owner": "root", "annotations": {}, "pid": 0,
              "startTime": 0, "cgroup": [], "namespaces": [], "externalMounts": [],
              "consoleSocket": "", "hasPoststartHooks": False, "hasPoststopHooks": False}
    (state / "web/state.json").write_text(json.dumps(record))
    for line in (f"gocker-runtime --root {state} delete ", f"gocker-runtime --root={state} delete "):
        expect(shell.offers(line) == ["web"], f"{line}: {shell.offers(line)}")
    expect(shell.offers(f"gocker-runtime --root {state} create ") == ["FILES"], "a new name")
    expect(shell.offers("gocker-runtime mounts ") == ["add", "remove"], "mounts")


def commands_of_two_words(shell):
    offered = shell.offers("gocker-image ")
    expect({"pull", "build", "container", "network", "volume"} <= set(offered), f"{offered}")
    expect(len(offered) == len(set(offered)), "one stands there twice")
    expect({"create", "ls", "rm"} <= set(shell.offers("gocker-image network ")), "network")
    expect({"--driver", "--subnet"} & set(shell.offers("gocker-image network create --")),
           f"{shell.offers('gocker-image network create --')}")


def verbs_of_the_wrapper(shell):
    offered = set(shell.offers("gocker "))
    expect({"run", "build", "ps", "pull", "network", "help"} <= offered, f"{offered}")
    expect({"create", "ls", "rm"} <= set(shell.offers("gocker network ")), "network")
    expect({"rm", "exec"} <= set(shell.offers("gocker container ")), "container")
    expect("--detach" in shell.offers("gocker run --"), "options of run")
    expect("run" in shell.offers("gocker help ru"), "help")


def nothing_is_made_meanwhile(shell):
    shell.offers("gocker-runtime delete ")
    shell.offers("gocker run --")
    expect(not (shell.scratch / "run").exists(), "completion has made a folder")


CASES = [
    every_command_of_the_runtime, options_of_a_command, a_value_is_a_file,
    containers_of_the_runtime, commands_of_two_words, verbs_of_the_wrapper,
    nothing_is_made_meanwhile,
]


@contextlib.contextmanager
def fresh(build):
    with tempfile.TemporaryDirectory(prefix="gocker-completions") as scratch:
        yield Shell(build, pathlib.Path(scratch))


def main():
    build, *names = sys.argv[1:]
    tap.run_cases(CASES, names, lambda: fresh(pathlib.Path(os.path.abspath(build))))


if __name__ == "__main__":
    main()
