#!/usr/bin/env python3
"""Layers that were made to do harm, pulled and bundled by the whole program.

    tests/layers/hostile_test.py GOCKER_IMAGE [NAME...]

A canary outside the store must stay as it is. What is refused is refused in one line and leaves the
store unchanged; what is taken lands inside the image. Prints a TAP line for each test.
"""

import gzip
import io
import os
import subprocess
import sys
import tarfile
import threading

import support
import images
from fake_registry import FakeRegistry
from program import contains, equal, run_tests, test

PROGRAM = sys.argv[1]


def entry(name, kind=tarfile.REGTYPE, target="", content=b"theirs", mode=0o644, **fields):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def symlink(name, target):
    return entry(name, tarfile.SYMTYPE, str(target))


def hardlink(name, target):
    return entry(name, tarfile.LNKTYPE, str(target))


def directory(name, mode=0o755):
    return entry(name, tarfile.DIRTYPE, mode=mode)


def whiteout(name):
    return entry(name, content=b"")


def tar(*entries):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return stream.getvalue()


class Canary:
    """A directory outside the store that a layer may know the name of."""

    def __init__(self, store):
        self.folder = store.folder / "outside"
        (self.folder / "sub").mkdir(parents=True)
        self.file = self.folder / "canary"
        self.file.write_text("must stay")
        self.file.chmod(0o600)
        os.utime(self.file, (5, 5))
        os.utime(self.folder, (6, 6))
        self.before = self.state()

    def state(self):
        return [(str(path), *path.lstat()[:8], path.lstat().st_mtime_ns)
                for path in sorted(self.folder.rglob("*")) + [self.folder]]

    def check(self):
        # The time of last access is not theirs to keep either, but a look at it changes it.
        mine = [state[:8] + state[9:] for state in self.state()]
        equal(mine, [state[:8] + state[9:] for state in self.before], "the canary")


def refused(store, *layers, says):
    with FakeRegistry() as registry:
        canary = Canary(store)
        store.ok("images")
        reference = registry.add(images.make_image([tar(*layer) for layer in layers]))
        line = store.fails_unchanged("pull", "-q", reference)
        contains(line, "unpack layer sha256:")
        contains(line, says)
        canary.check()
        subprocess.run(["rm", "-rf", canary.folder], check=True)


def taken(store, *layers):
    """The root file systems, overlay and flat, of an image that is pulled and bundled."""
    with FakeRegistry() as registry:
        canary = Canary(store)
        reference = registry.add(images.make_image([tar(*layer) for layer in layers]))
        store.ok("pull", "-q", reference)
        for kind in ("overlay", "flat"):
            options = ["--flat"] if kind == "flat" else []
            store.ok("bundle", *options, reference, store.folder / kind)
            canary.check()
            yield store.folder / kind / "rootfs"
            store.ok("unbundle", store.folder / kind)
        canary.check()


def outside(store):
    return store.folder / "outside"


@test
def names_that_lead_out_of_the_image_land_inside(store):
    out = str(outside(store))
    up = "../" * 20
    for rootfs in taken(store, [entry(out + "/canary"), entry(up + out[1:] + "/up"),
                                entry("a/../../../../etc/x"), directory("/..//abs/.")]):
        equal((rootfs / out[1:] / "canary").read_text(), "theirs", "absolute")
        equal((rootfs / out[1:] / "up").read_text(), "theirs", "..")
        equal((rootfs / "etc/x").read_text(), "theirs", "a/..")


@test
def symlinks_lead_nowhere_else(store):
    out = outside(store)
    for rootfs in taken(
            store,
            [symlink("abs", out), symlink("up", "../" * 20 + str(out)[1:]), symlink("root", "/")],
            [entry("abs/canary"), entry("up/second"), entry("root/third"),
             symlink("file", out / "canary")],
            [entry("file"), symlink("dir", out), directory("dir"), entry("dir/f")]):
        equal((rootfs / str(out)[1:] / "canary").read_text(), "theirs", "absolute symlink")
        equal((rootfs / str(out)[1:] / "second").read_text(), "theirs", "relative symlink")
        equal((rootfs / "third").read_text(), "theirs", "symlink to the root")
        equal((rootfs / "file").read_text(), "theirs", "file over a symlink")
        equal((rootfs / "dir").is_symlink(), False, "directory over a symlink")


@test
def hard_links_to_the_host_are_refused(store):
    out = outside(store)
    for target in (out / "canary", "../" * 20 + str(out)[1:] + "/canary", "way/canary"):
        refused(store, [symlink("way", out), hardlink("mine", target)], says="not in the image")
        refused(store, [symlink("way", out)], [hardlink("mine", target)], says="not in the image")


@test
def whiteouts_of_nothing_and_dots_are_refused(store):
    for name in (".wh.", ".wh..", ".wh...", "a/.wh...", "a/.wh."):
        refused(store, [entry("a/b")], [whiteout(name)], says="a whiteout of nothing")


@test
def whiteouts_hide_nothing_of_the_host(store):
    out = outside(store)
    for rootfs in taken(store, [symlink("way", out), entry("keep")],
                        [whiteout("way/.wh.canary"), whiteout("way/.wh..wh..opq"),
                         whiteout("../../.wh.keep")]):
        equal(sorted(os.listdir(rootfs)), ["way"], "names")


