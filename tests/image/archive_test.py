#!/usr/bin/env python3
"""save and load: archives of images, ours and those of docker, podman and skopeo, and hostile ones.

    tests/image/archive_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import gzip
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile

import images
from fake_registry import FakeRegistry
from program import Skip, contains, equal, run_tests, test
from terminal import Terminal

NAME = "r.example/test/image:latest"


def stored(store, image, *names):
    """The image in the store under these names, unpacked or not as load would have it."""
    with FakeRegistry() as source:
        reference = source.add(image)
        store.ok("pull", "-q", reference)
        for name in names or (NAME,):
            store.ok("tag", reference, name)
        store.ok("rm", reference)


def tar_of(entries):
    """An archive of (name, content) and of TarInfo objects."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
                continue
            name, content = entry
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def blob(content):
    return f"blobs/sha256/{images.digest_of(content)[7:]}", content


def oci_archive(image, name=NAME, index=None):
    """As skopeo writes it; a list for tar_of."""
    descriptor = images.descriptor(image.media_type, image.document,
                                   annotations={"org.opencontainers.image.ref.name": name})
    index = index or json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode()
    return [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index),
            blob(image.document), *map(blob, image.blobs.values())]


def docker_archive(layers, names=(NAME,), packed=False, config=None, manifest=None):
    """As docker save wrote it for years: a folder a layer."""
    if config is None:
        config = json.dumps({"architecture": images.HERE, "os": "linux", "config": {"Cmd": ["sh"]},
                             "rootfs": {"type": "layers",
                                        "diff_ids": [images.digest_of(layer) for layer in layers]}}).encode()
    files = {f"{number:064x}/layer.tar": gzip.compress(layer) if packed else layer
             for number, layer in enumerate(layers)}
    if manifest is None:
        manifest = [{"Config": "config.json", "RepoTags": list(names), "Layers": list(files)}]
    return [*files.items(), ("config.json", config), ("repositories", b"{}"),
            ("manifest.json", json.dumps(manifest).encode())]


def load(store, content, *words):
    """The names that load prints."""
    file = store.folder / "archive.tar"
    file.write_bytes(content if isinstance(content, bytes) else tar_of(content))
    return store.ok("load", "-i", file, *words).split()


def refused(store, content, *expected):
    file = store.folder / "archive.tar"
    file.write_bytes(content if isinstance(content, bytes) else tar_of(content))
    store.ok("images")
    line = store.fails_unchanged("load", "-i", file)
    for part in ("gocker-image: load the archive: ", *expected):
        contains(line, part)


def inspected(store, name=NAME):
    return json.loads(store.ok("inspect", name))


@test
def there_and_back(store):
    one, two = images.small_image("base", "one"), images.small_image("base", "two")
    stored(store, one, "r.example/one:1", "r.example/one:2")
    stored(store, two, "alpine:3")
    names = ["r.example/one:1", "r.example/one:2", "docker.io/library/alpine:3"]
    before = store.listing()
    for kind in ("docker-archive", "oci-archive"):
        file = store.folder / kind
        store.ok("save", "-o", file, "--format", kind, *names)
        equal(store.listing(), before, "the store")
        store.ok("rm", *names)
        equal(store.ok("load", "-i", file).split(), names, "what load says")
        equal([inspected(store, name)["digest"] for name in names],
              [one.digest, one.digest, two.digest], "digests")
        equal(store.listing(), before, "the store after load")
        again = store.folder / "again"
        store.ok("save", "-o", again, "--format", kind, *names)
        equal(again.read_bytes(), file.read_bytes(), "the same bytes each time")


@test
def through_pipes_plain_and_packed(store):
    stored(store, images.small_image())
    plain = subprocess.run(store.command("save", NAME), env=store.environment, capture_output=True,
                           check=True, timeout=60).stdout
    for pack in (None, "gzip", "zstd"):
        content = plain
        if pack:
            content = subprocess.run([pack, "-c"], input=plain, capture_output=True, check=True).stdout
        store.ok("rm", NAME)
        done = subprocess.run(store.command("load", "-q"), env=store.environment, input=content,
                              capture_output=True, timeout=60)
        equal((done.returncode, done.stdout, done.stderr), (0, b"", b""), f"load of {pack}")
        store.ok("rm", NAME)
        equal(load(store, content), [NAME], f"load of a file, {pack}")


