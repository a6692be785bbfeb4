#!/usr/bin/env python3
"""Bundles whose containers have a user namespace of their own: whom files belong to, inside and
outside, and that no file of the image is changed or copied for it.

    tests/layers/ids_test.py GOCKER_IMAGE GOCKER_RUNTIME [NAME...]

Prints a TAP line for each test.
"""

import io
import json
import os
import subprocess
import sys
import tarfile

import support
import images
from fake_registry import FakeRegistry
from program import contains, equal, run_tests, test
from registry import busybox_layer

PROGRAM, RUNTIME = sys.argv[1:3]
FIRST = 524288  # of the ids that are kept for containers


def owned(*entries):
    """A tar archive of files: (name, uid, gid)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, uid, gid in entries:
            entry = tarfile.TarInfo(name)
            entry.uid, entry.gid, entry.size, entry.mode = uid, gid, 4, 0o640
            archive.addfile(entry, io.BytesIO(b"text"))
    return stream.getvalue()


def pull(store):
    image = images.make_image([busybox_layer(), owned(("root-file", 0, 0), ("ann-file", 1000, 1001)),
                               owned(("third", 7, 8))])
    with FakeRegistry() as registry:
        reference = registry.add(image)
        store.ok("pull", "-q", reference)
    return reference


def config_of(bundle):
    return json.loads((bundle / "config.json").read_text())


def owners(path):
    status = path.lstat()
    return status.st_uid, status.st_gid


def run(store, bundle):
    name = f"gocker-ids-test-{os.getpid()}"
    done = subprocess.run([RUNTIME, "--root", store.folder / "runtime", "run", "-b", bundle, name],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    equal((done.returncode, done.stderr), (0, ""), "the container")
    return done.stdout


def layer_states(store):
    """All of the store's unpacked layers: owners and times of change."""
    found = {}
    for folder, folders, files in os.walk(store.root / "layers"):
        for name in folders + files:
            status = os.lstat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = (status.st_uid, status.st_gid, status.st_ctime_ns)
    return found


@test
def files_have_their_owners_inside_and_others_outside(store):
    reference = pull(store)
    before = layer_states(store)
    bundle = store.folder / "b"
    store.ok("bundle", "--userns", "auto", reference, bundle, "--", "sh", "-c",
             "stat -c '%n %u %g' root-file ann-file third bin/busybox; echo new > written;"
             "stat -c '%n %u %g' written; echo more >> ann-file; cat /proc/self/uid_map")
    rootfs = bundle / "rootfs"
    equal([owners(rootfs / name) for name in ("root-file", "ann-file", "third")],
          [(FIRST, FIRST), (FIRST + 1000, FIRST + 1001), (FIRST + 7, FIRST + 8)], "outside")
    lines = run(store, bundle).splitlines()
    equal(lines[:5], ["root-file 0 0", "ann-file 1000 1001", "third 7 8", "bin/busybox 0 0",
                      "written 0 0"], "inside")
    equal(lines[5].split(), ["0", str(FIRST), "65536"], "the map")
    # On disk things stay as in the image: what was written can become a layer as it is.
    equal(owners(bundle / "upper/written"), (0, 0), "on disk")
    equal(owners(bundle / "upper/ann-file"), (1000, 1001), "a copied-up file on disk")
    equal(owners(rootfs / "written"), (FIRST, FIRST), "through the mount")
    equal(layer_states(store), before, "the layers")
    store.ok("unbundle", bundle)
    equal((bundle.exists(), support.mounts_below(bundle)), (False, []), "what is left")


@test
def config_has_the_namespace_and_the_maps(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", "--uidmap", "0:100000:1000", "--uidmap", "1000:300000:10", "--gidmap",
             "0:200000:2000", reference, bundle, "--", "true")
    config = config_of(bundle)["linux"]
    contains([each["type"] for each in config["namespaces"]], "user")
    equal(config["uidMappings"], [{"containerID": 0, "hostID": 100000, "size": 1000},
                                  {"containerID": 1000, "hostID": 300000, "size": 10}], "users")
    equal(config["gidMappings"], [{"containerID": 0, "hostID": 200000, "size": 2000}], "groups")
    equal(owners(bundle / "rootfs/ann-file"), (300000, 201001), "outside")
    run(store, bundle)
    store.ok("unbundle", bundle)


