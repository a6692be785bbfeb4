#!/usr/bin/env python3
"""Bundles come and go: what `bundle`, `mount` and `unbundle` leave behind, also when they are cut
off.

    tests/layers/bundle_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import json
import os
import subprocess
import sys

import support
import images
from fake_registry import FakeRegistry
from program import contains, equal, run_tests, test
from registry import busybox_layer

PROGRAM = sys.argv[1]
PASSWD = b"root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/srv:/bin/sh\n"
GROUP = b"root:x:0:\nstaff:x:1001:\nextra:x:1002:app\n"


def pull(store, *layers, config=None):
    image = images.make_image(list(layers) or [
        images.tar_of({"base": b"1", "gone": b"1", "etc/passwd": PASSWD, "etc/group": GROUP}),
        images.tar_of({"top": b"2", ".wh.gone": b""})])
    if config is not None:
        document = json.loads(image.blobs[image.config])
        document["config"] = config
        blob = json.dumps(document).encode()
        image.manifest["config"] = images.descriptor(images.CONFIG, blob)
        image.blobs[images.digest_of(blob)] = blob
    with FakeRegistry() as registry:
        reference = registry.add(image)
        store.ok("pull", "-q", reference)
    return reference


def config_of(bundle):
    return json.loads((bundle / "config.json").read_text())


def leases(store):
    return os.listdir(store.root / "leases")


def absent(store, bundle):
    equal((bundle.exists(), support.mounts_below(bundle), leases(store)), (False, [], []),
          "what is left of the bundle")


@test
def bundle_has_the_layers_joined_and_takes_writes(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", reference, bundle)
    rootfs = bundle / "rootfs"
    equal(sorted(os.listdir(rootfs)), ["base", "etc", "top"], "names")
    equal(rootfs.stat().st_mode & 0o7777, 0o755, "the root's mode")
    equal(bundle.stat().st_mode & 0o7777, 0o700, "the bundle's mode")
    (rootfs / "base").write_text("changed")
    (rootfs / "top").unlink()
    equal(sorted(os.listdir(bundle / "upper")), ["base", "top"], "what changed")
    store.ok("bundle", reference, store.folder / "other")
    equal((store.folder / "other/rootfs/base").read_text(), "1", "another bundle's file")
    for name in ("b", "other"):
        store.ok("unbundle", store.folder / name)
        store.ok("unbundle", store.folder / name)
    absent(store, bundle)


@test
def flat_bundle_needs_neither_store_nor_mount(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", "--flat", reference, bundle)
    equal((support.mounts_below(bundle), leases(store)), ([], []), "mounts and leases")
    store.ok("rm", reference)
    equal(sorted(os.listdir(bundle / "rootfs")), ["base", "etc", "top"], "names")
    store.ok("mount", bundle)
    store.ok("unbundle", bundle)
    absent(store, bundle)


@test
def where_an_overlay_cannot_be_the_files_are_copied(store):
    reference = pull(store)
    # An overlay's own files cannot hold the changes of another one.
    place = store.folder / "place"
    for name in ("lower", "upper", "work", "place"):
        (store.folder / name).mkdir()
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={store.folder}/lower,upperdir="
                    f"{store.folder}/upper,workdir={store.folder}/work", "overlay", place], check=True)
    try:
        done = store.run("bundle", reference, place / "b")
        equal(done.returncode, 0, done.stderr)
        equal(done.stderr, f"gocker-image: warning: all files of the image are copied, as {place}/b cannot "
                           "hold the changes of an overlay: Invalid argument\n")
        equal(sorted(os.listdir(place / "b/rootfs")), ["base", "etc", "top"], "files")
        equal((support.mounts_below(place / "b"), leases(store)), ([], []), "mounts and leases")
        store.ok("mount", place / "b")
        store.ok("unbundle", place / "b")
        absent(store, place / "b")
        contains(store.fails("bundle", "--storage", "overlay", reference, place / "c"), "upper")
        absent(store, place / "c")
    finally:
        subprocess.run(["umount", place], check=True)


@test
def image_stays_while_a_bundle_uses_it(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", reference, bundle)
    contains(store.fails("rm", reference), str(bundle))
    equal((bundle / "rootfs/base").read_text(), "1", "content")
    store.ok("unbundle", bundle)
    store.ok("rm", reference)
    equal(os.listdir(store.root / "layers"), [], "layers")


@test
def directory_must_be_absent_or_empty(store):
    reference = pull(store)
    (store.folder / "mine").mkdir()
    (store.folder / "mine/file").write_text("mine")
    before = support.mounts_below(store.folder)
    for target, says in (("mine", "not empty"), ("mine/file", "Not a directory"),
                         ("no/such/b", "No such file or directory")):
        line = store.fails_unchanged("bundle", reference, store.folder / target)
        contains(line, says)
        contains(line, str(store.folder / target))
    equal((store.folder / "mine/file").read_text(), "mine", "my file")
    equal((support.mounts_below(store.folder), leases(store)), (before, []), "mounts and leases")
    (store.folder / "empty").mkdir(mode=0o711)
    store.ok("bundle", reference, store.folder / "empty")
    store.ok("unbundle", store.folder / "empty")


@test
def unbundle_removes_only_what_is_ours(store):
    folder = store.folder / "mine"
    folder.mkdir()
    (folder / "rootfs").mkdir()
    (folder / "config.json").write_text("{}")
    line = store.fails("unbundle", folder)
    contains(line, "it is no bundle of gocker-image: nothing is removed")
    equal(sorted(os.listdir(folder)), ["config.json", "rootfs"], "names")
    contains(store.fails("unbundle", "/"), "no bundle")
    store.ok("unbundle", store.folder / "never-was")


@test
def mounts_of_others_below_a_bundle_are_not_emptied(store):
    reference = pull(store)
    host = store.folder / "host"
    host.mkdir()
    (host / "precious").write_text("keep me")
    for place in ("rootfs", "upper", "."):
        bundle = store.folder / "b"
        store.ok("bundle", reference, bundle)
        target = bundle / place / "on"
        target.mkdir()
        subprocess.run(["mount", "--bind", host, target], check=True)
        store.fails("unbundle", bundle)
        equal((host / "precious").read_text(), "keep me", "a file of the host")
        subprocess.run(["umount", target], check=True)
        store.ok("unbundle", bundle)
        absent(store, bundle)


@test
def unbundle_takes_all_mounts_off_rootfs(store):
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", reference, bundle)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", bundle / "rootfs"], check=True)
    store.ok("unbundle", bundle)
    absent(store, bundle)


@test
def bundle_survives_a_reboot(store):
    """After a reboot the mounts are gone and everything else is there."""
    reference = pull(store)
    bundle = store.folder / "b"
    store.ok("bundle", reference, bundle)
    (bundle / "rootfs/base").write_text("changed")
    subprocess.run(["umount", bundle / "rootfs"], check=True)
    equal(os.listdir(bundle / "rootfs"), [], "rootfs without its mount")
    for _ in range(2):
        store.ok("mount", bundle)
        equal((bundle / "rootfs/base").read_text(), "changed", "what was written")
        equal(len(support.mounts_below(bundle)), 1, "mounts")
    subprocess.run(["umount", bundle / "rootfs"], check=True)
    store.ok("unbundle", bundle)
    absent(store, bundle)


@test
def killed_bundle_is_cleared_away(store):
    reference = pull(store)
    bundle = store.folder / "b"
    killed = 0
    for call in ("mkdir", "mkdirat", "renameat", "openat", "write", "fsmount", "move_mount"):
        for count in range(1, 40):
            if not support.run_until_call(store, call, count, "bundle", reference, bundle):
                break
            killed += 1
            store.ok("unbundle", bundle)
            store.ok("gc")  # takes half-written leases away
            absent(store, bundle)
        store.ok("unbundle", bundle)
    if killed < 20:
        raise AssertionError(f"killed only {killed} times")
    store.ok("bundle", reference, bundle)
    store.ok("unbundle", bundle)


@test
def killed_unbundle_is_finished_by_the_next(store):
    reference = pull(store)
    bundle = store.folder / "b"
    killed = 0
    for kind in ([], ["--flat"]):
        for call in ("umount2", "unlinkat", "rmdir"):
            for count in range(1, 40):
                store.ok("bundle", *kind, reference, bundle)
                was_killed = support.run_until_call(store, call, count, "unbundle", bundle)
                store.ok("unbundle", bundle)
                absent(store, bundle)
                if not was_killed:
                    break
                killed += 1
    if killed < 10:
        raise AssertionError(f"killed only {killed} times")


@test
def failed_bundle_leaves_nothing(store):
    reference = pull(store)
    nameless = pull(store, images.tar_of({"only": b"x"}), config={})
    bundle = store.folder / "b"
    before = store.listing()
    for target, options, says in (
            (reference, ["-u", "nobody-here"], "look up user nobody-here: no such name"),
            (reference, ["-u", "0:nogroup"], "no group nogroup"),
            (reference, ["-u", "4294967295"], "highest id"),
            (reference, ["-w", "relative"], "not absolute"),
            (reference, ["-w", "/base/x"], "working directory"),
            (reference, ["-v", "/no/such:/x"], "/no/such does not exist"),
            (nameless, [], "no program to run")):
        for flat in ([], ["--flat"]):
            line = store.fails("bundle", *flat, *options, target, bundle)
            contains(line, says)
            absent(store, bundle)
    equal([entry[0] for entry in store.listing()], [entry[0] for entry in before], "the store")


@test
def config_follows_image_and_options(store):
    reference = pull(store, config={
        "Env": ["A=image", "B=image"], "Entrypoint": ["/entry"], "Cmd": ["default"], "User": "app",
        "WorkingDir": "/place/here", "StopSignal": "SIGUSR1",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "Labels": {"org.opencontainers.image.os": "mine", "x": "y"}})
    bundle = store.folder / "b"
    store.ok("bundle", reference, bundle)
    spec = config_of(bundle)
    process = spec["process"]
    equal(process["args"], ["/entry", "default"], "args")
    equal(process["cwd"], "/place/here", "cwd")
    equal((bundle / "rootfs/place/here").is_dir(), True, "the working directory")
    equal(process["user"], {"uid": 1000, "gid": 1001, "additionalGids": [1002]}, "user")
    equal(process["env"][:2], ["A=image", "B=image"], "env")
    contains(process["env"], "HOME=/srv")
    equal(process["capabilities"].get("effective", []), [], "effective capabilities of a user")
    equal(len(process["capabilities"]["bounding"]), 14, "bounding capabilities")
    notes = spec["annotations"]
    equal((notes["org.opencontainers.image.os"], notes["x"]), ("mine", "y"), "labels")
    equal(notes["org.opencontainers.image.stopSignal"], "SIGUSR1", "stop signal")
    equal(notes["org.opencontainers.image.exposedPorts"], "53/udp,80/tcp", "ports")
    store.ok("unbundle", bundle)
    store.ok("bundle", "-e", "A=mine", "-e", "C=more", "-w", "/", "-u", "7", "-t", "--hostname",
             "box", "--net", "host", "-v", "/etc:/host-etc:ro", "-m", "64m", "--cpus", "1.5",
             "--pids", "10", "--read-only", reference, bundle, "--", "other", "words")
    spec = config_of(bundle)
    process = spec["process"]
    equal(process["args"], ["/entry", "other", "words"], "args")
    equal(process["env"][:3], ["A=mine", "B=image", "C=more"], "env")
    equal((process["user"], process["terminal"]), ({"uid": 7, "gid": 0}, True), "user, terminal")
    equal((spec["hostname"], spec["root"]["readonly"]), ("box", True), "hostname, read-only")
    kinds = [namespace["type"] for namespace in spec["linux"]["namespaces"]]
    equal("network" in kinds, False, "a network namespace")
    contains(spec["mounts"], {"destination": "/host-etc", "type": "bind", "source": "/etc",
                              "options": ["rbind", "rprivate", "ro"]})
    resources = spec["linux"]["resources"]
    equal((resources["memory"], resources["cpu"], resources["pids"]),
          ({"limit": 64 << 20}, {"quota": 150000, "period": 100000}, {"limit": 10}), "limits")
    store.ok("unbundle", bundle)


@test
def runtimes_take_the_bundle(store):
    """runc is the judge of config.json: it runs the container under the default profile."""
    reference = pull(store, busybox_layer(), images.tar_of({"etc/motd": b"x"}), config={
        "Cmd": ["/bin/sh", "-c", "id; pwd; echo $HOME; cat /proc/self/status"], "User": "ann",
        "WorkingDir": "/home/ann"})
    bundle = store.folder / "b"
    store.ok("bundle", reference, bundle)
    name = f"gocker-bundle-test-{os.getpid()}"
    done = subprocess.run(["runc", "--root", store.folder / "runc", "run", "-b", bundle, name],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    equal(done.returncode, 0, done.stderr)
    lines = done.stdout.splitlines()
    equal(lines[0], "uid=1000(ann) gid=1001(staff) groups=1002(extra)", "id")
    equal(lines[1:3], ["/home/ann", "/home/ann"], "working directory and HOME")
    contains(done.stdout, "Seccomp:\t2")
    store.ok("unbundle", bundle)


if __name__ == "__main__":
    support.enter_own_mounts()
    run_tests(PROGRAM)
