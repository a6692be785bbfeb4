#!/usr/bin/env python3
"""Makes an odd image: 40 layers with everything that layers may legally do to each other.

   make-odd.py DIRECTORY

writes the OCI layouts DIRECTORY/gzip and DIRECTORY/zstd, each with the image "odd": the same tar
archives, packed two ways. Two runs make the same bytes.
"""

import io
import os
import struct
import subprocess
import sys
import tarfile
import tempfile

from oci_layout import Layout

LAYERS = 40
NFC = "caf\u00e9"
NFD = "cafe\u0301"
LONG = "l" * 255
DEEP = "/".join(["deep%02d" % i + "x" * 40 for i in range(12)])

CONFIG = {
    "created": "2026-01-01T00:00:00Z",
    "author": "the tests of gocker",
    "config": {
        "Env": ["PATH=/bin:/usr/bin", "ODD=yes"],
        "Entrypoint": ["/bin/tool"],
        "Cmd": ["--all"],
        "User": "app",
        "WorkingDir": "/srv/app",
        "Labels": {"name": "odd", "org.opencontainers.image.author": "a label"},
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Volumes": {"/data": {}},
        "StopSignal": "SIGUSR1",
    },
}


def capability(*numbers):
    """security.capability, revision 2, permitted and effective."""
    mask = sum(1 << number for number in numbers)
    return struct.pack("<IIIII", 0x02000001, mask & 0xFFFFFFFF, 0, mask >> 32, 0)


class Layer:
    def __init__(self, number):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.PAX_FORMAT)
        self.number = number

    def add(self, name, kind, data=b"", xattrs=None, **fields):
        info = tarfile.TarInfo(name)
        info.type = kind
        info.size = len(data)
        info.mtime = fields.pop("mtime", 1_600_000_000 + self.number)
        nanoseconds = fields.pop("nanoseconds", None)
        for key, value in fields.items():
            setattr(info, key, value)
        for key, value in (xattrs or {}).items():
            info.pax_headers["SCHILY.xattr." + key] = value.decode("utf-8", "surrogateescape")
        if nanoseconds is not None:
            info.pax_headers["mtime"] = "%d.%09d" % (info.mtime, nanoseconds)
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def dir(self, name, mode=0o755, **fields):
        return self.add(name, tarfile.DIRTYPE, mode=mode, **fields)

    def file(self, name, data=None, mode=0o644, **fields):
        content = data if data is not None else ("%s in layer %d\n" % (name, self.number)).encode()
        return self.add(name, tarfile.REGTYPE, content, mode=mode, **fields)

    def symlink(self, name, target, **fields):
        return self.add(name, tarfile.SYMTYPE, linkname=target, mode=0o777, **fields)

    def link(self, name, target):
        return self.add(name, tarfile.LNKTYPE, linkname=target)

    def device(self, name, kind, major, minor, mode=0o600, **fields):
        return self.add(name, kind, devmajor=major, devminor=minor, mode=mode, **fields)

    def whiteout(self, *paths):
        for path in paths:
            parent, name = os.path.split(path)
            self.file(os.path.join(parent, ".wh." + name), b"")
        return self

    def opaque(self, path):
        return self.file(os.path.join(path, ".wh..wh..opq"), b"")

    def archive(self):
        self.tar.close()
        return self.buffer.getvalue()


def base(layer):
    layer.dir("./", 0o755, nanoseconds=123456789)
    for path in ("usr", "usr/bin", "usr/lib", "etc", "srv", "srv/app", "dev", "var", "var/lib"):
        layer.dir(path)
    layer.symlink("bin", "usr/bin").symlink("lib", "usr/lib").symlink("sbin", "/usr/bin")
    layer.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv/app:/bin/sh\n")
    layer.file("etc/group", b"root:x:0:\napp:x:1000:\nextra:x:1001:app,other\n")
    layer.file("usr/bin/tool", b"#!/bin/sh\n", 0o755)
    layer.file("usr/bin/su", b"su", 0o4755).file("usr/bin/wall", b"wall", 0o2755, gid=5)
    layer.file("usr/bin/both", b"both", 0o6711, uid=1000, gid=1000)
    layer.file("usr/bin/ping", b"ping", 0o755, xattrs={"security.capability": capability(13)})
    layer.file("usr/bin/ping-of-user", b"ping", 0o755, uid=1000,
               xattrs={"security.capability": capability(12, 13)})
    layer.file("srv/app/data", xattrs={"user.mime": b"text/plain",
                                       "trusted.secret": b"\x00\x01\xff"}, nanoseconds=1)
    layer.dir("tmp", 0o1777).dir("shared", 0o2775, gid=50)
    layer.dir("private", 0o700, uid=1000, gid=1000, nanoseconds=999999999,
              xattrs={"user.note": b"kept by implied parents"})
    layer.file("secret", b"", 0).file("huge-ids", uid=4294967294, gid=3000000000)
    layer.file("old", mtime=0).file("older", mtime=-86400).file("future", mtime=4102444800)


# New parents have entries of their own, as umoci gives those that have none the time of the day.
def links(layer):
    layer.dir("links").dir("links/sub", 0o711)
    layer.file("links/a", b"one file\n", 0o640, uid=7).link("links/b", "links/a")
    layer.link("links/sub/c", "links/a").symlink("links/s", "a").link("links/s2", "links/s")
    layer.file("links/alone", b"alone\n", nanoseconds=5)


