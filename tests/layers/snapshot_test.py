#!/usr/bin/env python3
"""Bundles on btrfs: root file systems that are snapshots.

    tests/layers/snapshot_test.py GOCKER_IMAGE GOCKER_RUNTIME [NAME...]

Prints a TAP line for each test. Makes a btrfs in a file on a loop device; where that cannot be done
the tests are skipped with the reason.
"""

import os
import resource
import subprocess
import sys

import support
import images
from fake_registry import FakeRegistry
from program import Skip, contains, equal, run_tests, test
from registry import busybox_layer

PROGRAM, RUNTIME = sys.argv[1:3]


def mount_btrfs(store):
    """Mounts a fresh btrfs on the store's root."""
    image = store.folder / "disk"
    with open(image, "wb") as file:
        file.truncate(300 << 20)
    store.root.mkdir()
    for command in (["mkfs.btrfs", "-q", str(image)],
                    ["mount", "-o", "loop", str(image), str(store.root)]):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise Skip(f"{command[0]} is not installed") from None
        except subprocess.CalledProcessError as error:
            raise Skip(f"{command[0]}: {error.stderr.strip()}") from None


def with_btrfs(function):
    def run(store):
        mount_btrfs(store)
        try:
            (store.root / "store").mkdir()
            store.top, store.root = store.root, store.root / "store"
            function(store)
        finally:
            subprocess.run(["umount", "-l", str(store.folder / "store")], check=True)
    run.__name__ = function.__name__
    return test(run)


def pull(store):
    image = images.make_image([
        images.tar_of({"base": b"1", "gone": b"1", "big": os.urandom(20_000_000)}), busybox_layer(),
        images.tar_of({"top": b"2", ".wh.gone": b""})])
    with FakeRegistry() as registry:
        reference = registry.add(image)
        store.ok("pull", "-q", reference)
    return reference


def subvolumes(store):
    done = subprocess.run(["btrfs", "subvolume", "list", str(store.top)], check=True,
                          capture_output=True, text=True)
    return sorted(line.split()[-1] for line in done.stdout.splitlines())


def used(store):
    subprocess.run(["sync", "-f", str(store.top)], check=True)
    status = os.statvfs(store.top)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


@with_btrfs
def a_bundle_is_a_snapshot_of_the_images_subvolume(store):
    reference = pull(store)
    bundles = [store.top / f"b{number}" for number in range(3)]
    sizes = []
    for bundle in bundles:
        store.ok("bundle", reference, bundle, "--", "sh", "-c", "cat base top; echo x > written")
        sizes.append(used(store))
    names = subvolumes(store)
    equal(names[:3], ["b0/rootfs", "b1/rootfs", "b2/rootfs"], "snapshots")
    equal(len(names), 4, "subvolumes")
    contains(names[3], "store/snapshots/")
    equal(support.mounts_below(store.top / "b0"), [], "mounts")
    if sizes[2] - sizes[0] > 2_000_000:
        raise AssertionError(f"files were copied: {sizes} bytes after each bundle")
    done = subprocess.run([RUNTIME, "--root", store.folder / "runtime", "run", "-b", bundles[0],
                           f"gocker-snapshot-{os.getpid()}"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    equal((done.returncode, done.stdout, done.stderr), (0, "12", ""), "the container")
    equal([(bundle / "rootfs/written").exists() for bundle in bundles], [True, False, False],
          "what one has written")
    equal((bundles[0] / "rootfs/gone").exists(), False, "what a layer removed")
    contains(store.fails("rm", reference), f"is used by the bundle {store.top}/b")
    for bundle in bundles:
        store.ok("unbundle", bundle)
        equal(bundle.exists(), False, "the bundle")
    store.ok("rm", reference)
    equal(subvolumes(store), [], "subvolumes after all is removed")


@with_btrfs
def a_second_bundle_takes_a_moment(store):
    reference = pull(store)
    store.ok("bundle", reference, store.top / "b0")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    store.ok("bundle", reference, store.top / "b1")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Of the processor's time, which another's load takes nothing of.
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if seconds > 1:
        raise AssertionError(f"{seconds} s")
    store.ok("mount", store.top / "b1")  # nothing to do after a reboot


@with_btrfs
def elsewhere_and_with_mapped_ids_it_is_an_overlay(store):
    reference = pull(store)
    for bundle, options in ((store.folder / "outside", ()), (store.top / "b", ("--userns", "auto")),
                            (store.top / "c", ("--storage", "overlay"))):
        store.ok("bundle", *options, reference, bundle)
        equal(len(support.mounts_below(bundle)), 1, "mounts")
        store.ok("unbundle", bundle)
    line = store.fails("bundle", "--storage", "snapshot", reference, store.folder / "outside")
    contains(line, "snapshot the image: snapshot rootfs: ")
    equal((store.folder / "outside").exists(), False, "what a failed one leaves")
    contains(store.fails("bundle", "--storage", "tape", reference, store.top / "d", code=2),
             "neither auto, overlay nor snapshot")


@with_btrfs
def a_containers_changes_are_told_and_become_a_layer(store):
    reference = pull(store)
    folders = ["--run-root", store.folder / "run", "--runtime", RUNTIME]
    script = ("rm base; echo 3 > top; mkdir -m 700 new; echo x > new/one; ln new/one new/two;"
              "ln -s one new/link; touch -d @7 new")
    container = store.ok(*folders, "container", "create", "--network", "none", "--name", "c", reference, "sh",
                         "-c", script).strip()
    equal(support.mounts_below(store.root / "containers"), [], "mounts")
    equal(store.ok(*folders, "diff", "c"), "", "changes of one that never ran")
    store.ok(*folders, "container", "start", "-a", "c")
    equal(store.ok(*folders, "diff", "c").splitlines(),
          ["D /base", "A /new", "A /new/link", "A /new/one", "A /new/two", "C /top"])
    store.ok(*folders, "container", "commit", "c", "changed")
    equal(store.ok(*folders, "diff", reference, "changed").splitlines(),
          ["D /base", "A /new", "A /new/link", "A /new/one", "A /new/two", "C /top"])
    bundle = store.top / "b"
    store.ok("bundle", "changed", bundle)
    new = bundle / "rootfs/new"
    equal((new.stat().st_mode & 0o777, new.stat().st_mtime), (0o700, 7), "mode and time of the directory")
    equal((new / "one").samefile(new / "two"), True, "two names of one file")
    store.ok("unbundle", bundle)
    store.ok(*folders, "container", "rm", container)


@with_btrfs
def cut_off_the_next_command_clears_up(store):
    reference = pull(store)
    bundle = store.top / "b"
    for count in range(1, 40, 3):
        if not support.run_until_call(store, "ioctl,renameat2,mkdirat", count, "bundle", reference,
                                      bundle):
            break
        store.ok("unbundle", bundle)
        equal(bundle.exists(), False, "the bundle")
    store.run("unbundle", bundle)
    store.ok("rm", reference)
    equal(subvolumes(store), [], "subvolumes")


if __name__ == "__main__":
    support.enter_own_mounts()
    del sys.argv[2]
    run_tests(PROGRAM)