@test
def overlay_gets_no_marks_from_a_layer(store):
    marks = {"SCHILY.xattr.trusted.overlay.redirect": "/secret",
             "SCHILY.xattr.trusted.overlay.opaque": "y",
             "SCHILY.xattr.user.overlay.opaque": "y"}
    for rootfs in taken(store, [directory("secret", 0o700), entry("secret/key"), entry("d/f")],
                        [entry("d", tarfile.DIRTYPE, mode=0o755, pax_headers=marks)]):
        equal(os.listdir(rootfs / "d"), ["f"], "a redirected directory")


@test
def a_device_that_overlay_takes_for_a_whiteout_is_refused(store):
    refused(store, [entry("f")], [entry("f", tarfile.CHRTYPE, devmajor=0, devminor=0)], says="0:0")


@test
def what_a_media_type_does_not_say_is_refused(store):
    plain = tar(entry("f"))
    packed = gzip.compress(plain)
    zstd = subprocess.run(["zstd", "-qc"], input=plain, capture_output=True, check=True).stdout
    with FakeRegistry() as registry:
        store.ok("images")
        for media_type, blob, says in (
                (images.ZSTD_LAYER, packed, "it is gzip"), (images.LAYER, zstd, "it is zstd"),
                (images.LAYER, plain, "does not begin as such"),
                (images.PLAIN_LAYER, packed, "it is gzip"),
                (images.LAYER, packed + b"trailing", "gzip"),
                (images.LAYER, packed + bytes(512), "gzip"),
                (images.LAYER, packed[:-5], "cut short"),
                (images.ZSTD_LAYER, zstd + b"trailing", "zstd"),
                (images.ZSTD_LAYER, zstd[:-2], "cut short")):
            image = images.make_image([plain])
            descriptor = images.descriptor(media_type, blob)
            image.manifest["layers"] = [descriptor]
            image.blobs[descriptor["digest"]] = blob
            line = store.fails_unchanged("pull", "-q", registry.add(image))
            contains(line, "unpack layer " + descriptor["digest"])
            contains(line, says)


@test
def several_gzip_members_are_one_layer(store):
    plain = tar(entry("first"), entry("second"))
    blob = b"".join(gzip.compress(plain[start:start + 700])
                    for start in range(0, len(plain), 700))
    image = images.make_image([plain])
    descriptor = images.descriptor(images.LAYER, blob)
    image.manifest["layers"] = [descriptor]
    image.blobs[descriptor["digest"]] = blob
    with FakeRegistry() as registry:
        reference = registry.add(image)
        store.ok("pull", "-q", reference)
        store.ok("bundle", "--flat", reference, store.folder / "b")
        equal(sorted(os.listdir(store.folder / "b/rootfs")), ["first", "second"], "names")


@test
def content_that_is_not_what_the_config_says_is_refused(store):
    with FakeRegistry() as registry:
        store.ok("images")
        image = images.make_image([tar(entry("f"))],
                                  diff_ids=[images.digest_of(b"something else")])
        contains(store.fails_unchanged("pull", "-q", registry.add(image)), "but the image says")


@test
def damaged_archives_are_refused(store):
    good = tar(entry("first"), entry("second", content=b"x" * 3000))
    broken = bytearray(good)
    broken[1024 + 150] ^= 1  # the checksum of the second header
    for layer, says in ((bytes(broken), "after first"), (good[:2500], "second"),
                        (b"no tar at all" * 100, "damaged")):
        with FakeRegistry() as registry:
            store.ok("images")
            line = store.fails_unchanged("pull", "-q", registry.add(images.make_image([layer])))
            contains(line, says)


@test
def a_bomb_is_stopped(store):
    """A hundred kilobytes that is a file of 2 GiB, of zeros."""
    header, _ = entry("zeros")
    header.size = 2 << 30
    zeros = bytes(1 << 20)
    with subprocess.Popen(["zstd", "-q", "-c"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as packer:
        reader = threading.Thread(target=lambda: packed.append(packer.stdout.read()))
        packed = []
        reader.start()
        packer.stdin.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(2 << 10):
            packer.stdin.write(zeros)
        packer.stdin.close()
        reader.join()
    image = images.make_image([b""])
    descriptor = images.descriptor(images.ZSTD_LAYER, packed[0])
    image.manifest["layers"] = [descriptor]
    image.blobs[descriptor["digest"]] = packed[0]
    with FakeRegistry() as registry:
        store.ok("images")
        line = store.fails_unchanged("pull", "-q", registry.add(image))
        contains(line, "unpacks to more than")


@test
def a_killed_pull_leaves_nothing_behind(store):
    """Killed by the kernel at the first, the thousandth, ... file whose time it sets."""
    layer = images.tar_of({f"d{i % 50}/file{i}": b"x" * 500 for i in range(3000)})
    image = images.make_image([images.tar_of({"base": b"x"}), layer])
    with FakeRegistry() as registry:
        store.ok("images")
        before = store.listing()
        reference = registry.add(image)
        for count in (1, 2, 1000, 3000, 3040):
            support.run_until_call(store, "utimensat", count, "pull", "-q", reference)
            if store.listing() == before:
                raise AssertionError("the killed pull had not begun to unpack")
            store.ok("gc")
            equal(store.listing(), before, f"the store, killed at {count}")
        store.ok("pull", "-q", reference)
        equal(list((store.root / "tmp").iterdir()), [], "leftovers")


if __name__ == "__main__":
    support.enter_own_mounts()
    run_tests(PROGRAM)
