#!/usr/bin/env python3
"""Pulls that are cut off: what they leave, and that the next one goes on where they stopped.

    tests/image/resume_test.py GOCKER_IMAGE [NAME...]
"""

import contextlib
import os
import signal
import sys
import time

import images
from fake_registry import FakeRegistry, Gate, half, status
from program import contains, equal, run_tests, test, wait_until

SIZE = 4_000_000


def big_image(registry):
    image = images.make_image([images.random_layer("big", SIZE), images.tar_of({"small": b"1"})])
    return image, registry.add(image)


def partial(store, image):
    return store.root / "partial" / image.layers[0][7:]


def close_later(request):
    """Once the other side has read what it was sent: a reset would throw that away."""
    time.sleep(0.3)
    request.close_connection = True


def cut_off(store, registry, image, reference):
    """A pull that gets half of the big layer and then only resets."""
    registry.faults.clear()
    registry.fault(image.layers[0], half(registry, close_later), times=1)
    registry.fault(image.layers[0], lambda r, _: r.reset())
    line = store.fails("pull", "-q", reference)
    registry.faults.clear()
    registry.requests.clear()
    return line


def leftovers(store):
    return os.listdir(store.root / "tmp")


def packed_size(registry, image):
    return len(registry.documents[f"test/image/blobs/{image.layers[0]}"][1])


def size_of(file):
    with contextlib.suppress(FileNotFoundError):  # it may just have moved into the store
        return file.stat().st_size
    return 0


def wait_for_half(store):
    wait_until(lambda: any(size_of(file) > SIZE // 3 for file in store.root.glob("tmp/*/blob-*")),
               "half of the layer")


def stuck(store, registry, image, reference):
    """A pull that has half of the big layer and waits for the rest, for longer than any test does."""
    registry.fault(image.layers[0], half(registry, lambda _: time.sleep(120)), times=1)
    process = store.start("pull", "-q", reference)
    wait_for_half(store)
    return process


def goes_on(store, registry, image, reference):
    """The next pull: asks for the rest alone, and what it gets is right."""
    registry.faults.clear()
    registry.requests.clear()
    equal(store.ok("pull", "-q", reference), image.digest + "\n", "the pull")
    ranges = [headers.get("Range") for headers in registry.asked(image.layers[0])]
    equal(len(ranges), 1, "requests for the layer")
    start = int(ranges[0].removeprefix("bytes=").removesuffix("-"))
    if not SIZE // 3 < start < packed_size(registry, image):
        raise AssertionError(f"it goes on at {start}")
    equal((leftovers(store), os.listdir(store.root / "partial")), ([], []), "what is left")
    contains(store.ok("fsck"), "is sound")


@test
def a_download_that_failed_goes_on(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        contains(cut_off(store, registry, image, reference), "download layer 1 of 2: ")
        equal(leftovers(store), [], "leftovers")
        equal(partial(store, image).stat().st_size, packed_size(registry, image) // 2, "the half")
        goes_on(store, registry, image, reference)


@test
def a_killed_download_goes_on(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        process = stuck(store, registry, image, reference)
        process.kill()
        process.communicate()
        goes_on(store, registry, image, reference)


@test
def an_interrupted_download_goes_on_and_leaves_no_workspace(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = stuck(store, registry, image, reference)
            process.send_signal(number)
            # At once: by itself it would give the connection up after half a minute, and go on.
            out, err = process.communicate(timeout=25)
            equal((process.returncode, out, err), (-number, "", ""), "the end by the signal")
            equal(leftovers(store), [], "leftovers")
            goes_on(store, registry, image, reference)
            store.ok("rm", reference)


@test
def an_ignored_signal_stays_ignored(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            gate = Gate(registry, image.layers[0], part=0.5)
            process = store.start("pull", "-q", reference, restore_signals=False)
        finally:
            signal.signal(signal.SIGHUP, before)
        wait_for_half(store)
        process.send_signal(signal.SIGHUP)
        gate.opened.set()
        equal((process.communicate(timeout=180)[0], process.returncode), (image.digest + "\n", 0),
              "the pull")


@test
def a_damaged_beginning_is_thrown_away(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        cut_off(store, registry, image, reference)
        content = bytearray(partial(store, image).read_bytes())
        content[len(content) // 2] ^= 1
        partial(store, image).write_bytes(content)
        store.ok("pull", "-q", reference)
        equal([headers.get("Range") is None for headers in registry.asked(image.layers[0])],
              [False, True], "requests for the layer")


@test
def a_beginning_that_is_all_or_more(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        store.ok("images")
        content = registry.documents[f"test/image/blobs/{image.layers[0]}"][1]
        for kept, requests in ((content, 0), (content + b"more", 1), (bytes(len(content)), 1)):
            registry.requests.clear()
            partial(store, image).write_bytes(kept)
            store.ok("pull", "-q", reference)
            equal(len(registry.asked(image.layers[0])), requests, "requests for the layer")
            store.ok("rm", reference)


@test
def a_server_without_ranges_is_read_from_the_start(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        cut_off(store, registry, image, reference)
        registry.fault(image.layers[0], lambda r, _: registry.serve(r, ranges=False) or True)
        store.ok("pull", "-q", reference)


@test
def what_a_refusal_leaves_is_kept_too(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        registry.fault(image.layers[0], half(registry, close_later), times=1)
        registry.fault(image.layers[0], status(403, message="quota"))
        contains(store.fails("pull", "-q", reference), "answers 403: quota")
        goes_on(store, registry, image, reference)


@test
def content_that_is_wrong_is_not_kept(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        path = f"test/image/blobs/{image.layers[0]}"
        kind, body = registry.documents[path]
        registry.documents[path] = (kind, body[:-1] + bytes([body[-1] ^ 1]))
        contains(store.fails("pull", "-q", reference), "its content has the digest")
        equal(os.listdir(store.root / "partial"), [], "what is kept")


@test
def gc_takes_beginnings_away_and_rm_does_not(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        other = registry.add(images.small_image(), "test/other")
        store.ok("pull", "-q", other)
        cut_off(store, registry, image, reference)
        store.ok("rm", other)
        equal(partial(store, image).exists(), True, "after rm")
        contains(store.ok("prune"), "removed 1 blobs (2.0 MB)")
        equal(os.listdir(store.root / "partial"), [], "after prune")


@test
def of_two_pulls_one_goes_on(store):
    with FakeRegistry() as registry:
        image, reference = big_image(registry)
        cut_off(store, registry, image, reference)
        processes = [store.start("pull", "-q", reference) for _ in range(2)]
        for process in processes:
            equal((process.communicate(timeout=180)[1], process.returncode), ("", 0), "a pull")
        equal((leftovers(store), os.listdir(store.root / "partial")), ([], []), "what is left")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
