#!/usr/bin/env python3
"""podman calls the runtime under test.

    tests/engines/podman_test.py RUNTIME [NAME...]
"""

import engine
from engine import IMAGE, case, equal, wait_until
from podman import Podman


@case("the output of a command")
def output(podman):
    equal(podman("run", "--rm", IMAGE, "echo", "hello"), "hello", "output")


@case("the image's own command and environment")
def image_command(podman):
    equal(podman("run", "--rm", IMAGE), "the image's own command", "output")
    equal(podman("run", "--rm", IMAGE, "sh", "-c", "echo $FROM_IMAGE"), "yes", "environment")


@case("exit code 0, 7, and 137 of a signal")
def exit_codes(podman):
    podman("run", "--rm", IMAGE, "true")
    podman("run", "--rm", IMAGE, "sh", "-c", "exit 7", code=7)
    podman("run", "--rm", IMAGE, "sh", "-c", "sh -c 'kill -KILL $$'; exit $?", code=137)


@case("exit code 127 for a program that is not there")
def not_found(podman):
    podman.fails("run", "--rm", IMAGE, "/no/such", code=127, says="no such file or directory")
    podman.fails("run", "--rm", IMAGE, "no-such", code=127, says="not found in")


@case("exit code 126 for a program that can't be run")
def not_executable(podman):
    podman.fails("run", "--rm", IMAGE, "/etc/passwd", code=126, says="ermission denied")


@case("detached, logs, stop and removal")
def detached(podman):
    podman("run", "-d", "--name", "talker", IMAGE, "sh", "-c",
           "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.1; done")
    wait_until(lambda: podman("logs", "talker") == "hello", "the container's first line")
    podman("stop", "talker")
    equal(podman.inspect("talker")["State"]["ExitCode"], 3, "exit code")
    equal(podman("logs", "talker"), "hello\nbye", "logs")
    podman("rm", "talker")
    equal(podman("ps", "-aq"), "", "containers")


engine.main(Podman)