@test
def skopeo_reads_ours(store):
    image = images.small_image("one", "two")
    stored(store, image)
    for kind in ("docker-archive", "oci-archive"):
        file = store.folder / f"{kind}.tar"
        store.ok("save", "-o", file, "--format", kind, NAME)
        for transport in {kind, "oci-archive"}:
            target = store.folder / f"layout-{kind}-{transport}"
            done = subprocess.run(["skopeo", "copy", "-q", f"{transport}:{file}", f"oci:{target}:x"],
                                  capture_output=True, text=True, timeout=60)
            equal((done.returncode, done.stderr), (0, ""), f"skopeo copy {transport} of {kind}")
            index = json.loads((target / "index.json").read_text())
            if transport == "oci-archive":
                equal(index["manifests"][0]["digest"], image.digest, "the digest")


@test
def skopeos_archives_are_read(store):
    image = images.small_image("one", "two")
    stored(store, image)
    for kind in ("docker-archive", "oci-archive"):
        file = store.folder / f"{kind}.tar"
        done = subprocess.run(["skopeo", "copy", "-q", f"oci:{store.root}:{NAME}",
                               f"{kind}:{file}:r.example/theirs:{kind}"],
                              capture_output=True, text=True, timeout=60)
        equal((done.returncode, done.stderr), (0, ""), f"skopeo copy to {kind}")
        name = f"r.example/theirs:{kind}"
        equal(store.ok("load", "-i", file).split(), [name], "what load says")
        equal(inspected(store, name)["config"]["rootfs"], inspected(store)["config"]["rootfs"], "layers")


@test
def podman_and_ours(store):
    if not shutil.which("podman"):
        raise Skip("no podman here")
    podman = ["podman", "--root", store.folder / "podman", "--runroot", store.folder / "podman-run",
              "--storage-driver", "vfs"]
    stored(store, images.small_image("one", "two"))

    def run(*words):
        done = subprocess.run([*podman, *words], capture_output=True, text=True, timeout=120)
        equal(done.returncode, 0, f"podman {words}: {done.stderr}")
        return done.stdout

    for kind in ("docker-archive", "oci-archive"):
        file = store.folder / f"{kind}.tar"
        store.ok("save", "-o", file, "--format", kind, NAME)
        contains(run("load", "-i", file), NAME)
        theirs = store.folder / f"theirs-{kind}.tar"
        run("save", "--format", kind, "-o", theirs, NAME)
        run("rmi", NAME)
        config = inspected(store)["config"]
        store.ok("rm", NAME)
        equal(store.ok("load", "-i", theirs).split(), [NAME], "what load says")
        equal(inspected(store)["config"]["rootfs"], config["rootfs"], "layers")


@test
def docker_archives_of_all_ages(store):
    layers = [images.tar_of({"one": b"1"}), images.tar_of({"two": b"2" * 200_000})]
    for packed in (False, True):
        equal(load(store, docker_archive(layers, ("one:1", "r.example/two:2"), packed)),
              ["docker.io/library/one:1", "r.example/two:2"], "names")
        found = inspected(store, "one:1")
        equal([layer["diffId"] for layer in found["layers"]],
              [images.digest_of(layer) for layer in layers], "layers")
        equal({layer["mediaType"] for layer in found["layers"]}, {images.LAYER}, "their types")
        equal(all(layer["unpacked"] for layer in found["layers"]), True, "they are unpacked")
        store.ok("rm", "one:1", "r.example/two:2")
        store.ok("fsck")
    # A layer that is there twice is a link to the first.
    entries = docker_archive([layers[1]])
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["b/layer.tar"]}]
    entries[-1] = ("manifest.json", json.dumps(manifest).encode())
    name, = load(store, [*entries, link("b/layer.tar", f"../{entries[0][0]}")])
    equal(name, f"localhost/loaded:{inspected(store, name)['digest'][7:19]}", "a name of its own")


@test
def no_unpack_keeps_layers_packed(store):
    load(store, docker_archive([images.tar_of({"one": b"1"})]), "--no-unpack")
    equal(inspected(store)["layers"][0]["unpacked"], False, "unpacked")


@test
def the_platform_is_chosen_from_an_archives_index(store):
    here = images.small_image("here")
    there = images.small_image("there", architecture=images.ELSEWHERE)
    index = images.index_of([(here.document, here.media_type, images.platform(images.HERE)),
                             (there.document, there.media_type, images.platform(images.ELSEWHERE))])
    top = json.dumps({"schemaVersion": 2, "manifests": [images.descriptor(
        images.INDEX, index, annotations={"org.opencontainers.image.ref.name": NAME})]}).encode()
    archive = {name: content for image in (here, there)
               for name, content in oci_archive(image, index=top)}
    archive.update([blob(index)])
    load(store, list(archive.items()))
    equal(inspected(store)["digest"], here.digest, "the image")
    load(store, list(archive.items()), "--platform", f"linux/{images.ELSEWHERE}")
    equal(inspected(store)["digest"], there.digest, "the other image")
    file = store.folder / "archive.tar"
    contains(store.fails_unchanged("load", "-i", file, "--platform", "linux/s390x"),
             "there is no image for linux/s390x; there is one for: linux/")


