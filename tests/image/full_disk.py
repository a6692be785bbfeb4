#!/usr/bin/env python3
"""The part of pull_test.py that has a mount namespace of its own: pulls into a small tmpfs.

    unshare --mount tests/image/full_disk.py GOCKER_IMAGE FOLDER
"""

import pathlib
import subprocess
import sys

import images
from fake_registry import FakeRegistry
from program import Store, contains, equal


def mount_tmpfs(path, size):
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=True)


def main(program, folder):
    folder = pathlib.Path(folder) / "inside"
    folder.mkdir()
    store = Store(program, folder)
    mount_tmpfs(store.root, "3m")
    with FakeRegistry() as registry:
        store.ok("pull", "-q", registry.add(images.small_image(), tag="small"))
        # Too big to download; then one that fits packed but not unpacked.
        big = images.make_image([images.random_layer("big", 4_000_000)])
        zeros = images.make_image([images.tar_of({"x": b"x"}),
                                   images.tar_of({"zeros": bytes(8_000_000)})])
        # Which of several steps at once meets the full disk first is chance.
        for tag, image, step in (("big", big, "download layer 1 of 1: "), ("zeros", zeros, "layer ")):
            line = store.fails_unchanged("pull", "-q", registry.add(image, tag=tag))
            contains(line, step)
            contains(line, "No space left on device")
        subprocess.run(["mount", "-o", "remount,size=30m", store.root], check=True)
        for tag in ("big", "zeros"):
            store.ok("pull", "-q", f"{registry.host}/test/image:{tag}")
        equal(list((store.root / "tmp").iterdir()), [], "leftovers")
    print("fine")


main(sys.argv[1], sys.argv[2])
