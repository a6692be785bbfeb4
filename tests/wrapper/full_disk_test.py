#!/usr/bin/env python3
"""Containers on a disk that is full: what fails says so in one line, and nothing is lost or left.

    tests/wrapper/full_disk_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]

The store of these tests is on a small file system of its own, which is filled to the last byte.
"""

import contextlib
import os
import subprocess
import time

import fixture
from fixture import contains, equal, test, wait_until

SIZE = "16m"
NO_SPACE = "No space left on device"


@contextlib.contextmanager
def small_disk(gocker, image):
    """The same gocker with its store on a small disk, which has the image; what fills that disk."""
    before = gocker.root, gocker.state, gocker.env
    mount_point = gocker.folder / "small"
    gocker.root, gocker.state = mount_point / "root", gocker.folder / "small-run"
    gocker.env = {**gocker.env, "GOCKER_ROOT": str(gocker.root), "GOCKER_RUN": str(gocker.state)}
    mount_point.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", mount_point], check=True)
    disk = Disk(mount_point / "filler")
    try:
        gocker("pull", image)
        yield disk
        disk.free()
        gocker.remove_everything()
        gocker.check_clean()
    finally:
        subprocess.run(["umount", "--lazy", mount_point], check=True)
        gocker.root, gocker.state, gocker.env = before


class Disk:
    def __init__(self, filler):
        self.filler = filler

    def fill(self):
        for chunk in (1 << 20, 4096):
            with contextlib.suppress(OSError), open(self.filler, "ab", buffering=0) as file:
                while file.write(bytes(chunk)) == chunk:
                    pass
        equal(os.statvfs(self.filler).f_bavail, 0, "free blocks")

    def free(self):
        self.filler.unlink(missing_ok=True)


def listing(gocker):
    return {each["name"]: each["status"] for each in gocker.listing()}


@test
def nothing_is_made_on_a_full_disk_and_nothing_left(gocker, image):
    with small_disk(gocker, image) as disk:
        disk.fill()
        contains(gocker.fails("create", "--name", "box", image, "true"), NO_SPACE)
        for way in (["--rm"], ["-d"], []):
            words = ["run", *way, "--name", "box", image, "true"]
            contains(gocker.fails(*words, code=125), NO_SPACE)
        equal((gocker.containers(), gocker.mounts()), ([], []))
        gocker.check_clean()
        disk.free()
        gocker("run", "--rm", "--name", "box", image, "true")


@test
def a_container_is_whole_after_a_start_that_found_no_space(gocker, image):
    with small_disk(gocker, image) as disk:
        gocker("run", "--name", "box", image, "sh", "-c", "cat /kept 2>/dev/null; echo kept > /kept")
        disk.fill()
        gocker("start", "-a", "box", code=None)  # it may have what it needs already
        equal(listing(gocker), {"box": "exited"})
        disk.free()
        contains(gocker("start", "-a", "box")[0], "kept\n")


@test
def a_program_on_a_full_disk_fails_by_itself(gocker, image):
    with small_disk(gocker, image) as disk:
        gocker("run", "-d", "--name", "box", image, "sleep", "100")
        disk.fill()
        _, err = gocker("exec", "box", "sh", "-c", "echo more > /file", code=1)
        contains(err, NO_SPACE)
        equal(gocker("exec", "box", "echo", "hello")[0], "hello\n")
        disk.free()
        gocker("exec", "box", "sh", "-c", "echo more > /file")


@test
def containers_can_be_stopped_and_removed_on_a_full_disk(gocker, image):
    with small_disk(gocker, image) as disk:
        for name in ("one", "two", "three"):
            gocker("run", "-d", "--name", name, "-v", "/anonymous", image, "sleep", "100")
        gocker("create", "--name", "four", image, "true")
        disk.fill()
        gocker("stop", "-t", "0", "one", "two")
        equal(listing(gocker), {"one": "exited", "two": "exited", "three": "running",
                                "four": "created"})
        contains(gocker("ps", "-a")[0], "Exited (137)")
        gocker("rm", "-v", "one")
        gocker("rm", "-f", "three", "four")
        equal(listing(gocker), {"two": "exited"})
        equal(len(gocker("volume", "ls", "-q")[0].split()), 2)
        disk.free()
        gocker("start", "two")
        equal(listing(gocker), {"two": "running"})
        gocker("rm", "-f", "-v", "two")
        gocker("volume", "prune")


@test
def a_program_goes_on_while_its_log_cannot(gocker, image):
    with small_disk(gocker, image) as disk:
        script = "echo before; while ! test -e /tmp/go; do sleep 0.05; done; " \
                 "i=0; while test $i -lt 2000; do echo line $i; i=$((i+1)); done; " \
                 "while ! test -e /tmp/end; do sleep 0.05; done; echo after; exit 4"
        gocker("run", "-d", "--name", "box", "--tmpfs", "/tmp", image, "sh", "-c", script)
        wait_until(lambda: gocker("logs", "box")[0] == "before\n", "the program")
        disk.fill()
        gocker("exec", "box", "touch", "/tmp/go")
        time.sleep(0.5)
        equal(listing(gocker), {"box": "running"})
        contains(gocker("logs", "box")[0], "before\n")
        disk.free()
        gocker("exec", "box", "touch", "/tmp/end")
        equal(gocker("wait", "box")[0], "4\n")
        log, _ = gocker("logs", "box")
        equal((log.split("\n")[0], log.split("\n")[-2]), ("before", "after"), "its first and last line")


fixture.main(private_network=True)