@test
def names_that_lead_out_of_the_archive_write_nothing(store):
    outside = store.folder / "outside"
    entries = oci_archive(images.small_image())
    load(store, [("../../outside", b"x"), ("/etc/../../other", b"y" * 100_000), *entries,
                 link("up", "../../../outside"), link("hard", "/etc/passwd", tarfile.LNKTYPE)])
    equal(outside.exists(), False, "a file outside")


@test
def what_is_no_archive_of_images(store):
    good = oci_archive(images.small_image())
    refused(store, b"", "neither index.json nor manifest.json is in it")
    refused(store, b"hello world, this is no archive at all" * 100, "tar archive")
    refused(store, [("readme", b"x")], "neither index.json nor manifest.json is in it")
    whole = tar_of(good)
    refused(store, whole[: len(whole) // 2], "Truncated tar archive")
    packed = gzip.compress(whole)
    refused(store, packed[:-20], "cut short")
    refused(store, packed + b"garbage", "")
    refused(store, b"\x1f\x8b" + b"x" * 1000, "")
    spoilt = bytearray(whole)
    spoilt[150] ^= 1
    refused(store, bytes(spoilt), "the tar archive is damaged")
    device = tarfile.TarInfo("device")
    device.type = tarfile.CHRTYPE
    refused(store, [device, *good], "read device: it is neither a file, a directory nor a link")
    refused(store, [*good, ("./index.json", b"{}")], "read index.json: it is in the archive twice")


@test
def oci_archives_that_lie(store):
    image = images.small_image("one", "two")
    good = oci_archive(image)
    layer = image.layers[1]
    name = f"blobs/sha256/{layer[7:]}"
    refused(store, [entry for entry in good if entry[0] != name], f"{name} is not in the archive")
    other = [(entry[0], b"x" * len(entry[1])) if entry[0] == name else entry for entry in good]
    refused(store, other, f"{name}: its content has the digest {images.digest_of(b'x' * len(image.blobs[layer]))}")
    image.manifest["layers"][1]["size"] += 1
    refused(store, oci_archive(image), f"{name}: it has {len(image.blobs[layer])} bytes, not ")
    image.manifest["layers"][1]["size"] -= 1
    wrong = images.make_image([images.tar_of({"x": b"x"})], diff_ids=[images.digest_of(b"")])
    refused(store, oci_archive(wrong), "unpack layer ")
    refused(store, oci_archive(image, index=b"[]"), "index.json")
    refused(store, oci_archive(image, index=b'{"schemaVersion": 2, "manifests": []}'),
            "there are no images in it")
    refused(store, oci_archive(image, name="r.example/UPPER:1"), "'r.example/UPPER:1' is no image reference")
    outside = json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": images.MANIFEST, "digest": "sha256:../../../../etc/passwd", "size": 1}]}).encode()
    refused(store, oci_archive(image, index=outside), "index.json")
    # An index in an index in an index in an index.
    level, kind, entries = image.document, image.media_type, []
    for _ in range(4):
        level = images.index_of([(level, kind, images.platform(images.HERE))])
        kind = images.INDEX
        entries.append(blob(level))
    top = json.dumps({"schemaVersion": 2, "manifests": [images.descriptor(kind, level)]}).encode()
    refused(store, [*oci_archive(image, index=top), *entries], "nested too deeply")


@test
def docker_archives_that_lie(store):
    layer = images.tar_of({"one": b"1" * 100_000})
    good = docker_archive([layer])
    for manifest, expected in (
            ({}, "manifest.json: it is no JSON array"),
            ([], "there are no images in it"),
            ([{}], "manifest.json: /0/Config: must be a text"),
            ([{"Config": "config.json", "Layers": "x"}], "/0/Layers: must be a list of texts"),
            ([{"Config": "config.json", "Layers": [1]}], "/0/Layers: must be a list of texts"),
            ([{"Config": "config.json", "Layers": []}], "names 0 layers and config.json 1 diff_ids"),
            ([{"Config": "none.json", "Layers": ["x"]}], "none.json is not in the archive"),
            ([{"Config": "config.json", "Layers": ["x"]}], "x is not in the archive"),
            ([{"Config": "/etc/passwd", "Layers": ["x"]}], "/etc/passwd is not in the archive"),
            ([{"Config": "config.json", "Layers": ["loop"]}], "loop is not in the archive"),
            ([{"Config": "config.json", "Layers": [good[0][0]], "RepoTags": ["NO"]}],
             "'NO' is no image reference")):
        refused(store, docker_archive([layer], manifest=manifest) + [link("loop", "loop")], expected)
    spoilt = [(good[0][0], b"x" * 100_000), *good[1:]]
    refused(store, spoilt, f"take {good[0][0]}: its content has the digest ",
            f", not {images.digest_of(layer)}")
    refused(store, docker_archive([layer], config=b"[]"), "config.json")
    packed = docker_archive([layer], packed=True)
    refused(store, [(packed[0][0], gzip.compress(images.tar_of({"other": b""}))), *packed[1:]],
            "unpack layer ")
    refused(store, docker_archive([layer], config=b" " * (9 << 20)), "at most 8388608 are taken")


@test
def a_bomb(store):
    """64 MiB of zeros in some KB; the limit stands for the disk's end."""
    archive = gzip.compress(tar_of([("zeros", b"\0" * (64 << 20))]), 9)
    file = store.folder / "archive.tar"
    file.write_bytes(archive)
    store.ok("images")
    line = store.fails_unchanged("load", "-i", file, "--max-layer-size", "16m")
    contains(line, "unpacks to more than 16777216 bytes")
    done = subprocess.run(store.command("load", "--max-layer-size", "16m"), env=store.environment,
                          input=archive, capture_output=True, timeout=60)
    contains(done.stderr.decode(), "unpacks to more than 16777216 bytes")


@test
def many_small_files(store):
    entries = oci_archive(images.small_image())
    load(store, [*((f"file-{n}", b"x" * 100) for n in range(5000)), *entries])
    refused(store, [*((f"file-{n}", b"x" * 60_000) for n in range(1200)), *entries],
            "the archive has too many small files")


@test
def a_full_disk_leaves_nothing(store):
    image = images.make_image([images.random_layer("big", 3_000_000)])
    stored(store, image)
    folder = store.folder / "out"
    folder.mkdir()

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    line = store.fails_unchanged("save", "-o", folder / "x.tar", NAME, preexec_fn=limited)
    contains(line, "File too large")
    equal(os.listdir(folder), [], "files")
    archive = store.folder / "a.tar"
    store.ok("save", "-o", archive, NAME)
    store.ok("rm", NAME)
    contains(store.fails_unchanged("load", "-i", archive, preexec_fn=limited), "File too large")


@test
def a_damaged_blob_is_not_saved(store):
    image = images.small_image()
    stored(store, image)
    path = store.root / "blobs/sha256" / image.layers[1][7:]
    good = path.read_bytes()
    path.write_bytes(b"x" * len(good))
    file = store.folder / "x.tar"
    file.write_text("what was there")
    contains(store.fails("save", "-o", file, NAME),
             f"save: write blob {image.layers[1]}: it is damaged (see gocker-image fsck)")
    equal(file.read_text(), "what was there", "the file")
    path.unlink()
    contains(store.fails("save", "-o", file, NAME), "is not in the store: pull the image again")


@test
def bad_input(store):
    store.ok("images")
    contains(store.fails("save", code=2), "too few arguments: usage: gocker-image save IMAGE...")
    contains(store.fails("save", "-o", "x", "none"), "no such image: none")
    contains(store.fails("save", "--format=tgz", "x", code=2),
             "--format: 'tgz' is neither docker-archive nor oci-archive")
    contains(store.fails("load", "extra", code=2), "too many arguments")
    contains(store.fails("load", "-i", "/no/such/file"), "open /no/such/file: No such file")
    contains(store.fails("load", "-i", store.folder), "Is a directory")
    contains(store.fails("load", "--platform", "x", code=2), "--platform: 'x' is no platform")
    contains(store.fails("load"), "neither index.json nor manifest.json is in it")
    stored(store, images.small_image())
    contains(store.fails("save", "-o", "/no/such/folder/x.tar", NAME), "/no/such/folder")
    for words, expected in ((("save", NAME), "standard output is a terminal"),
                            (("load",), "standard input is a terminal")):
        terminal = Terminal(store.command(*words), store.environment)
        equal(terminal.end(), 2, "exit code")
        contains(terminal.output, expected)


@test
def to_what_is_no_file(store):
    stored(store, images.small_image())
    store.ok("save", "-o", "/dev/null", NAME)
    equal(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"), True, "/dev/null is a device")
    done = subprocess.run(["sh", "-c", '"$@" | head -c 10', "sh", *store.command("save", NAME)],
                          env=store.environment, capture_output=True, text=True, timeout=60)
    equal(done.stderr.count("\n") <= 1, True, f"one line at most: {done.stderr!r}")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
