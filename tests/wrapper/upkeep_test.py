#!/usr/bin/env python3
"""What stays and what goes: volumes, stopped containers, logs, records, orphaned processes.

    tests/wrapper/upkeep_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json

import fixture
from fixture import contains, equal, test, wait_until


def volumes(gocker):
    return gocker("volume", "ls", "-q")[0].split()


# --- volumes -------------------------------------------------------------------------------------

@test
def rm_keeps_volumes_unless_told(gocker, image):
    options = ["-v", "data:/data", "-v", "/anonymous"]
    gocker("create", "--name", "box", *options, image, "true")
    gocker("rm", "box")
    kept = volumes(gocker)
    equal(len(kept), 2, "volumes after rm")
    gocker("create", "--name", "box", *options, image, "true")
    gocker("rm", "-v", "box")
    equal(volumes(gocker), kept, "volumes after rm -v of another container")
    gocker("volume", "prune")
    equal(volumes(gocker), ["data"], "volumes after volume prune")
    gocker("volume", "rm", "data")


@test
def anonymous_volumes_go_with_a_container_of_run_rm(gocker, image):
    for way in (["--rm"], ["-d", "--rm"]):
        gocker("run", *way, "-v", "data:/data", "-v", "/anonymous", image, "true")
        gocker.check_clean()
        equal(volumes(gocker), ["data"])
    contains(gocker.fails("run", "-v", "/anonymous", image, "nosuch", code=127), "nosuch")
    equal(volumes(gocker), ["data"], "volumes after a start that failed")
    gocker("volume", "rm", "data")


# --- prune ---------------------------------------------------------------------------------------

@test
def container_prune_takes_what_does_not_run(gocker, image):
    gocker("run", "-d", "--name", "runs", image, "sleep", "100")
    gocker("run", "--name", "over", image, "true")
    gocker("create", "--name", "new", "-v", "/anonymous", image, "true")
    ids = {each["name"]: each["id"] for each in gocker.listing()}
    equal(set(gocker("container", "prune", "-f")[0].split()), {ids["over"], ids["new"]})
    equal([each["name"] for each in gocker.listing()], ["runs"])
    equal(len(volumes(gocker)), 1, "volumes")
    contains(gocker("container", "ls")[0], "runs")
    gocker("container", "rm", "-f", "runs")
    contains(gocker.fails("container", "prnue"), "unknown command 'prnue'")
    gocker("volume", "prune")
    gocker.check_clean()


@test
def system_prune_clears_up_at_once(gocker, image):
    other = image.replace("/demo/busybox", "/demo/third")
    gocker("run", "--name", "over", "-v", "/anonymous", other, "true")
    gocker("network", "create", "unused")
    gocker("system", "prune")
    equal(gocker.containers(), [])
    if "unused" in gocker("network", "ls")[0]:
        raise AssertionError("the network is still there")
    contains(gocker("images")[0], "/demo/third")
    equal(len(volumes(gocker)), 1, "volumes without --volumes")
    gocker("run", "-d", "--name", "runs", image, "sleep", "100")
    gocker("system", "prune", "--all", "--volumes", "-f")
    equal(volumes(gocker), [])
    images, _ = gocker("images")
    contains(images, "/demo/busybox")
    if "/demo/third" in images:
        raise AssertionError("an image that nobody uses is still there")
    contains(gocker.fails("system", "prune", "--everything"), 'unknown option "--everything"')
    contains(gocker.fails("system", "df2"), "unknown command 'df2'")
    gocker("rm", "-f", "runs")
    gocker.check_clean()


# --- logs ----------------------------------------------------------------------------------------

@test
def logs_count_a_long_line_as_one(gocker, image):
    # conmon splits lines into pieces of some KB.
    script = "echo first; head -c 30000 /dev/zero | tr '\\0' x; echo; echo last"
    gocker("run", "--name", "box", image, "sh", "-c", script)
    equal(gocker("logs", "--tail", "1", "box")[0], "last\n")
    equal(gocker("logs", "--tail", "2", "box")[0], "x" * 30000 + "\nlast\n")
    equal(gocker("logs", "--tail", "0", "box")[0], "")
    equal(gocker("logs", "--tail", "9", "box")[0], "first\n" + "x" * 30000 + "\nlast\n")
    gocker("rm", "box")


@test
def logs_show_a_last_line_without_its_end(gocker, image):
    gocker("run", "--name", "box", image, "sh", "-c", "echo whole; printf half")
    equal(gocker("logs", "box")[0], "whole\nhalf")
    equal(gocker("logs", "--tail", "1", "box")[0], "half")
    equal(gocker("logs", "-f", "box")[0], "whole\nhalf")
    gocker("rm", "box")
    gocker("run", "--name", "alone", image, "sh", "-c", "printf half")
    equal(gocker("logs", "--tail", "5", "alone")[0], "half")
    gocker("rm", "alone")


# --- records -------------------------------------------------------------------------------------

@test
def a_record_of_another_version_is_read(gocker, image):
    gocker("create", "--name", "box", image, "echo", "hello")
    file = gocker.root / "containers" / gocker.containers()[0] / "record.json"
    record = json.loads(file.read_text())
    for field in ("stdinOnce", "logSize", "waitsToRestart", "publishedPorts", "restartPolicy"):
        del record[field]
    del record["network"]["dnsOptions"]
    file.write_text(json.dumps({**record, "ofTomorrow": {"x": 1}}))
    equal(gocker("start", "-a", "box")[0], "hello\n")
    gocker("rm", "box")


@test
def a_damaged_record_is_told_and_the_container_can_be_removed(gocker, image):
    for text in ("", "{", "{}", '{"id": 5}', '{"id": "x", "labels": 3}'):
        identifier = gocker("create", "--name", "box", image, "true")[0].strip()
        (gocker.root / "containers" / identifier / "record.json").write_text(text)
        gocker("ps", "-a")
        contains(gocker.fails("inspect", "box"), "record.json is damaged")
        gocker("rm", "-f", "box")
        gocker.check_clean()


# --- a first process -----------------------------------------------------------------------------

COUNT_ZOMBIES = "cat /proc/[0-9]*/stat | grep -c ') Z ' || true"


@test
def an_init_reaps_what_is_left_behind(gocker, image):
    for options, zombies in ((["--init"], "0\n"), ([], "1\n")):
        gocker("run", "-d", "--name", "box", *options, image, "sleep", "100")
        gocker("exec", "box", "sh", "-c", "(sleep 0.1 &)")
        wait_until(lambda: gocker("exec", "box", "sh", "-c", COUNT_ZOMBIES)[0] == zombies and
                   "sleep 0.1" not in gocker("top", "box")[0], f"{zombies} zombies with {options}")
        gocker("rm", "-f", "box")
    gocker.check_clean()


@test
def an_init_passes_signals_on_and_the_exit_code(gocker, image):
    gocker("run", "-d", "--init", "--name", "box", image, "sleep", "100")
    equal(gocker("exec", "box", "cat", "/proc/1/cmdline")[0], "/dev/init\0--\0sleep\x00100\0")
    wait_until(lambda: len(gocker("top", "box")[0].splitlines()) == 3, "the program below init")
    gocker("stop", "-t", "20", "box")  # as process 1 it would be killed after 20 s
    equal(json.loads(gocker("inspect", "box")[0])[0]["State"]["ExitCode"], 143)
    equal(gocker.listing()[0]["command"], ["sleep", "100"])
    gocker("rm", "box")
    gocker("run", "--rm", "--init", image, "sh", "-c", "exit 7", code=7)
    gocker("run", "--rm", "--init", "--userns", "auto", image, "true")


fixture.main()
