#!/usr/bin/env python3
"""What a pull and a bundle make of an image is what umoci makes of it.

    tests/layers/compare_test.py GOCKER_IMAGE TREE_COMPARE CACHE [NAME...]

Two images, a minimal Debian and an odd one of 40 layers, each packed by gzip and by zstd, go by
skopeo into Debian's docker-registry and come back as a bundle, with an overlay and flat. Each is
compared with `umoci unpack` of the gzip image in all that tree_compare.h names: content, types,
modes, owners, extended attributes, times to the nanosecond of everything, directories and the root
too, link counts and which names are one file (directories' link counts aside), devices, targets.
Debian's packages are kept in $GOCKER_TEST_CACHE or CACHE. Prints a TAP line for each test.
"""

import json
import os
import pathlib
import subprocess
import sys

import support
from program import equal, run_tests, test
from registry import Registry

PROGRAM, TREE_COMPARE, CACHE = sys.argv[1:4]
IMAGES = support.ROOT / "tests/images"
MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")


def make_debian(folder, compression):
    cache = os.environ.get("GOCKER_TEST_CACHE", CACHE)
    run(IMAGES / "make-debian.sh", folder / compression, compression,
        env={**os.environ, "GOCKER_TEST_CACHE": cache})
    return folder / compression


def make_odd(folder, compression):
    if not (folder / compression).exists():
        run(sys.executable, "-B", IMAGES / "make-odd.py", folder)
    return folder / compression


def push(layout, tag, host, compression):
    """skopeo is told to leave the layers alone, and what it left is looked at by the caller."""
    run("skopeo", "copy", "--insecure-policy", "-q", "--dest-tls-verify=false",
        f"oci:{layout}:{tag}", f"docker://{host}/{tag}:{compression}")
    return f"{host}/{tag}:{compression}"


def compare(store, make, tag):
    folder = store.folder
    layouts = {compression: make(folder, compression) for compression in ("gzip", "zstd")}
    run("umoci", "unpack", "--image", f"{layouts['gzip']}:{tag}", folder / "umoci")
    expected = folder / "umoci/rootfs"
    with Registry(folder / "registry") as registry:
        for compression, layout in layouts.items():
            reference = push(layout, tag, registry.host, compression)
            store.ok("pull", "-q", reference)
            for layer in json.loads(store.ok("inspect", reference))["layers"]:
                equal(layer["mediaType"], MEDIA_TYPE + compression, "media type")
            for options in ([], ["--flat"]):
                bundle = folder / "bundle"
                store.ok("bundle", *options, reference, bundle)
                equal(support.differences(TREE_COMPARE, expected, bundle / "rootfs"), [],
                      f"{compression} {options}")
                store.ok("unbundle", bundle)
            # The twin has the same chain ids: it is unpacked again, not found.
            store.ok("rm", reference)


@test
def debian_is_what_umoci_makes_of_it(store):
    compare(store, make_debian, "debian")


@test
def the_odd_image_is_what_umoci_makes_of_it(store):
    compare(store, make_odd, "odd")


@test
def layers_that_umoci_packs_are_taken(store):
    """umoci as a producer: it makes an image, changes it twice, and each layer is its own archive."""
    layout, bundle, own = store.folder / "layout", store.folder / "umoci", store.folder / "own"
    image = f"{layout}:made"
    run("umoci", "init", "--layout", layout)
    run("umoci", "new", "--image", image)
    for script in ("mkdir -p a/b c; echo 1 > a/one; ln a/one a/b/two; ln -s /a/one link; mknod null c 1 3;"
                   "chmod 4750 a/one; chown 7:8 a/one; setfattr -n user.note -v kept a; echo 3 > c/gone;"
                   "mkdir " + "d" * 200 + "; echo long > " + "d" * 200 + "/" + "f" * 200,
                   "rm -r c; rm a/b/two; echo 2 > a/one; mkdir link2; touch -d @7.5 link2; rm link; mkdir link"):
        run("umoci", "unpack", "--image", image, bundle)
        run("sh", "-euc", script, cwd=bundle / "rootfs")
        run("umoci", "repack", "--image", image, bundle)
        run("rm", "-rf", bundle)
    run("umoci", "unpack", "--image", image, bundle)
    with Registry(store.folder / "registry") as registry:
        reference = push(layout, "made", registry.host, "gzip")
        store.ok("pull", "-q", reference)
    for options in ([], ["--flat"]):
        store.ok("bundle", *options, reference, own, "--", "true")
        equal(support.differences(TREE_COMPARE, bundle / "rootfs", own / "rootfs"), [], f"{options}")
        store.ok("unbundle", own)


@test
def tree_compare_sees_every_kind_of_difference(store):
    """A comparison that finds nothing says something only if it could find each of these."""
    changes = {
        "content": "printf Q | dd of=f bs=1 seek=2 conv=notrunc status=none; touch -d @7 f",
        "size": "printf x >>f; touch -d @7 f",
        "mode": "chmod 4755 f",
        "owner": "chown 5 f",
        "group": "chown :5 f",
        "mtime": "touch -d @7.000000001 f",
        "attribute": "setfattr -n user.x -v 2 f",
        "attribute nothing, user.y": "setfattr -n user.y -v 2 f",
        "attribute nothing, security.capability": "setcap cap_net_raw+ep g",
        "links": "ln f again; touch -d @7 .",
        "one file with": "rm b c; ln f c; ln d b; touch -d @7 .",
        "type": "rm f; mkdir f",
        "target": "rm l; ln -s F l; touch -h -d @7 l",
        "device": "rm n; mknod n c 1 5; touch -d @7 n",
        "only in the first tree": "rm g",
        "only in the second tree": "touch h",
        "d/inner: mode": "chmod 600 dir/inner",
    }
    make = ("mkdir dir; echo text >f; echo text >g; ln -s f l; mknod n c 1 3; echo i >dir/inner;"
            "chmod 644 f g dir/inner; setfattr -n user.x -v 1 f; ln f b; cp -a f d; ln d c;"
            "touch -h -d @7 f g l n d dir/inner dir .")
    left, right = store.folder / "left", store.folder / "right"
    for what, change in changes.items():
        for tree in (left, right):
            subprocess.run(["rm", "-rf", tree], check=True)
            tree.mkdir()
            run("sh", "-ec", make, cwd=tree)
        equal(support.differences(TREE_COMPARE, left, right), [], "twins")
        run("sh", "-ec", change, cwd=right)
        found = support.differences(TREE_COMPARE, left, right)
        wanted = what.replace("d/inner", "dir/inner")
        if not any(wanted in line for line in found):
            raise AssertionError(f"{what}: found {found}")


if __name__ == "__main__":
    support.enter_own_mounts()
    del sys.argv[2:4]
    run_tests(PROGRAM)
