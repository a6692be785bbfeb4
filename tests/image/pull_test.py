#!/usr/bin/env python3
"""Pulls that succeed, from Debian's docker-registry and from a fake one, and the commands on what
is in the store.

    tests/image/pull_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import struct
import subprocess
import sys
import termios
import time

import images
from fake_registry import FakeRegistry, Gate, half
from program import contains, equal, run_tests, test, wait_until
from registry import Registry


def inspect(store, reference):
    return json.loads(store.ok("inspect", reference))


def push_with_skopeo(folder, host, image, name, *options):
    """By way of an OCI layout on the disk."""
    layout = folder / "layout"
    (layout / "blobs/sha256").mkdir(parents=True)
    for content in [image.document, *image.blobs.values()]:
        (layout / "blobs/sha256" / images.digest_of(content)[7:]).write_bytes(content)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    entry = images.descriptor(image.media_type, image.document)
    entry["annotations"] = {"org.opencontainers.image.ref.name": "it"}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    subprocess.run(["skopeo", "copy", "--insecure-policy", "-q", "--dest-tls-verify=false",
                    *options, f"oci:{layout}:it", f"docker://{host}/{name}"],
                   check=True, capture_output=True, text=True)
    return f"{host}/{name}"


@test
def image_from_a_real_registry_by_tag_and_by_digest(store):
    with Registry(store.folder / "registry") as registry:
        image = images.small_image("base", "top")
        reference = push_with_skopeo(store.folder, registry.host, image, "a/b:1")
        equal(store.ok("pull", reference), image.digest + "\n", "stdout")
        found = inspect(store, reference)
        equal((found["reference"], found["digest"], found["platform"]),
              (reference, image.digest, f"linux/{images.HERE}"), "the image")
        equal([layer["digest"] for layer in found["layers"]], image.layers, "layers")
        equal([layer["unpacked"] for layer in found["layers"]], [True, True], "unpacked")
        by_digest = f"{registry.host}/a/b@{image.digest}"
        store.ok("pull", by_digest)
        equal(inspect(store, by_digest)["reference"], by_digest, "name")


@test
def docker_schema_2_from_a_real_registry(store):
    with Registry(store.folder / "registry") as registry:
        reference = push_with_skopeo(store.folder, registry.host, images.small_image(), "d:1",
                                     "--format", "v2s2")
        store.ok("pull", reference)
        equal(inspect(store, reference)["mediaType"], images.DOCKER_MANIFEST, "media type")


@test
def plain_and_zstd_layers_from_a_real_registry(store):
    with Registry(store.folder / "registry") as registry:
        image = images.make_image([images.tar_of({"file": b"text" * 100_000})],
                                  media_types=(images.MANIFEST, images.CONFIG, images.PLAIN_LAYER))
        # skopeo packs what is not packed.
        reference = push_with_skopeo(store.folder, registry.host, image, "z:1",
                                     "--dest-compress-format", "zstd")
        store.ok("pull", reference)
        equal(inspect(store, reference)["layers"][0]["mediaType"], images.ZSTD_LAYER, "media type")
    with FakeRegistry() as registry:
        reference = registry.add(image)
        store.ok("rm", *store.ok("images", "-q").split())
        store.ok("pull", reference)
        equal(inspect(store, reference)["layers"][0]["unpacked"], True, "unpacked")


@test
def store_is_an_oci_layout_that_other_tools_read(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        registry.add(image, name="x/y", tag="1")
        store.registries.write_text(f'[[registry]]\nprefix = "r.example"\n'
                                    f'location = "{registry.host}"\n')
        store.ok("pull", "r.example/x/y:1")
    copied = store.folder / "copied"
    copied.mkdir()
    subprocess.run(["skopeo", "copy", "--insecure-policy", "-q",
                    f"oci:{store.root}:r.example/x/y:1", f"dir:{copied}"],
                   check=True, capture_output=True, text=True)
    equal(images.digest_of((copied / "manifest.json").read_bytes()), image.digest, "digest")


@test
def forty_layers(store):
    with FakeRegistry() as registry:
        image = images.small_image(*(f"file-{i}" for i in range(40)))
        reference = registry.add(image)
        store.ok("pull", "-q", reference)
        found = inspect(store, reference)
        equal(len(found["layers"]), 40, "layers")
        for number, layer in enumerate(found["layers"]):
            tree = store.root / "layers" / layer["chainId"][7:] / "tree"
            equal(os.listdir(tree), [f"file-{number}"], "content")


@test
def the_platform_is_chosen_from_an_index(store):
    with FakeRegistry() as registry:
        here, there = images.small_image("here"), images.small_image(
            "there", architecture=images.ELSEWHERE)
        for image in (here, there):
            registry.add(image)
        registry.add_manifest(images.index_of([
            (there.document, there.media_type, images.platform(images.ELSEWHERE)),
            (here.document, here.media_type, images.platform(images.HERE)),
        ]), images.INDEX, tag="multi")
        reference = f"{registry.host}/test/image:multi"
        equal(store.ok("pull", reference).strip(), here.digest, "digest")
        equal(store.ok("pull", "--platform", images.ELSEWHERE, reference).strip(), there.digest,
              "digest for the other platform")
        line = store.fails("pull", "--platform", "linux/s390x", reference)
        contains(line, "there is no image for linux/s390x")


@test
def a_manifest_list_of_docker_and_a_nested_index(store):
    with FakeRegistry() as registry:
        image = images.small_image(media_types=(images.DOCKER_MANIFEST, images.DOCKER_CONFIG,
                                                images.DOCKER_LAYER))
        registry.add(image)
        inner = images.index_of([(image.document, image.media_type,
                                  images.platform(images.HERE))], images.DOCKER_LIST)
        registry.add_manifest(inner, images.DOCKER_LIST)
        registry.add_manifest(images.index_of([(inner, images.DOCKER_LIST, None)]), images.INDEX,
                              tag="outer")
        equal(store.ok("pull", f"{registry.host}/test/image:outer").strip(), image.digest, "digest")


@test
def a_lone_manifest_for_another_machine(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image(architecture=images.ELSEWHERE))
        done = store.run("pull", "-q", reference)
        equal((done.returncode, done.stderr), (
            0, f"gocker-image: warning: the image is for linux/{images.ELSEWHERE}, not for "
               f"linux/{images.HERE}\n"), "a warning")
        line = store.fails("pull", "--platform", "linux/s390x", reference)
        contains(line, f"the image is for linux/{images.ELSEWHERE} alone, not for linux/s390x")
        store.ok("pull", "-q", "--platform", images.ELSEWHERE, reference)


@test
def a_blob_is_fetched_once(store):
    with FakeRegistry() as registry:
        same = images.tar_of({"same": b"same"})
        first = images.make_image([same, images.tar_of({"a": b"a"}), same])
        store.ok("pull", "-q", registry.add(first, tag="first"))
        equal(len(registry.asked(first.layers[0])), 1, "requests for the layer that is there twice")
        store.ok("pull", "-q", registry.add(images.make_image([same]), tag="second"))
        equal(len(registry.asked(first.layers[0])), 1, "requests after a second image")
        before = len(registry.asked("blobs/"))
        store.ok("pull", "-q", f"{registry.host}/test/image:first")
        equal(len(registry.asked("blobs/")) - before, 1, "blobs of an image that is there: config")


@test
def pull_without_unpacking_then_with(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        store.ok("pull", "--no-unpack", reference)
        equal(list((store.root / "layers").iterdir()), [], "layers")
        store.ok("pull", reference)
        equal(len(list((store.root / "layers").iterdir())), 2, "layers")


@test
def a_tag_that_moves_leaves_garbage_that_gc_collects(store):
    with FakeRegistry() as registry:
        old = images.small_image("base", "old")
        new = images.small_image("base", "new")
        reference = registry.add(old)
        store.ok("pull", reference)
        registry.add(new)
        store.ok("pull", reference)
        equal(store.ok("images", "-q"), new.digest + "\n", "images")
        contains(store.ok("gc"), "removed 3 blobs")
        contains(store.ok("prune"), "removed 0 blobs")
        store.ok("rm", reference)
        equal(list((store.root / "blobs/sha256").iterdir()), [], "blobs")
        equal(list((store.root / "layers").iterdir()), [], "layers")


@test
def images_are_listed_for_people_and_for_programs(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        store.ok("pull", registry.add(image, tag="1"))
        store.ok("pull", registry.add(image, tag="2"))
        lines = store.ok("images").splitlines()
        equal(lines[0].split(), ["REPOSITORY", "TAG", "ID", "PLATFORM", "CREATED", "SIZE"], "header")
        equal([line.split()[:3] for line in lines[1:]],
              [[f"{registry.host}/test/image", tag, image.digest[7:19]] for tag in "12"], "rows")
        contains(lines[1], " ago  ")
        entries = json.loads(store.ok("images", "--format", "json"))
        equal([entry["reference"] for entry in entries],
              [f"{registry.host}/test/image:{tag}" for tag in "12"], "references")
        equal(entries[0]["size"], sum(len(image.blobs[d]) for d in image.layers), "size")
        equal(store.ok("images", "-q"), image.digest + "\n", "each digest once")


@test
def images_go_by_digest_and_id_too(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        store.ok("pull", reference)
        for name in (image.digest, image.digest[7:19], f"{registry.host}/test/image@{image.digest}"):
            equal(inspect(store, name)["reference"], reference, name)
        store.ok("pull", registry.add(image, tag="other"))
        equal(store.ok("rm", image.digest[7:19]).splitlines(),
              [reference, f"{registry.host}/test/image:other"], "what rm says: all its names")
        contains(store.fails("inspect", reference), f"no such image: {reference}")


@test
def a_damaged_image_is_listed_and_can_be_removed_or_pulled_again(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        store.ok("pull", reference)
        blob = store.root / "blobs/sha256" / image.digest[7:]
        blob.write_bytes(b"{}")
        contains(store.ok("images"), "damaged")
        contains(store.fails("inspect", reference), "damaged")
        store.ok("rm", reference)
        store.ok("pull", reference)
        equal(inspect(store, reference)["digest"], image.digest, "digest")


@test
def wrong_command_lines(store):
    for words, expected in (
        ([], "which command? see 'gocker-image --help'"),
        (["pul"], "unknown command 'pul' (did you mean pull?)"),
        (["--rot", "x"], 'unknown option "--rot" (did you mean --root?)'),
        (["pull"], "pull: too few arguments: usage: gocker-image pull REF"),
        (["pull", "a", "b"], "pull: too many arguments"),
        (["pull", "--platfrom", "x", "a"], 'pull: unknown option "--platfrom" (did you mean '
                                           "--platform?)"),
        (["pull", "a", "--platform"], "pull: flag needs an argument: --platform"),
        (["images", "--format", "xml"], 'images: --format: "xml" is neither table nor json'),
        (["bundle", "--pids", "0", "a", "b"], "bundle: --pids: '0' is no number of 1 or more"),
    ):
        contains(store.fails(*words, code=2), f"gocker-image: {expected}")


@test
def wrong_names(store):
    for words, expected in (
        (["pull", "Alpine"], "'Alpine' is no image reference: its path has upper-case letters"),
        (["pull", "--platform", "a/b/c/d", "x"], "'a/b/c/d' is no platform"),
        (["inspect", "alpine"], "no such image: alpine"),
    ):
        contains(store.fails(*words), expected)


@test
def help_for_the_program_and_each_command(store):
    overview = store.ok("--help")
    for command in ("pull", "images", "inspect", "rm", "gc", "bundle", "unbundle", "mount"):
        contains(overview, f"\n  {command} ")
        contains(store.ok(command, "--help"), f"usage: gocker-image {command}")
        equal(store.ok("help", command), store.ok(command, "--help"), "help COMMAND")
    equal(store.root.exists(), False, "a store made by asking for help")


@test
def stdout_that_cannot_be_written(store):
    with open("/dev/full", "w") as full:
        done = subprocess.run(store.command("images"), env=store.environment, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    equal((done.returncode, done.stderr),
          (1, "gocker-image: write to standard output: No space left on device\n"), "exit code and stderr")


@test
def a_directory_that_is_no_store(store):
    store.root.mkdir()
    (store.root / "letter").write_text("dear")
    line = store.fails("images")
    equal(line, f"gocker-image: open store {store.root}: it is no store and not empty", "line")
    equal(os.listdir(store.root), ["letter"], "content")


def slow_layers(registry, image):
    """The first two layers take more than a second."""
    for layer in image.layers[:2]:
        registry.fault(layer, lambda r, _: time.sleep(1.2) or False)


def closed_layers(registry, image):
    """Gates before the first two layers."""
    return [Gate(registry, layer, part=0) for layer in image.layers[:2]]


def open_all(gates):
    for gate in gates:
        gate.opened.set()


@test
def a_long_pull_tells_its_progress_line_by_line(store):
    with FakeRegistry() as registry:
        image = images.small_image("one", "two", "three")
        reference = registry.add(image)
        slow_layers(registry, image)
        done = store.run("pull", reference)
        equal((done.returncode, done.stdout), (0, image.digest + "\n"), "exit code and stdout")
        contains(done.stderr, "layer 1 of 3 (")
        contains(done.stderr, "): downloaded\n")
        contains(done.stderr, "3 layers: unpacked\n")
        store.ok("rm", reference)
        store.ok("pull", "--quiet", reference)


@test
def a_long_pull_draws_a_line_for_each_layer_on_a_terminal(store):
    with FakeRegistry() as registry:
        image = images.small_image("one", "two", "three")
        reference = registry.add(image)
        gates = closed_layers(registry, image)
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        process = subprocess.Popen(store.command("pull", reference), env=store.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=side,
                                   text=True)
        os.close(side)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: the other side is gone
            while True:
                shown += os.read(main, 4096)
                if b"\033[J" in shown:  # the first picture is whole
                    open_all(gates)
        equal(process.communicate()[0], image.digest + "\n", "stdout")
        equal(process.returncode, 0, "exit code")
        text = shown.decode()
        drawn = text.split("\033[J")[0].split("\r\n")
        equal([line.split(" [")[0] for line in drawn], [f"layer {n} of 3" for n in (1, 2, 3)], "lines")
        contains(drawn[0], "] downloading 0")
        equal(max(len(line.split("\033")[0]) for line in drawn), 59, "the widest, cut for the screen")
        if not text.endswith("\033[2A\r\033[J"):
            raise AssertionError(f"the bars stay: {text!r}")


@test
def progress_for_programs_and_none(store):
    with FakeRegistry() as registry:
        image = images.small_image("one", "two", "three")
        reference = registry.add(image)
        gates = closed_layers(registry, image)
        process = store.start("pull", "--progress", "json", reference)
        begin = {"name": "layer 1 of 3", "action": "downloading", "done": 0,
                 "total": image.manifest["layers"][0]["size"]}
        lines = []
        for line in process.stderr:
            lines.append(json.loads(line))
            if lines[-1] == begin:
                open_all(gates)
        equal((process.communicate()[0], process.returncode), (image.digest + "\n", 0), "its end")
        contains(lines, begin)
        contains(lines, {"finished": "3 layers: unpacked"})
        store.ok("rm", reference)
        slow_layers(registry, image)
        store.ok("pull", "--progress", "none", reference)
        contains(store.fails("pull", "--progress", "loud", reference, code=2),
                 "--progress: 'loud' is no kind of progress: auto, tty, plain, json or none")


@test
def caps_on_layers_are_set_by_flags(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.make_image([images.tar_of(
            {f"file-{number}": bytes(1000) for number in range(50)})]))
        store.ok("images")
        for flag, value, expected in (("size", "10k", "unpacks to more than 10240 bytes"),
                                      ("entries", "49", "has more than 49 entries")):
            contains(store.fails_unchanged("pull", f"--max-layer-{flag}", value, reference), expected)
        for flag, value in (("size", "many"), ("entries", "0"), ("ratio", "-1")):
            contains(store.fails("pull", f"--max-layer-{flag}", value, reference, code=2),
                     f"--max-layer-{flag}: '{value}' is no ")
        store.ok("pull", "--max-layer-size", "1m", "--max-layer-entries", "50", reference)


@test
def fsck_finds_what_is_damaged_and_repairs_it(store):
    with FakeRegistry() as registry:
        image = images.small_image("base", "top")
        reference = registry.add(image)
        store.ok("pull", reference)
        equal(store.ok("fsck"), "the store is sound: 1 image, 4 blobs, 2 unpacked layers\n", "fsck")
        blob = store.root / "blobs/sha256" / image.layers[1][7:]
        blob.write_bytes(b"damaged")
        (store.root / "blobs/sha256" / image.config[7:]).unlink()
        done = store.run("fsck")
        equal((done.returncode, done.stderr.count("\n")), (1, 1), "exit code and lines")
        contains(done.stderr, "fsck: 2 problems in 1 image, 3 blobs, 2 unpacked layers")
        contains(done.stdout, f"blob {image.layers[1]}: its content has the digest ")
        contains(done.stdout, f"image {reference}: load image {image.digest}: ")
        equal(store.run("fsck", "--repair").returncode, 1, "repair tells the problems")
        equal(blob.exists(), False, "the damaged blob")
        store.ok("pull", reference)
        contains(store.ok("fsck"), "the store is sound")


@test
def two_pulls_of_one_image_at_once(store):
    with FakeRegistry() as registry:
        image = images.make_image([images.random_layer(f"file-{i}", 200_000) for i in range(4)])
        reference = registry.add(image)
        for attempt in range(3):
            processes = [store.start("pull", "-q", reference) for _ in range(3)]
            for process in processes:
                out, err = process.communicate(timeout=180)
                equal((process.returncode, out, err), (0, image.digest + "\n", ""), "a pull")
            equal(list((store.root / "tmp").iterdir()), [], "leftovers")
            equal(len(list((store.root / "layers").iterdir())), 4, "layers")
            store.ok("rm", reference)


@test
def killed_at_any_moment_the_next_command_clears_up(store):
    with FakeRegistry() as registry:
        image = images.make_image([images.random_layer(f"file-{i}", 400_000) for i in range(3)])
        reference = registry.add(image)
        store.ok("images")
        empty = store.listing()
        stuck = half(registry, lambda _: time.sleep(120))
        registry.fault(image.layers[1], stuck, times=1)
        process = store.start("pull", "-q", reference)
        wait_until(lambda: registry.asked(image.layers[1]), "the second layer's request")
        wait_until(lambda: list(store.root.glob("tmp/*/blob-*")), "the files that it makes")
        process.kill()
        process.communicate()
        if store.listing() == empty:
            raise AssertionError("nothing was left behind")
        store.ok("gc")
        equal(store.listing(), empty, "the store")
        for delay in range(5, 60, 5):
            process = store.start("pull", "-q", reference)
            time.sleep(delay / 1000)
            process.kill()
            process.communicate()
        store.ok("pull", "-q", reference)
        equal(list((store.root / "tmp").iterdir()), [], "leftovers")
        store.ok("rm", reference)
        equal(store.listing(), empty, "the store after all is removed")


@test
def a_full_disk_leaves_the_store_as_it_was(store):
    script = pathlib.Path(__file__).with_name("full_disk.py")
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, script,
                           store.program, store.folder], capture_output=True, text=True)
    equal((done.returncode, done.stdout, done.stderr), (0, "fine\n", ""), "the test inside")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