def names(layer):
    layer.dir("names", 0o500)
    for depth in range(12):
        layer.dir("/".join(DEEP.split("/")[: depth + 1]))
    layer.file("names/" + NFC, b"composed").file("names/" + NFD, b"decomposed")
    layer.file("names/" + LONG).file(DEEP + "/file")
    layer.symlink("names/long-target", "../" + DEEP + "/file")
    layer.file("names/new\nline").file("names/ blank ").file("names/-dash").file("names/\u65e5\u672c")
    layer.file("names/back\\slash").file("names/quote\"'").file("names/.hidden").file("names/..x")
    layer.symlink("names/" + NFD + "-link", NFC)


def devices(layer):
    layer.device("dev/null", tarfile.CHRTYPE, 1, 3, 0o666)
    layer.device("dev/disk", tarfile.BLKTYPE, 8, 1, 0o660, gid=6)
    layer.device("dev/wide", tarfile.CHRTYPE, 300, 70000)
    layer.add("dev/pipe", tarfile.FIFOTYPE, mode=0o622, uid=3, nanoseconds=42)


def implied_parents(layer):
    # Through symlinks of lower layers, and below directories whose attributes must stay.
    layer.file("lib/libodd.so.1").symlink("lib/libodd.so", "libodd.so.1").file("sbin/admin", mode=0o750)
    layer.file("private/diary", mode=0o600, uid=1000).file("shared/note", gid=50)
    layer.file("tmp/left-over").dir("lib/plugins", 0o711).file("bin/../lib/plugins/p.so")


def links_across(layer):
    layer.link("links/d", "links/sub/c").link("linked-tool", "bin/tool").link("copy-of-s", "links/s")
    layer.link("dev/null2", "dev/null").link("usr/bin/pong", "usr/bin/ping")
    layer.link("links/alone2", "links/alone")


def whiteouts(layer):
    layer.whiteout("old", "names/-dash", "names/" + NFC, "absent", "no/such/place")
    layer.file("older", b"written again\n").whiteout("older")


def trees(layer):
    for tree in ("t1", "t2", "t3", "t4", "t5"):
        layer.dir(tree, 0o750).dir(tree + "/sub", 0o711)
        layer.file(tree + "/sub/file").file(tree + "/file").symlink(tree + "/link", "sub")


def opaque(layer):
    layer.opaque("t1").file("t1/new")
    layer.dir("t2", 0o700).file("t2/new").opaque("t2").dir("t2/sub", 0o710).file("t2/sub/new")
    layer.whiteout("t3").opaque("t4").dir("t4")
    layer.opaque("links-to-nowhere")


def replaced(layer):
    layer.file("t5/sub", b"a directory became a file\n").symlink("t5/file", "sub")
    layer.dir("t5/link", 0o700).file("t5/link/inside")
    layer.file("twice", b"first").file("twice", b"second, and longer")
    layer.symlink("through", "/etc/passwd").file("through", b"not passwd")
    layer.file("was-file").dir("was-file", 0o500)


def back_again(layer):
    layer.dir("t3", 0o701).file("t3/only").file("old", b"back\n").dir("t5/sub").file("t5/sub/x")


def rename_by_link(layer):
    layer.link("srv/app/renamed", "srv/app/data").whiteout("srv/app/data")


def through_explicit_directory(layer):
    # "sbin" was a symlink; from here on it is a directory, and what lay behind it stays there.
    layer.dir("sbin", 0o755).file("sbin/own")


def after_explicit_directory(layer):
    layer.file("sbin/second").file("lib/plugins/q.so")


STEPS = [base, links, names, devices, implied_parents, links_across, whiteouts, trees, opaque,
         replaced, back_again, rename_by_link, through_explicit_directory,
         after_explicit_directory]


def small_change(layer):
    """What most layers are: a file changed, one more, one gone."""
    layer.file("counter", b"%d\n" % layer.number)
    layer.file("var/lib/step-%02d" % layer.number, nanoseconds=layer.number)
    if layer.number % 3 == 0:
        layer.whiteout("var/lib/step-%02d" % (layer.number - 1))


def sparse_layer():
    """GNU tar is the one that packs sparse files."""
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "sparse")
        with open(path, "wb") as file:
            file.write(b"start")
            file.seek(3 << 20)
            file.write(b"middle")
            file.truncate(8 << 20)
        os.utime(path, ns=(0, 1_600_000_000_000_000_001))
        return subprocess.run(
            ["tar", "-C", work, "-c", "--sparse", "--format=pax", "--owner=0", "--group=0",
             "--numeric-owner", "--mode=0644",
             "--pax-option=delete=atime,delete=ctime,exthdr.name=pax", "sparse"],
            stdout=subprocess.PIPE, check=True).stdout


def archives():
    layers = []
    for number, step in enumerate(STEPS):
        layer = Layer(number)
        step(layer)
        layers.append(layer.archive())
    layers.append(sparse_layer())
    while len(layers) < LAYERS:
        layer = Layer(len(layers))
        small_change(layer)
        layers.append(layer.archive())
    return layers


def main():
    layers = archives()
    for compression in ("gzip", "zstd"):
        Layout(os.path.join(sys.argv[1], compression)).add_image("odd", compression, CONFIG, layers)


if __name__ == "__main__":
    main()
