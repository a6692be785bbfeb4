#!/usr/bin/env python3
"""Which image a name means at a registry: tags that are left out, organisations for an architecture.

    tests/image/names_test.py GOCKER_IMAGE [NAME...]
"""

import contextlib
import json
import os
import sys
import urllib.request

import images
from fake_registry import FakeRegistry, status
from program import contains, equal, run_tests, test
from registry import Registry

NOTE = "gocker-image: "


def pull(store, reference, *options):
    """The digest and what was said aloud beside the progress, a list of lines."""
    done = store.run("pull", "--quiet", *options, reference)
    equal(done.returncode, 0, f"exit code; stderr {done.stderr!r}")
    return done.stdout.strip(), done.stderr.splitlines()


def inspect(store, reference):
    return json.loads(store.ok("inspect", reference))


def add_for_both(registry, name, tag="latest"):
    """An index with an image for this machine and one for another; the two images."""
    here, there = images.small_image("here"), images.small_image(
        "there", architecture=images.ELSEWHERE)
    for image in (here, there):
        registry.add(image, name, None)
    registry.add_manifest(images.index_of([
        (there.document, there.media_type, images.platform(images.ELSEWHERE)),
        (here.document, here.media_type, images.platform(images.HERE)),
    ]), images.INDEX, name, tag)
    return here, there


ORGANISATION = {"arm64": "arm64v8", "amd64": "amd64"}


@test
def a_tag_left_out_is_latest(store):
    with FakeRegistry() as registry:
        latest, other = images.small_image("latest"), images.small_image("other")
        registry.add(latest, "team/tool")
        registry.add(other, "team/tool", "zz")
        equal(pull(store, f"{registry.host}/team/tool"), (latest.digest, []), "the pull")
        equal(registry.asked("/tags/list"), [], "questions for the tags")


@test
def without_latest_it_is_the_last_tag_listed(store):
    with FakeRegistry() as registry:
        registry.page = 2
        tags = [f"1.{number}" for number in range(7)]
        for tag in tags:
            registry.add(images.small_image(tag), "team/tool", tag)
        wanted = images.small_image(tags[-1])
        name = f"{registry.host}/team/tool"
        line = f"{NOTE}{name} has no tag latest: taking 1.6, the last one that the registry lists"
        equal(pull(store, name, "-q"), (wanted.digest, [line]), "the pull")
        equal(len(registry.asked("/tags/list")), 4, "pages")
        # It is found under the tag that it has, and under the name alone, until there is a latest.
        equal(inspect(store, f"{name}:1.6")["digest"], wanted.digest, "by its tag")
        equal(inspect(store, name)["reference"], f"{name}:1.6", "by the name alone")
        contains(store.fails("inspect", f"{name}:latest"), "no such image")
        latest = images.small_image("latest")
        registry.add(latest, "team/tool")
        equal(pull(store, name), (latest.digest, []), "a later pull")
        equal(inspect(store, name)["digest"], latest.digest, "by the name alone")


@test
def a_tag_that_moves_on_takes_the_short_name_along(store):
    with FakeRegistry() as registry:
        name = f"{registry.host}/team/tool"
        for tag in ("1", "2"):
            registry.add(images.small_image(tag), "team/tool", tag)
            pull(store, name)
            equal(inspect(store, name)["reference"], f"{name}:{tag}", "by the name alone")
        equal(inspect(store, f"{name}:1")["reference"], f"{name}:1", "the earlier one")


@test
def a_tag_that_was_named_is_never_replaced(store):
    with FakeRegistry() as registry:
        registry.add(images.small_image(), "team/tool", "1")
        line = store.fails("pull", f"{registry.host}/team/tool:2")
        contains(line, "answers 404: manifest unknown")
        contains(store.fails("pull", f"{registry.host}/team/tool:latest"), "manifest unknown")


@test
def tags_that_cannot_be_had(store):
    with FakeRegistry() as registry:
        registry.add(images.small_image(), "team/tool", "1")
        name = f"{registry.host}/team/tool"
        for fault, expected in (
            (status(404), "answers 404: manifest unknown"),
            (status(401), "answers 404: manifest unknown"),
            (lambda r, _: r.answer(200, b"no json"), "no JSON object"),
            (lambda r, _: r.answer(200, b'{"tags": ["a/../b"]}'), "is no image reference"),
            (lambda r, _: r.answer(200, b'{"tags": []}'), "answers 404: manifest unknown"),
        ):
            registry.faults.clear()
            registry.fault("/tags/list", fault)
            contains(store.fails("pull", name), expected)


