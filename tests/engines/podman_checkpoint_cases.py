"""podman's checkpoint and restore, with a CRIU that works on this kernel."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "checkpoint"))
import criu

from engine import Skip, case, counted, equal, wait_until

COUNTER = ("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.05; done")


def with_criu(podman):
    """podman and the runtime look for CRIU in $PATH."""
    program, reason = criu.find()
    if program is None:
        raise Skip(reason)
    folder = podman.folder / "criu"
    folder.mkdir(exist_ok=True)
    link = folder / "criu"
    if not link.exists():
        link.symlink_to(program)
    podman.env["PATH"] = f"{folder}:{os.environ['PATH']}"


def count(podman, name):
    def read():
        done = podman.try_run("exec", name, "cat", "/tmp/count")
        if done.returncode != 0:
            raise FileNotFoundError(done.stderr)
        return done.stdout

    return counted(read)


def counting(podman, name):
    with_criu(podman)
    podman.sleeper("--tmpfs", "/tmp", name=name, command=COUNTER)
    wait_until(lambda: count(podman, name) > 5, "the counter's start")


@case("checkpoint and restore")
def checkpoint(podman):
    counting(podman, "saved")
    podman("container", "checkpoint", "saved")
    equal(podman.status("saved"), "exited", "status")
    podman("container", "restore", "saved")
    equal(podman.status("saved"), "running", "status")
    first = count(podman, "saved")
    if first <= 5:
        raise AssertionError(f"it counts anew: {first}")
    wait_until(lambda: count(podman, "saved") > first, "the counter's progress")
    podman.remove("saved")


@case("checkpoint, but leave it running")
def leave_running(podman):
    counting(podman, "goes-on")
    podman("container", "checkpoint", "--leave-running", "goes-on")
    equal(podman.status("goes-on"), "running", "status")
    podman.remove("goes-on")


@case("a checkpoint travels as a file")
def exported(podman):
    counting(podman, "traveller")
    archive = podman.folder / "traveller.tar.gz"
    podman("container", "checkpoint", "--export", archive, "traveller")
    podman.remove("traveller")
    podman("container", "restore", "--import", archive, "--name", "arrived")
    wait_until(lambda: count(podman, "arrived") > 5, "the counter's progress")
    podman.remove("arrived")