@test
def each_bundle_gets_ids_of_its_own(store):
    reference = pull(store)
    bundles = [store.folder / f"b{number}" for number in range(6)]
    processes = [store.start("bundle", "--userns", "auto:size=5000", reference, bundle, "--", "true")
                 for bundle in bundles]
    for process in processes:
        equal((process.wait(), process.communicate()[1]), (0, ""), "bundle")
    starts = [config_of(bundle)["linux"]["uidMappings"][0]["hostID"] for bundle in bundles]
    equal(sorted(starts), [FIRST + 65536 * number for number in range(6)], "the ranges")
    store.ok("unbundle", bundles[2])
    store.ok("bundle", "--userns", "auto", reference, bundles[2], "--", "true")
    equal(config_of(bundles[2])["linux"]["uidMappings"][0]["hostID"], starts[2],
          "a range that was given back")
    for bundle in bundles:
        store.ok("unbundle", bundle)


@test
def mounted_again_after_a_reboot_the_ids_are_the_same(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", "--userns", "auto", reference, bundle, "--", "sh", "-c", "echo x > written")
    run(store, bundle)
    subprocess.run(["umount", bundle / "rootfs"], check=True)
    store.ok("mount", bundle)
    equal(owners(bundle / "rootfs/written"), (FIRST, FIRST), "what was written")
    equal(owners(bundle / "rootfs/ann-file"), (FIRST + 1000, FIRST + 1001), "the image's")
    store.ok("unbundle", bundle)


@test
def the_working_directory_is_made_as_the_containers_root(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", "--userns", "auto", "-w", "/home/ann/far/here", reference, bundle, "--",
             "sh", "-c", "pwd; stat -c %u .")
    equal(run(store, bundle), "/home/ann/far/here\n0\n", "inside")
    equal(owners(bundle / "rootfs/home/ann/far"), (FIRST, FIRST), "outside")
    store.ok("unbundle", bundle)


@test
def a_hundred_layers_are_mapped(store):
    layers = [busybox_layer(), *(owned((f"f{number}", number, number)) for number in range(99))]
    with FakeRegistry() as registry:
        reference = registry.add(images.make_image(layers))
        store.ok("pull", "-q", reference)
    bundle = store.folder / "b"
    store.ok("bundle", "--userns", "auto", reference, bundle, "--", "true")
    equal(owners(bundle / "rootfs/f42"), (FIRST + 42, FIRST + 42), "outside")
    run(store, bundle)
    store.ok("unbundle", bundle)


@test
def a_flat_bundle_is_copied_with_the_owners_of_outside(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", "--userns", "auto", "--flat", reference, bundle, "--", "stat", "-c", "%n %u %g",
             "root-file", "ann-file", "third")
    equal(owners(bundle / "rootfs/ann-file"), (FIRST + 1000, FIRST + 1001), "outside")
    equal(run(store, bundle).splitlines(), ["root-file 0 0", "ann-file 1000 1001", "third 7 8"], "inside")
    store.ok("unbundle", bundle)


@test
def what_cannot_be_is_said_in_one_line(store):
    reference = pull(store)
    bundle = store.folder / "b"
    for code, options, expected in (
        (2, ("--userns", "many"), "auto, auto:size=N or host"),
        (2, ("--userns", "auto:size=0"), "auto, auto:size=N or host"),
        (2, ("--uidmap", "0:1"), "it takes CONTAINER:HOST:SIZE"),
        (2, ("--uidmap", "0:1:-5"), "it takes CONTAINER:HOST:SIZE"),
        (2, ("--uidmap", "0:1:0"), "it takes CONTAINER:HOST:SIZE"),
        (2, ("--uidmap", "0:4294967290:10"), "goes beyond the highest id"),
        (2, ("--uidmap", "0:1:10", "--uidmap", "5:100:10"), "two mappings of users overlap"),
        (2, ("--uidmap", "0:1:10", "--uidmap", "50:5:10"), "two mappings of users overlap"),
        (2, ("--uidmap", "1:1:10"), "nobody would be root there"),
        (2, ("--uidmap", "0:1:10", "--userns", "auto"), "give one of"),
        (2, ("--subuidname", "nobody-has-this"), "/etc/subuid has no range for nobody-has-this"),
        (1, ("--userns", "auto:size=1879048191"), "no range of 1879048191 ids is free"),
    ):
        line = store.fails("bundle", *options, reference, bundle, code=code)
        contains(line, expected)
        equal((bundle.exists(), os.listdir(store.root / "leases")), (False, []), "what is left")


if __name__ == "__main__":
    support.enter_own_mounts()
    del sys.argv[2]
    run_tests(PROGRAM)
