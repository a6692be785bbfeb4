#!/usr/bin/env python3
"""Containers whose commands, conmon or host come to a sudden end, and many of them at once.

    tests/wrapper/robustness_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]

Each verb is killed at moments spread evenly over the time that it takes. GOCKER_TEST_MOMENTS says
how many there are of each verb and way of killing; the default keeps the suite below two minutes.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import fixture
import machine
from fixture import contains, equal, remove_group, test, wait_until

MOMENTS = int(os.environ.get("GOCKER_TEST_MOMENTS", "4"))
BRIDGE = ["--network", "bridge", "-p", "127.0.0.1::80"]
OTHER_BOOT = "00000000-0000-0000-0000-000000000000"


def program(gocker):
    """Writes a file in its first run; names the folder, so that machine.processes() finds it."""
    script = "test -e /file || echo kept > /file; while true; do sleep 0.1; done"
    return ["sh", "-c", script, str(gocker.folder)]


def file_of(gocker, container):
    """What the program wrote, once it has."""
    return gocker("exec", container, "sh", "-c", "until test -s /file; do sleep 0.01; done; cat /file")[0]


# --- many at once --------------------------------------------------------------------------------

def all_at_once(gocker, commands):
    """Runs the commands side by side; what each has printed."""
    running = [gocker.start(*words) for words in commands]
    outcomes = [(process, *process.communicate(timeout=300)) for process in running]
    for process, _, err in outcomes:
        equal((process.returncode, err), (0, ""), " ".join(map(str, process.args)))
    return [out for _, out, _ in outcomes]


@test
def twenty_containers_come_and_go_at_once(gocker, image):
    names = [f"n{number}" for number in range(20)]
    made = all_at_once(gocker, [["run", "-d", "--name", name, *BRIDGE, image, *program(gocker)]
                                for name in names])
    ids = [identifier.strip() for identifier in made]
    equal({entry["name"]: entry["status"] for entry in gocker.listing()},
          dict.fromkeys(names, "running"))
    networks = [each["NetworkSettings"] for each in json.loads(gocker("inspect", *names)[0])]
    for what in ("IPAddress", "Ports"):
        equal(len({str(network[what]) for network in networks}), len(names), f"different {what}")
    removed = all_at_once(gocker, [["rm", "-f", name] for name in names])
    equal(removed, [name + "\n" for name in names])
    machine.check_nothing_left(gocker, ids)


# --- kill -9 -------------------------------------------------------------------------------------

def kill_quietly(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_group(gocker, process):
    os.killpg(process.pid, signal.SIGKILL)


def kill_program(gocker, process):
    """gocker-image alone, which the wrapper has become; what it has called goes on."""
    process.kill()


def kill_conmon(gocker, process):
    for pid in machine.processes(gocker, "conmon"):
        kill_quietly(pid)


WAYS = (kill_group, kill_program, kill_conmon)


def run_and_kill(gocker, words, moment, kill):
    """Begins a command and kills that long afterwards."""
    process = gocker.start(*words, start_new_session=True)
    time.sleep(moment)
    kill(gocker, process)
    process.communicate(timeout=180)


def duration(gocker, words):
    begun = time.monotonic()
    gocker(*words)
    return time.monotonic() - begun


def check_whole(gocker):
    """After the next command, what is there of containers is whole, and can be used."""
    gocker("ps", "-a")
    wait_until(lambda: gocker.containers() == sorted(each["id"] for each in gocker.listing()),
               "containers that are either whole or gone")
    for identifier in gocker.containers():
        use(gocker, identifier)


def use(gocker, identifier):
    """It runs, or can be started. What was sent KILL may run a moment longer than the command that did
    so, and be found running."""
    if gocker.status(identifier) == "running":
        if gocker("exec", identifier, "true", code=None) == ("", ""):
            return equal(file_of(gocker, identifier), "kept\n")
        wait_until(lambda: gocker.status(identifier) != "running", "the end of what cannot be used")
    gocker("start", identifier)
    return equal(file_of(gocker, identifier), "kept\n")


def kill_at_each_moment(gocker, prepare, words, stays):
    """`prepare` is the commands that come before; `stays` says that the container must remain."""
    def prepared():
        for command in prepare:
            gocker(*command)

    prepared()
    whole = duration(gocker, words)
    gocker.remove_everything()
    ids = set()
    for kill in WAYS:
        for number in range(MOMENTS):
            moment = whole * (number + 0.5) / MOMENTS
            try:
                prepared()
                run_and_kill(gocker, words, moment, kill)
                check_whole(gocker)
                ids.update(gocker.containers())
                if stays:
                    equal(len(gocker.containers()), 1, "containers")
                gocker.remove_everything()
                gocker.check_clean()
            except AssertionError as error:
                raise AssertionError(f"{words[0]}, {kill.__name__} after {moment * 1000:.1f} ms"
                                     f" of {whole * 1000:.1f}: {error}") from error
    machine.check_nothing_left(gocker, ids)


def kill_test(name, prepare, words, stays=True):
    """A test of its own for each verb. `prepare` and `words` take what makes a container."""
    def body(gocker, image):
        made_of = [image, *program(gocker)]
        kill_at_each_moment(gocker, [command(made_of) for command in prepare], words(made_of), stays)

    body.__name__ = f"{name}_is_killed_at_any_moment"
    test(body)


def create(made_of):
    return ["create", "--name", "box", *made_of]


def run(made_of):
    return ["run", "-d", "--name", "box", *made_of]


def run_on_bridge(made_of):
    return ["run", "-d", "--name", "box", *BRIDGE, *made_of]


def on_box(*words):
    return lambda made_of: [*words, "box"]


def foreground(made_of):
    return ["run", "--rm", "--name", "box", made_of[0], "sh", "-c", "echo kept > /file; sleep 0.05",
            made_of[-1]]


kill_test("create", [], create, stays=False)
kill_test("run_in_background", [], run, stays=False)
kill_test("run_on_a_network", [], run_on_bridge, stays=False)
kill_test("start", [create], on_box("start"))
kill_test("stop", [run], on_box("stop", "-t", "0"))
kill_test("restart", [run], on_box("restart", "-t", "0"))
kill_test("exec", [run], lambda made_of: ["exec", "box", "sh", "-c", "sleep 0.05"])
kill_test("commit", [run], lambda made_of: ["commit", "box", "committed"])
kill_test("cp", [create], lambda made_of: ["cp", __file__, "box:/tmp/copied"])
kill_test("rm", [run], on_box("rm", "-f"), stays=False)
kill_test("rm_on_a_network", [run_on_bridge], on_box("rm", "-f"), stays=False)


@test
def run_in_foreground_is_killed_at_any_moment(gocker, image):
    words = foreground([image, str(gocker.folder)])
    whole = duration(gocker, words)
    for kill in (kill_group, kill_program):
        for number in range(MOMENTS):
            run_and_kill(gocker, words, whole * (number + 0.5) / MOMENTS, kill)
            gocker("ps", "-a")
            gocker.remove_everything()
            gocker.check_clean()
    machine.check_nothing_left(gocker, [])


# --- without conmon ------------------------------------------------------------------------------

@test
def a_container_without_conmon_is_told_and_can_be_removed(gocker, image):
    for ends_by_itself in (False, True):
        identifier = gocker(*run_on_bridge([image, *program(gocker)]))[0].strip()
        kill_conmon(gocker, None)
        wait_until(lambda: "its conmon is gone" in gocker("ps")[0], "ps that says so")
        equal(file_of(gocker, "box"), "kept\n")
        if ends_by_itself:
            kill_quietly(gocker.listing()[0]["pid"])
            wait_until(lambda: gocker.status("box") == "exited", "its end")
            contains(gocker("ps", "-a")[0], "Exited (unknown)")
            equal(gocker("wait", "box")[0], "unknown\n")
        gocker("rm", "-f", "box")
        machine.check_nothing_left(gocker, [identifier])


# --- after a reboot ------------------------------------------------------------------------------

def pretend_reboot(gocker, run_is_kept):
    """What a reboot takes is gone, and what was written down is of another boot."""
    kill_conmon(gocker, None)
    wait_until(lambda: not machine.processes(gocker, "conmon"), "conmon's end")
    for pid in machine.processes(gocker):
        kill_quietly(pid)
    wait_until(lambda: not machine.processes(gocker), "the containers' end")
    for group in reversed(machine.control_groups(gocker.containers())):
        remove_group(group)
    with open("/proc/self/mounts") as mounts:
        places = [line.split()[1] for line in mounts if str(gocker.folder) in line.split()[1]]
    subprocess.run(["umount", *reversed(places)], check=True)
    subprocess.run(["ip", "link", "delete", "gocker0"], check=True)
    subprocess.run(["iptables", "-w", "-F"], check=True)  # -w: others may have their lock
    subprocess.run(["iptables", "-w", "-t", "nat", "-F"], check=True)
    for file in (gocker.root / "containers").glob("*/record.json"):
        record = json.loads(file.read_text())
        file.write_text(json.dumps({**record, "bootId": OTHER_BOOT}))
    if not run_is_kept:
        return shutil.rmtree(gocker.state)
    for file in (gocker.state / "boot-id", gocker.state / "network/boot_id"):
        file.write_text(OTHER_BOOT)
    return None


@test
def after_a_reboot_a_container_is_stopped_and_starts_again(gocker, image):
    for run_is_kept in (False, True):
        identifier = gocker(*run_on_bridge([image, *program(gocker)]))[0].strip()
        equal(file_of(gocker, "box"), "kept\n")
        pretend_reboot(gocker, run_is_kept)
        equal(gocker.status("box"), "exited")
        contains(gocker("ps", "-a")[0], "Exited (unknown)")
        gocker("start", "box")
        equal(file_of(gocker, "box"), "kept\n")
        gocker("rm", "-f", "box")
        machine.check_nothing_left(gocker, [identifier])


fixture.main(private_network=True)