@test
def pages_without_end_are_given_up(store):
    with FakeRegistry() as registry:
        registry.add(images.small_image("it"), "team/tool", "1")
        link = {"Link": '</v2/team/tool/tags/list?n=1&last=a>; rel="next"'}
        registry.fault("/tags/list", lambda r, _: r.answer(200, b'{"tags": ["1"]}', link))
        pull(store, f"{registry.host}/team/tool")
        equal(len(registry.asked("/tags/list")), 1000, "pages")


@test
def the_repository_of_an_organisation_comes_first(store):
    with FakeRegistry() as registry:
        own = images.small_image("own", architecture=images.ELSEWHERE)
        organisation = ORGANISATION[images.ELSEWHERE]
        registry.add(own, f"{organisation}/alpine")
        add_for_both(registry, "alpine")
        name = f"{registry.host}/{organisation}/alpine"
        equal(pull(store, name), (own.digest, []), "the pull")
        equal(inspect(store, name)["platform"], f"linux/{images.ELSEWHERE}", "platform")


@test
def without_it_the_general_image_for_that_platform(store):
    with FakeRegistry() as registry:
        here, there = add_for_both(registry, "alpine")
        organisation = ORGANISATION[images.ELSEWHERE]
        name = f"{registry.host}/{organisation}/alpine"
        platform = {"arm64": "linux/arm64/v8", "amd64": "linux/amd64"}[images.ELSEWHERE]
        line = (f"{NOTE}there is no repository {name}: taking {registry.host}/alpine for {platform}")
        equal(pull(store, name), (there.digest, [line]), "for the other machine")
        # The general name stays free for this machine's image.
        equal(pull(store, f"{registry.host}/alpine"), (here.digest, []), "for this one")
        equal(inspect(store, name)["digest"], there.digest, "the first")
        equal(inspect(store, f"{registry.host}/alpine")["digest"], here.digest, "the second")


@test
def a_hub_that_hides_what_it_has_not(store):
    """Docker Hub answers 401 for a repository that is not there."""
    with FakeRegistry() as registry:
        here, _ = add_for_both(registry, "alpine", "3.18")
        organisation = ORGANISATION[images.HERE]
        registry.fault(f"/v2/{organisation}/", status(401, message="authentication required"))
        digest, lines = pull(store, f"{registry.host}/{organisation}/alpine")
        equal(digest, here.digest, "digest")
        equal(len(lines), 2, "lines")
        contains(lines[0], "has no tag latest: taking 3.18")
        contains(lines[1], f"there is no repository {registry.host}/{organisation}/alpine")
        equal(inspect(store, f"{registry.host}/{organisation}/alpine")["reference"],
              f"{registry.host}/{organisation}/alpine:3.18", "the name here")


@test
def neither_of_the_two_repositories(store):
    with FakeRegistry() as registry:
        line = store.fails("pull", f"{registry.host}/arm64v8/nothing")
        contains(line, f"look for it as {registry.host}/nothing: ")
        contains(line, "answers 404")


@test
def a_platform_that_the_general_image_lacks(store):
    with FakeRegistry() as registry:
        add_for_both(registry, "alpine")
        line = store.fails("pull", f"{registry.host}/s390x/alpine")
        contains(line, "there is no image for linux/s390x")


@test
def a_real_registry_knows_neither_latest_nor_the_organisation(store):
    with Registry(store.folder / "registry") as registry:
        for tag in ("1.0", "1.1"):
            registry.push_image("tool", [images.tar_of({"f": tag.encode()})], tag=tag)
        _, lines = pull(store, f"{registry.host}/{ORGANISATION[images.HERE]}/tool")
        with urllib.request.urlopen(f"http://{registry.host}/v2/tool/tags/list") as answer:
            last = json.load(answer)["tags"][-1]  # in an order of its own
        contains(lines[0], f"{registry.host}/tool has no tag latest: taking {last}, the last")
        contains(lines[1], f"taking {registry.host}/tool for linux/{images.HERE}")
        equal(len(lines), 2, "lines")


@test
def a_bundle_for_another_machine_says_what_is_missing(store):
    with FakeRegistry() as registry, contextlib.ExitStack() as stack:
        image = images.small_image(architecture="s390x")
        reference = registry.add(image, "s390x/tool")
        pull(store, reference)
        bundle = store.folder / "bundle"
        stack.callback(store.run, "unbundle", bundle)
        line = store.fails("bundle", reference, bundle)
        contains(line, f"the image is for linux/s390x and this machine is linux/{images.HERE}")
        contains(line, "no emulator for s390x is registered in /proc/sys/fs/binfmt_misc")
        equal(bundle.exists(), False, "the bundle")
        store.ok("bundle", "--flat", reference, bundle)  # to be carried elsewhere


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
