#!/usr/bin/env python3
"""Registries that misbehave: gocker-image says so in one line, exits with 1, leaves the store as it
was, and succeeds when the registry has recovered.

    tests/image/faults_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import json
import os
import sys
import time

import images
from fake_registry import FakeRegistry, Request, half, status
from program import contains, equal, run_tests, test
from registry import closed_port


def image_with_big_layer():
    return images.make_image([images.tar_of({"etc/name": b"big"}),
                              images.random_layer("big", 600_000)])


def pull_recovers(store, registry, reference, expected, blob_fault=None):
    """A pull that fails with `expected` in its line, then one without faults that works."""
    store.ok("images")  # makes the store
    line = store.fails_unchanged("pull", "--quiet", reference)
    contains(line, f"gocker-image: pull {reference}: ")
    for part in [expected] if isinstance(expected, str) else expected:
        contains(line, part)
    registry.faults.clear()
    digest = store.ok("pull", "--quiet", reference).strip()
    equal(json.loads(store.ok("inspect", reference))["digest"], digest, "digest")
    equal(list((store.root / "tmp").iterdir()), [], "leftovers")


@test
def unknown_image(store):
    with FakeRegistry() as registry:
        store.ok("images")
        line = store.fails_unchanged("pull", f"{registry.host}/no/such:1")
        equal(line, f"gocker-image: pull {registry.host}/no/such:1: get manifest 1: registry "
                    f"{registry.host} answers 404: manifest unknown", "line")


@test
def nobody_listens(store):
    with closed_port() as port:
        contains(store.fails("pull", f"127.0.0.1:{port}/a"), "Failed to connect to 127.0.0.1 port")


@test
def missing_layer(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        registry.fault(f"blobs/{image.layers[1]}", status(404, message="blob unknown"))
        pull_recovers(store, registry, reference,
                      ["download layer 2 of 2: ", "answers 404: blob unknown"])


@test
def missing_config(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        registry.fault(f"blobs/{image.config}", status(404, message="blob unknown"))
        pull_recovers(store, registry, reference, "answers 404: blob unknown")


@test
def config_with_other_content(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        content = b"x" * len(image.blobs[image.config])
        registry.fault(f"blobs/{image.config}", lambda r, _: r.answer(200, content))
        pull_recovers(store, registry, reference, "its content has the digest")


@test
def manifest_with_other_content_than_its_digest(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        registry.add(image)
        other = images.small_image("other").document
        registry.fault("manifests/sha256", lambda r, _: r.answer(
            200, other, {"Content-Type": images.MANIFEST}))
        pull_recovers(store, registry, f"{registry.host}/test/image@{image.digest}",
                      ["its content has the digest", f"not {image.digest}"])


@test
def manifest_with_another_digest_than_its_header(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        headers = {"Content-Type": images.MANIFEST,
                   "Docker-Content-Digest": "sha256:" + "0" * 64}
        registry.fault("manifests/", lambda r, _: r.answer(200, image.document, headers))
        pull_recovers(store, registry, reference, "not sha256:0000")


@test
def connection_reset_half_way_is_resumed(store):
    with FakeRegistry() as registry:
        image = image_with_big_layer()
        reference = registry.add(image)
        registry.fault(f"blobs/{image.layers[1]}", half(registry, Request.reset), times=1)
        store.ok("pull", "-q", reference)
        asked = registry.asked(image.layers[1])
        equal(len(asked), 2, "requests for the layer")
        offset = int(asked[1]["Range"].removeprefix("bytes=").removesuffix("-"))
        size = len(image.blobs[image.layers[1]])
        if not 0 < offset <= size // 2:
            raise AssertionError(f"resumed at {offset} of {size}")


@test
def server_that_ignores_ranges_is_read_again_from_the_start(store):
    with FakeRegistry() as registry:
        image = image_with_big_layer()
        reference = registry.add(image)
        registry.fault(f"blobs/{image.layers[1]}", half(registry, Request.reset), times=1)
        registry.fault(f"blobs/{image.layers[1]}",
                       lambda r, _: registry.serve(r, ranges=False))
        store.ok("pull", "-q", reference)
        equal("Range" in registry.asked(image.layers[1])[1], True, "Range asked for")


@test
def server_that_sends_another_range(store):
    with FakeRegistry() as registry:
        image = image_with_big_layer()
        reference = registry.add(image)
        content = image.blobs[image.layers[1]]
        registry.fault(f"blobs/{image.layers[1]}", half(registry, Request.reset), times=1)
        registry.fault(f"blobs/{image.layers[1]}", lambda r, _: r.answer(
            206, content[7:], {"Content-Range": f"bytes 7-{len(content) - 1}/{len(content)}"})
           )
        pull_recovers(store, registry, reference, "another part of it than was asked for")


@test
def connection_always_reset(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        registry.fault("manifests/", lambda r, _: r.reset())
        pull_recovers(store, registry, reference, "get manifest latest: ")


@test
def server_errors_that_pass(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        for pattern in ("manifests/latest", f"blobs/{image.config}", f"blobs/{image.layers[0]}"):
            registry.fault(pattern, lambda r, _: r.refuse(500), times=2)
        registry.fault(f"blobs/{image.layers[1]}",
                       lambda r, _: r.refuse(429, headers={"Retry-After": "1"}), times=1)
        begin = time.monotonic()
        store.ok("pull", "-q", reference)
        if time.monotonic() - begin < 1:
            raise AssertionError("did not wait as long as it was asked to")


@test
def server_errors_that_stay(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        registry.fault("manifests/", lambda r, _: r.refuse(503, message="closed today"))
        pull_recovers(store, registry, reference, "answers 503: closed today")
        equal(len(registry.asked("manifests/")), 5 + 1, "tries and the last success")


@test
def no_image_for_the_platform(store):
    with FakeRegistry() as registry:
        entries = []
        for architecture, variant in (("s390x", None), ("arm", "v6")):
            image = images.small_image(architecture=architecture)
            entries.append((image.document, image.media_type,
                            images.platform(architecture, variant)))
        registry.add_manifest(images.index_of(entries), images.INDEX, tag="latest")
        line = store.fails("pull", f"{registry.host}/test/image")
        contains(line, f"there is no image for linux/{images.HERE}")
        contains(line, "there is one for: linux/s390x, linux/arm/v6")


@test
def index_that_lies_about_a_size(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        registry.add(image)
        index = json.loads(images.index_of([(image.document, image.media_type, None)]))
        index["manifests"][0]["size"] += 1
        registry.add_manifest(json.dumps(index).encode(), images.INDEX, tag="lie")
        line = store.fails("pull", f"{registry.host}/test/image:lie")
        contains(line, "that the index says")


@test
def stalled_connection_is_given_up_and_resumed(store):
    with FakeRegistry() as registry:
        image = image_with_big_layer()
        reference = registry.add(image)
        # Longer than the half a minute that gocker-image puts up with.
        registry.fault(f"blobs/{image.layers[1]}", half(registry, lambda _: time.sleep(120)),
                       times=1)
        store.ok("pull", "-q", reference)
        equal(len(registry.asked(image.layers[1])), 2, "requests for the layer")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
