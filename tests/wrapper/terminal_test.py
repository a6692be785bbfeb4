#!/usr/bin/env python3
"""Containers on a terminal as a person has it: types into tmux and reads its screen.

    tests/wrapper/terminal_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import contextlib
import shlex
import subprocess

import fixture
from fixture import contains, equal, test, wait_until


class Screen:
    """A tmux of its own with one window, in which a shell runs."""

    count = 0

    def __init__(self, gocker, columns, rows):
        Screen.count += 1
        self.server = f"{gocker.folder.name}-{Screen.count}"
        self.env = {**gocker.env, "TERM": "xterm", "LC_ALL": "C.UTF-8", "PS1": "host> ",
                    "TMUX_TMPDIR": str(gocker.folder)}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "env", "ENV=/dev/null", "sh")
        self.wait_for("host>")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self.server, *words], capture_output=True, text=True,
                              check=True, env=self.env).stdout

    def type(self, *keys):
        self.tmux("send-keys", *keys)

    def enter(self, line):
        """Types a line as it is, and Enter."""
        self.tmux("send-keys", "-l", line)
        self.type("Enter")

    def text(self):
        """What is on the screen, lines that were broken at its edge joined."""
        return self.tmux("capture-pane", "-p", "-J").rstrip()

    def wait_for(self, *parts):
        """Until all of the parts are on the screen; the screen."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: all(part in self.text() for part in parts), "the screen")
        for part in parts:
            contains(self.text(), part)
        return self.text()

    def close(self):
        self.tmux("kill-server")


@contextlib.contextmanager
def screen(gocker, columns=90, rows=30):
    terminal = Screen(gocker, columns, rows)
    try:
        yield terminal
    finally:
        terminal.close()


def gocker_words(gocker, *words):
    return shlex.join([str(gocker.program), *words])


def shells(gocker, image, **size):
    """A screen for each way to run a container, on which its shell waits for what is typed."""
    for way in (["--rm"], ["--name", "box"]):
        with screen(gocker, **size) as terminal:
            terminal.enter(gocker_words(gocker, "run", *way, "-it", image, "sh"))
            terminal.wait_for("/home/ann #")
            yield terminal
        gocker.remove_everything()


@test
def a_person_types_into_run_and_sees_the_answers(gocker, image):
    for terminal in shells(gocker, image):
        terminal.enter("echo $((6 * 7)) is the answer")
        terminal.wait_for("42 is the answer")
        terminal.enter("tty; echo $TERM")
        terminal.wait_for("/dev/", "xterm")
        terminal.enter("exit 7")
        terminal.wait_for("# exit 7\nhost>")
        terminal.enter("echo it ended with $?")
        terminal.wait_for("it ended with 7")
    gocker.check_clean()


@test
def the_program_knows_the_size_of_the_screen(gocker, image):
    for terminal in shells(gocker, image, columns=101, rows=33):
        terminal.enter("stty size")
        terminal.wait_for("33 101")
        terminal.tmux("resize-window", "-x", "66", "-y", "22")
        terminal.enter("until stty size | grep '22 66'; do sleep 0.1; done")
        terminal.wait_for("done\n22 66")
        terminal.enter("exit")
        terminal.wait_for("# exit\nhost>")


@test
def ctrl_c_ends_what_runs_in_the_container_and_no_more(gocker, image):
    for terminal in shells(gocker, image):
        terminal.enter("echo begin; sleep 1000; echo code $?")
        terminal.wait_for("# echo begin; sleep 1000; echo code $?\nbegin")
        terminal.type("C-c")
        terminal.wait_for("^C")
        terminal.enter("echo still here")
        terminal.wait_for("\nstill here")
        terminal.type("C-d")
        terminal.wait_for("\nhost>")
        terminal.enter("case $(stty -a) in *' icanon '*' echo '*) echo as before;; esac")
        terminal.wait_for("esac\nas before\nhost>")
    gocker.check_clean()


@test
def the_detach_keys_leave_it_running(gocker, image):
    with screen(gocker) as terminal:
        terminal.enter(gocker_words(gocker, "run", "--name", "box", "-it", image, "sh"))
        terminal.wait_for("/home/ann #")
        terminal.enter("mark=kept")
        terminal.wait_for("# mark=kept\n")
        terminal.type("C-p")
        terminal.type("C-q")
        terminal.wait_for("# host>")
        equal(gocker.status("box"), "running")
        terminal.enter(gocker_words(gocker, "attach", "box"))
        terminal.enter("echo the mark is $mark")
        terminal.wait_for("the mark is kept")
        terminal.enter("exit 5")
        terminal.wait_for("# exit 5\nhost>")
        terminal.enter("echo it ended with $?")
        terminal.wait_for("it ended with 5")
    gocker("rm", "box")


@test
def exec_has_a_screen_too(gocker, image):
    gocker("run", "-d", "--name", "box", image, "sleep", "100")
    with screen(gocker, columns=88, rows=22) as terminal:
        terminal.enter(gocker_words(gocker, "exec", "-it", "box", "sh"))
        terminal.wait_for("/home/ann #")
        terminal.enter("stty size")
        terminal.wait_for("22 88")
        terminal.enter("exit 3")
        terminal.wait_for("# exit 3\nhost>")
        terminal.enter("echo it ended with $?")
        terminal.wait_for("it ended with 3")
    gocker("rm", "-f", "box")
    gocker.check_clean()


fixture.main()
