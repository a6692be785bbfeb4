#!/usr/bin/env python3
"""copy: between registries, directories and archives, past the store; tags, and inspect --remote.

    tests/image/copy_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import json
import os
import subprocess
import sys

import images
from fake_registry import FakeRegistry, Request, half, longer, once, status, swallow
from logins import basic, demand_basic
from program import contains, equal, run_tests, test
from registry import Registry


class Platforms:
    """An index of two images, at a registry as test/image:latest."""

    def __init__(self, registry):
        self.here = images.small_image("here")
        self.there = images.small_image("there", architecture=images.ELSEWHERE)
        for image in (self.here, self.there):
            registry.add(image, tag=None)
        self.index = images.index_of(
            [(self.here.document, self.here.media_type, images.platform(images.HERE)),
             (self.there.document, self.there.media_type, images.platform(images.ELSEWHERE))])
        registry.add_manifest(self.index, images.INDEX, tag="latest")
        self.reference = f"{registry.host}/test/image"


def copied(store, *words):
    """The digest that copy prints; nothing is left in the store nor in the folder for files."""
    spool = store.folder / "spool"
    spool.mkdir(exist_ok=True)
    digest = store.ok("copy", "-q", *words, environment={"TMPDIR": str(spool)}).strip()
    equal(store.root.exists(), False, "a store")
    equal(os.listdir(spool), [], "files that are left")
    return digest


def copy_fails(store, *words, expected):
    spool = store.folder / "spool"
    spool.mkdir(exist_ok=True)
    line = store.fails("copy", "-q", *words, environment={"TMPDIR": str(spool)})
    for part in [expected] if isinstance(expected, str) else expected:
        contains(line, part)
    equal(os.listdir(spool), [], "files that are left")


@test
def between_real_registries(store):
    with FakeRegistry() as origin, Registry(store.folder / "one") as one, \
            Registry(store.folder / "two", login=("ann", "secret:1")) as two:
        platforms = Platforms(origin)
        whole = images.digest_of(platforms.index)
        target = f"{one.host}/copied:1"
        equal(copied(store, "--all", platforms.reference, target), whole, "the index's digest")
        other = f"docker://{two.host}/deep/er/copied"
        equal(copied(store, "--all", "--dest-creds", "ann:secret:1", target, other), whole,
              "the same at the second registry")
        equal(copied(store, "--src-creds", "ann:secret:1", other, f"{one.host}/alone"),
              platforms.here.digest, "this machine's alone")
        for name, digest in ((f"{one.host}/copied:1", platforms.here.digest),
                             (f"{one.host}/alone", platforms.here.digest)):
            equal(store.ok("pull", "-q", name).strip(), digest, "what is pulled")


@test
def one_platform(store):
    with FakeRegistry() as source, FakeRegistry() as target:
        platforms = Platforms(source)
        place = f"{target.host}/test/image:x"
        equal(copied(store, "--platform", f"linux/{images.ELSEWHERE}", platforms.reference, place),
              platforms.there.digest, "the digest")
        equal(target.documents["test/image/manifests/x"][1], platforms.there.document, "the manifest")
        equal(target.blob(platforms.here.layers[0]), None, "the other platform's layer")
        copy_fails(store, "--platform", "linux/s390x", platforms.reference, place,
                   expected="there is no image for linux/s390x")


@test
def what_is_there_is_not_fetched(store):
    with FakeRegistry() as source, FakeRegistry() as target:
        image = images.small_image("base", "top")
        reference = source.add(image)
        place = f"{target.host}/test/image"
        target.documents[f"test/image/blobs/{image.layers[0]}"] = ("x", image.blobs[image.layers[0]])
        copied(store, reference, place)
        equal(sorted(path.rsplit("/", 1)[1] for path, _ in source.requests if "/blobs/" in path),
              sorted([image.layers[1], image.config]), "blobs that were fetched")
        source.requests.clear()
        target.calls.clear()
        equal(copied(store, reference, place), image.digest, "the digest")
        equal((target.calls, source.asked("blobs/")), (["HEAD /v2/test/image/manifests/latest"], []),
              "requests of a second copy")


@test
def within_a_registry_all_is_mounted(store):
    with FakeRegistry() as registry:
        image = images.small_image("base", "top")
        reference = registry.add(image)
        copied(store, reference, f"{registry.host}/other/name:1")
        gets = [call for call in registry.calls if call.startswith("GET") and "/blobs/" in call]
        equal(gets, [], "blobs that were fetched")
        equal(registry.documents["other/name/manifests/1"][1], image.document, "the manifest")


@test
def each_side_gets_its_own_credentials(store):
    with FakeRegistry() as source, FakeRegistry() as target:
        image = images.small_image()
        reference = source.add(image)
        demand_basic(source, "ann", "one")
        demand_basic(target, "bob", "two")
        place = f"{target.host}/test/image"
        copied(store, "--src-creds", "ann:one", "--dest-creds", "bob:two", reference, place)
        for registry, login in ((source, basic("ann", "one")), (target, basic("bob", "two"))):
            equal({headers.get("Authorization") for headers in registry.asked("")}, {None, login},
                  "who asks")
        copy_fails(store, "--src-creds", "ann:one", reference, place + ":2",
                   expected=[f"copy {reference}: to {place}:2: ", f"registry {target.host} answers 401"])


@test
def both_lines_may_break(store):
    image = images.make_image([images.random_layer("big", 3_000_000)])
    with FakeRegistry() as source, FakeRegistry() as target:
        reference = source.add(image)
        source.fault(f"blobs/{image.layers[0]}", once(half(source, Request.reset)))
        target.fault("uploads/[0-9]", once(longer(1_000_000, swallow(target, 0.5, Request.reset))))
        copied(store, reference, f"{target.host}/test/image")
        equal(target.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")


@test
def what_is_wrong_at_the_source_does_not_arrive(store):
    image = images.small_image()
    layer = image.layers[0]
    for content, expected in ((b"x" * len(image.blobs[layer]), "its content has the digest"),
                              (image.blobs[layer] + b"x", "it is longer than"),
                              (image.blobs[layer][:-1], "it ends after")):
        with FakeRegistry() as source, FakeRegistry() as target:
            reference = source.add(image)
            source.fault(f"blobs/{layer}", lambda r, _, c=content: r.answer(200, c) or True)
            copy_fails(store, reference, f"{target.host}/test/image",
                       expected=["download layer 1 of 2: ", expected])
            equal("test/image/manifests/latest" in target.documents, False, "a manifest")


@test
def refusals(store):
    with FakeRegistry() as source, FakeRegistry() as target:
        reference = source.add(images.small_image())
        place = f"{target.host}/test/image"
        copy_fails(store, f"{source.host}/none:1", place, expected=f"registry {source.host} answers 404: manifest unknown")
        target.fault("uploads/", status(403, message="read only"))
        copy_fails(store, reference, place, expected=f"registry {target.host} answers 403: read only")
        copy_fails(store, reference, "127.0.0.1:1/x", expected="Failed to connect")
        copy_fails(store, "127.0.0.1:1/x", place, expected="Failed to connect")
        copy_fails(store, reference, f"{place}@{images.digest_of(b'')}", expected="the image's digest is")


@test
def a_mirror_is_read_and_not_written_to(store):
    with FakeRegistry() as mirror, FakeRegistry() as registry:
        image = images.small_image()
        mirror.add(image)
        store.registries.write_text(f"""
            [[registry]]
            prefix = "r.example"
            location = "{registry.host}"
            [[registry.mirror]]
            location = "{mirror.host}"
            """)
        copied(store, "r.example/test/image", "r.example/test/target")
        equal([call for call in mirror.calls if not call.startswith("GET")], [], "what the mirror got")
        equal(registry.documents["test/target/manifests/latest"][1], image.document, "the manifest")


@test
def archives(store):
    with FakeRegistry() as source, FakeRegistry() as target:
        image = images.small_image("one", "two")
        reference = source.add(image)
        for kind in ("docker-archive", "oci-archive"):
            file = store.folder / f"{kind}.tar"
            equal(copied(store, reference, f"{kind}:{file}"), image.digest, "the digest")
            done = subprocess.run(["skopeo", "inspect", f"{kind}:{file}"], capture_output=True, text=True,
                                  timeout=60)
            equal(done.returncode, 0, f"skopeo inspect: {done.stderr}")
            equal(copied(store, f"{kind}:{file}", f"{target.host}/test/image:{kind}"), image.digest,
                  "the digest")
            equal(target.documents[f"test/image/manifests/{kind}"][1], image.document, "the manifest")
        file.write_bytes(b"x" * 10000)
        copy_fails(store, f"docker-archive:{file}", f"{target.host}/x", expected="load the archive: ")
        copy_fails(store, f"{source.host}/none", f"docker-archive:{store.folder}/new.tar",
                   expected="answers 404")
        equal((store.folder / "new.tar").exists(), False, "an archive")


def skopeo(*words):
    """What it prints."""
    done = subprocess.run(["skopeo", *map(str, words)], capture_output=True, timeout=60)
    equal(done.returncode, 0, f"skopeo {words}: {done.stderr}")
    return done.stdout


@test
def an_index_by_a_directory_to_a_real_registry(store):
    layout = store.folder / "new/layout"
    with FakeRegistry() as source, Registry(store.folder / "registry") as target:
        platforms = Platforms(source)
        whole = images.digest_of(platforms.index)
        equal(copied(store, "--all", platforms.reference, f"oci:{layout}:all"), whole, "the index's digest")
        equal(copied(store, platforms.reference, f"oci:{layout}:here"), platforms.here.digest,
              "this machine's alone")
        equal(len(source.asked("blobs/")), 4, "blobs that were fetched: none twice")
        equal(sorted(os.listdir(layout)), ["blobs", "index.json", "oci-layout"], "the directory")
        equal(skopeo("inspect", "--raw", f"oci:{layout}:all"), platforms.index, "what skopeo reads there")
        equal(skopeo("inspect", "--raw", f"oci:{layout}:here"), platforms.here.document, "the other name")
        place = f"{target.host}/deep/er/image"
        equal(copied(store, "--all", f"oci:{layout}:all", f"{place}:all"), whole, "what is sent")
        equal(skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{place}:all"), platforms.index,
              "the index at the registry")
        for image, architecture in ((platforms.here, images.HERE), (platforms.there, images.ELSEWHERE)):
            equal(store.ok("pull", "-q", "--platform", f"linux/{architecture}", f"{place}:all").strip(),
                  image.digest, "what is pulled of it")
        equal(store.ok("copy", "-q", f"oci:{layout}:all", f"{place}:here").strip(), platforms.here.digest,
              "this machine's out of the directory")


@test
def directories_of_others(store):
    theirs = store.folder / "theirs"
    with FakeRegistry() as source, FakeRegistry() as target:
        platforms = Platforms(source)
        skopeo("copy", "-q", "--all", "--src-tls-verify=false", f"docker://{platforms.reference}",
               f"oci:{theirs}:it")
        equal(copied(store, "--all", f"oci:{theirs}", f"{target.host}/test/image:1"),
              images.digest_of(platforms.index), "what is sent of skopeo's")
        equal(copied(store, platforms.reference, f"oci:{theirs}:docker.io/library/a:1"),
              platforms.here.digest, "what is added to it")
        equal(skopeo("inspect", "--raw", f"oci:{theirs}:it"), platforms.index, "what it held before")
        digest = store.ok("pull", "-q", platforms.reference).strip()
        store.ok("copy", "-q", f"oci:{store.root}:{platforms.reference}:latest", f"{target.host}/of/store")
        equal(images.digest_of(target.documents["of/store/manifests/latest"][1]), digest,
              "what is sent of a store")
        contains(store.fails("copy", "-q", platforms.reference, f"oci:{store.root}:x"),
                 "it is a store of gocker: pull the image")


@test
def directories_that_are_wrong(store):
    layout, other = store.folder / "layout", store.folder / "other"
    other.mkdir()
    (other / "mine").write_text("")
    with FakeRegistry() as source, FakeRegistry() as target:
        image = images.small_image()
        reference, place = source.add(image), f"{target.host}/x"
        copy_fails(store, f"oci:{other}", place, expected="it has no file oci-layout")
        copy_fails(store, reference, f"oci:{other}", expected="it is no image layout and not empty")
        equal(os.listdir(other), ["mine"], "what it held")
        copied(store, reference, f"oci:{layout}:one")
        copied(store, reference, f"oci:{layout}:two")
        copy_fails(store, f"oci:{layout}", place, expected="holds several images: name one of one, two")
        copy_fails(store, f"oci:{layout}:no", place, expected="holds no image no; the names in it: one, two")
        blob = layout / "blobs/sha256" / image.layers[0].removeprefix("sha256:")
        content = blob.read_bytes()
        blob.write_bytes(content[:-1])
        copy_fails(store, f"oci:{layout}:one", place, expected=f"has {len(content) - 1} bytes, not {len(content)}")
        manifest = layout / "blobs/sha256" / image.digest.removeprefix("sha256:")
        manifest.write_bytes(image.document.replace(b"layers", b"Layers"))
        copy_fails(store, f"oci:{layout}:one", place, expected="its content has the digest")
        equal([call for call in target.calls if not call.startswith("HEAD")], [], "what the target got")


@test
def a_copy_into_a_directory_that_breaks_off_goes_on(store):
    layout = store.folder / "layout"
    image = images.make_image([images.random_layer("first", 50_000), images.random_layer("second", 50_000)])
    with FakeRegistry() as source:
        reference = source.add(image)
        source.fault(f"blobs/{image.layers[1]}", status(404), times=1)
        copy_fails(store, reference, f"oci:{layout}:x", expected="answers 404")
        equal(sorted(os.listdir(layout)), ["blobs", "index.json", "oci-layout"], "the directory")
        equal(json.loads((layout / "index.json").read_text())["manifests"], [], "names in it")
        copied(store, reference, f"oci:{layout}:x")
        equal(skopeo("inspect", "--raw", f"oci:{layout}:x"), image.document, "the image")


@test
def an_index_that_leads_too_far(store):
    with FakeRegistry() as source, FakeRegistry() as target:
        level, kind = images.small_image().document, images.MANIFEST
        source.add(images.small_image(), tag=None)
        for _ in range(4):
            level = images.index_of([(level, kind, images.platform(images.HERE))])
            kind = images.INDEX
            source.add_manifest(level, kind, tag="deep")
        for words in ((), ("--all",)):
            copy_fails(store, *words, f"{source.host}/test/image:deep", f"{target.host}/x",
                       expected="nested too deeply")
        equal(target.calls, [], "requests to the target")


@test
def bad_input(store):
    for words, expected in (
            (("a",), "too few arguments: usage: gocker-image copy SOURCE TARGET"),
            (("a", "NO"), "'NO' is no image reference"),
            (("oci-archive:", "a"), "'oci-archive:' names no file"),
            (("oci-archive:x", "docker-archive:y"), "one of the two must be at a registry"),
            (("oci:x", "oci:y"), "one of the two must be at a registry"),
            (("oci:", "a"), "'oci:' names no directory"),
            (("a", "oci:x:"), "'oci:x:' ends with a colon and no name"),
            (("--all", "--platform", "arm64", "a", "b"), "--all and --platform exclude each other"),
            (("--all", "a", "oci-archive:x"), "--all: archives hold one platform"),
            (("--src-tls-verify=no", "a", "b"), "--src-tls-verify: 'no' is neither true nor false")):
        contains(store.fails("copy", *words, code=2), expected)
    contains(store.fails("copy", "--dest-cert-dir", "/no/such", "a", "b"), "/no/such: No such file")
    contains(store.fails("tags", "a:1", code=2), "'a:1' is no repository: without a tag and a digest")


@test
def tags(store):
    with FakeRegistry() as registry:
        registry.page = 2
        for tag in ("1", "2", "2.1", "latest", "rc"):
            registry.add(images.small_image(), tag=tag)
        equal(store.ok("tags", f"{registry.host}/test/image").split(),
              ["1", "2", "2.1", "latest", "rc"], "tags")
        contains(store.fails("tags", f"{registry.host}/none"), "answers 404: repository name not known")
        demand_basic(registry, "ann", "secret")
        contains(store.fails("tags", f"{registry.host}/test/image"), "no credentials for it are known")
        store.ok("tags", "--creds", "ann:secret", f"{registry.host}/test/image")
    equal(store.root.exists(), False, "a store")


@test
def inspect_remote(store):
    with FakeRegistry() as registry:
        platforms = Platforms(registry)
        for words, image in (((), platforms.here),
                             (("--platform", f"linux/{images.ELSEWHERE}"), platforms.there)):
            found = json.loads(store.ok("inspect", "--remote", *words, platforms.reference))
            equal((found["digest"], [layer["digest"] for layer in found["layers"]]),
                  (image.digest, image.layers), "the image")
            equal(found["config"]["config"], {"Cmd": ["/bin/sh"]}, "its config")
        equal(registry.asked(platforms.here.layers[0]), [], "requests for a layer")
        contains(store.fails("inspect", "--remote", f"{registry.host}/none"),
                 f"inspect {registry.host}/none:latest: ")
    equal(store.root.exists(), False, "a store")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
