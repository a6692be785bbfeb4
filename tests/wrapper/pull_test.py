#!/usr/bin/env python3
"""Images as a person handles them: names, tags and platforms, the list, removal, prune.

    tests/wrapper/pull_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import contextlib
import re

import fixture
import registry
from fixture import contains, equal, test

ORGANISATION = {"amd64": "amd64", "arm64": "arm64v8"}[registry.HERE]
FOREIGN = "s390x"


@contextlib.contextmanager
def another_registry(gocker, name):
    with registry.Registry(gocker.folder / name) as server:
        yield server


def lines(text):
    return text.splitlines()


@test
def a_tag_left_out_is_the_last_one_listed_and_said_aloud(gocker, _):
    with another_registry(gocker, "registry-tags") as server:
        server.push_image("owner/tool", [registry.busybox_layer()],
                          {"Entrypoint": ["echo", "the entrypoint"], "Cmd": ["and the command"]},
                          tag="3.2")
        name = f"{server.host}/owner/tool"
        out, err = gocker("run", "--rm", name)
        equal(out, "the entrypoint and the command\n", "what the image runs")
        contains(err, f"{name} has no tag latest: taking 3.2, the last one that the registry lists")
        out, err = gocker("run", "--rm", name, "other words")
        equal((out, err), ("the entrypoint other words\n", ""), "the second run, from the store")
        gocker("rmi", name)


@test
def an_architectures_organisation(gocker, _):
    with another_registry(gocker, "registry-organisations") as server:
        server.push_image("tool", [registry.busybox_layer()], tag="1")
        name = f"{server.host}/{ORGANISATION}/tool:1"
        out, err = gocker("run", "--rm", name, "echo", "it runs")
        equal(out, "it runs\n", "the command")
        contains(err, f"there is no repository {server.host}/{ORGANISATION}/tool: taking "
                      f"{server.host}/tool for linux/{registry.HERE}")
        # A repository of that name comes first.
        server.push_image(f"{ORGANISATION}/own", [registry.busybox_layer()], tag="1")
        _, err = gocker("pull", f"{server.host}/{ORGANISATION}/own:1")
        equal(err, "", "nothing to say")
        gocker("rmi", name, f"{server.host}/{ORGANISATION}/own:1")


@test
def another_machines_image_says_what_is_missing(gocker, _):
    with another_registry(gocker, "registry-foreign") as server:
        server.push_image(f"{FOREIGN}/tool", [registry.busybox_layer()], architecture=FOREIGN)
        name = f"{server.host}/{FOREIGN}/tool"
        gocker("pull", name)
        line = gocker.fails("run", "--rm", name, "true", code=125)
        contains(line, f"the image is for linux/{FOREIGN} and this machine is linux/{registry.HERE}")
        contains(line, f"no emulator for {FOREIGN} is registered")
        gocker.check_clean()
        gocker("rmi", name)


@test
def images_have_size_and_age(gocker, image):
    header, *rows = lines(gocker("images")[0])
    equal(header.split(), ["REPOSITORY", "TAG", "ID", "PLATFORM", "CREATED", "SIZE"], "header")
    row = next(row for row in rows if row.startswith(image + " "))
    if not re.search(r"  (unknown|.* ago)  [0-9.]+ [kMG]?B$", row):
        raise AssertionError(f"no age and size in {row!r}")


@test
def an_image_in_use_stays(gocker, image):
    _, _ = gocker("create", "--name", "user", image, "true")
    container = gocker.containers()[0]
    line = gocker.fails("rmi", image)
    contains(line, f"is used by the container {container}")
    contains(line, f"gocker rm {container}")
    gocker("rm", "user")
    gocker("rmi", image)
    contains(gocker.fails("rmi", image), "no such image")
    gocker("pull", image)


@test
def images_are_removed_by_id(gocker, image):
    row = next(row for row in lines(gocker("images")[0]) if row.startswith(image + " "))
    digits = row.split()[2]
    equal(gocker("rmi", digits)[0], f"{image}:latest\n", "what rmi says")
    contains(gocker.fails("rmi", "0123456789ab"), "no such image: 0123456789ab")
    gocker("pull", image)


@test
def prune_takes_what_nobody_uses(gocker, image):
    with another_registry(gocker, "registry-prune") as server:
        for word in ("first", "second"):
            server.push_image("moving", [registry.busybox_layer()], {"Cmd": ["echo", word]})
            gocker("pull", f"{server.host}/moving")
        out, _ = gocker("prune")
        contains(out, "removed 2 blobs")  # the first one's manifest and config
        gocker("create", "--name", "user", image, "true")
        out, _ = gocker("prune", "--all")
        contains(out, f"{server.host}/moving:latest\n")
        names = gocker("images")[0]
        contains(names, image)
        equal(f"{server.host}/moving" in names, False, "the unused image")
        gocker("rm", "user")
        for other in ("second", "third"):
            gocker("pull", image.replace("/busybox", f"/{other}"))


@test
def a_user_namespace_with_ids_of_its_own(gocker, image):
    out, _ = gocker("run", "--rm", "--userns", "auto", image, "sh", "-c",
                    "cat /proc/self/uid_map; stat -c %u /bin/busybox; echo x > /new; stat -c %u /new")
    first, owner, new = lines(out)
    equal((first.split()[0], first.split()[2]), ("0", "65536"), "the map")
    equal(int(first.split()[1]) >= 524288, True, "ids that nobody uses")
    equal((owner, new), ("0", "0"), "owners inside")
    gocker.check_clean()


if __name__ == "__main__":
    fixture.main()
