#!/usr/bin/env python3
"""Layers that are unpacked while they arrive, several at once.

    tests/image/stream_test.py GOCKER_IMAGE [NAME...]
"""

import contextlib
import io
import os
import sys
import tarfile
import time

import images
from fake_registry import FakeRegistry, Gate
from program import contains, equal, run_tests, test, wait_until


def trees(store):
    """The names in the layers that running commands work on."""
    found = []
    for tree in sorted(store.root.glob("tmp/*/layer-*/tree")):
        with contextlib.suppress(FileNotFoundError):  # it may just have moved into the store
            found.append(sorted(os.listdir(tree)))
    return found


def tar_of(*entries):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind, target in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.mode = kind, target, 0o755
            archive.addfile(entry)
    return stream.getvalue()


def finish(process, digest):
    out, err = process.communicate(timeout=180)
    equal((process.returncode, out, err), (0, digest + "\n", ""), "the pull")


@test
def a_layer_is_unpacked_while_it_arrives(store):
    with FakeRegistry() as registry:
        files = {f"file-{number}": os.urandom(400_000) for number in range(8)}
        image = images.make_image([images.tar_of(files)])
        reference = registry.add(image)
        gate = Gate(registry, image.layers[0])
        process = store.start("pull", "-q", reference)
        wait_until(lambda: any("file-3" in names for names in trees(store)), "the fourth file")
        equal(process.poll(), None, "the end of the pull")
        gate.opened.set()
        finish(process, image.digest)


@test
def a_layer_does_not_wait_for_those_below(store):
    with FakeRegistry() as registry:
        base = images.random_layer("base", 400_000)
        top = images.tar_of({"top-1": b"1", "top-2": b"2"})
        image = images.make_image([base, top])
        reference = registry.add(image)
        gate = Gate(registry, image.layers[0])
        process = store.start("pull", "-q", reference)
        wait_until(lambda: ["top-1", "top-2"] in trees(store), "the upper layer")
        equal(process.poll(), None, "the end of the pull")
        gate.opened.set()
        finish(process, image.digest)


@test
def a_layer_that_speaks_of_those_below_waits_for_them(store):
    """A whiteout, a parent that only the base has, a hard link to a file of the base."""
    directory, file, link = tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.LNKTYPE
    with FakeRegistry() as registry:
        base = tar_of(("etc", directory, ""), ("etc/gone", file, ""), ("etc/stays", file, ""),
                      ("lib", tarfile.SYMTYPE, "usr/lib"), ("usr", directory, ""),
                      ("usr/lib", directory, ""))
        middle = tar_of(("etc/.wh.gone", file, ""), ("lib/new", file, ""))
        top = tar_of(("etc/linked", link, "etc/stays"), ("lib/.wh.new", file, ""))
        image = images.make_image([base, middle, top])
        reference = registry.add(image)
        gate = Gate(registry, image.layers[0], part=0.1)
        process = store.start("pull", "-q", reference)
        wait_until(lambda: registry.asked(image.layers[2]), "the request for the upper layer")
        time.sleep(0.2)
        gate.opened.set()
        finish(process, image.digest)
        bundle = store.folder / "flat"
        store.ok("bundle", "--flat", reference, bundle)
        equal(sorted(os.listdir(bundle / "rootfs/etc")), ["linked", "stays"], "/etc")
        equal((bundle / "rootfs/etc/linked").stat().st_nlink, 2, "links")
        equal(os.listdir(bundle / "rootfs/usr/lib"), [], "/usr/lib")


@test
def what_is_no_archive_is_told_after_its_digest_is_known(store):
    """A damaged transfer, and an image that is as it says but no archive."""
    with FakeRegistry() as registry:
        image = images.make_image([images.random_layer("f", 300_000), images.tar_of({"a": b"b"})])
        reference = registry.add(image)
        path = f"test/image/blobs/{image.layers[0]}"
        kind, body = registry.documents[path]
        registry.documents[path] = (kind, body[:2000] + bytes(2000) + body[4000:])
        store.ok("images")  # makes the store
        contains(store.fails_unchanged("pull", "-q", reference), "its content has the digest")
        registry.documents[path] = (kind, body)
        store.ok("pull", "-q", reference)


@test
def a_bad_layer_ends_the_pull_before_the_others_arrive(store):
    with FakeRegistry() as registry:
        image = images.make_image([images.random_layer("f", 300_000), images.tar_of({"a": b"b"})],
                                  diff_ids=[images.digest_of(b"x"), images.digest_of(b"y")])
        reference = registry.add(image)
        gate = Gate(registry, image.layers[1], part=0.5)
        store.ok("images")  # makes the store
        line = store.fails_unchanged("pull", "-q", reference)
        contains(line, f"unpack layer {image.layers[0]}: the unpacked content is ")
        gate.opened.set()


@test
def forty_layers_on_each_other_at_once(store):
    """Each takes one file of the layer below away."""
    with FakeRegistry() as registry:
        layers = [tar_of(("d", tarfile.DIRTYPE, ""), ("d/0", tarfile.REGTYPE, ""))]
        for number in range(1, 40):
            layers.append(tar_of((f"d/{number}", tarfile.REGTYPE, ""),
                                 (f"d/.wh.{number - 1}", tarfile.REGTYPE, "")))
        image = images.make_image(layers)
        reference = registry.add(image)
        for _ in range(3):
            store.ok("pull", "-q", reference)
            bundle = store.folder / "flat"
            store.ok("bundle", "--flat", reference, bundle)
            equal(os.listdir(bundle / "rootfs/d"), ["39"], "what is left")
            store.ok("unbundle", bundle)
            store.ok("rm", reference)


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
