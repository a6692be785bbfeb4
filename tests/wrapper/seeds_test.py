#!/usr/bin/env python3
"""What the systems that gocker grew out of do and no other file here tests; docs/seeds.md has all.

    tests/wrapper/seeds_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json
import os

import fixture
from fixture import contains, equal, test, wait_until

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")


@test
def containers_start_in_the_order_that_is_asked_for(gocker, image):
    gocker("network", "create", "team")
    try:
        gocker("create", "--name", "web", "--network", "team", image, "sh", "-c",
               "until line=$(nc db 99) && test -n \"$line\"; do sleep 0.1; done; echo $line; sleep 100")
        gocker("create", "--name", "db", "--network", "team", image, "sh", "-c",
               "while true; do echo data | nc -l -p 99; done")
        equal(gocker("start", "db", "web")[0], "db\nweb\n")
        wait_until(lambda: gocker("logs", "web")[0] == "data\n", "what the second got of the first")
        begun = [each["State"]["StartedAt"] for each in json.loads(gocker("inspect", "db", "web")[0])]
        equal(begun, sorted(begun), "times of the starts")
        gocker("rm", "-f", "web", "db")
        gocker.check_clean()
    finally:
        gocker.remove_everything()
        gocker("network", "rm", "team")


@test
def a_container_has_namespaces_of_its_own(gocker, image):
    out, _ = gocker("run", "--rm", image, "sh", "-c",
                    "echo $$; for n in " + " ".join(NAMESPACES) + "; do ls -l /proc/self/ns/$n; done")
    first, *links = out.splitlines()
    equal(first, "1", "the process ID")
    equal(len(links), len(NAMESPACES), "namespaces")
    for name, link in zip(NAMESPACES, links):
        contains(link, f"{name}:[")
        if os.readlink(f"/proc/self/ns/{name}") in link:
            raise AssertionError(f"{name} is the host's namespace")


@test
def image_ls_and_rm_are_images_and_rmi(gocker, image):
    name = image.replace("/demo/busybox", "/demo/second")
    gocker("pull", name)
    equal(gocker("image", "ls")[0], gocker("images")[0])
    contains(gocker("image", "ls")[0], "/demo/second")
    gocker("image", "rm", name)
    if "/demo/second" in gocker("image", "ls")[0]:
        raise AssertionError("still listed")
    contains(gocker.fails("image", "rmm"), "unknown command 'rmm'")


@test
def seed_spellings_are_suggested_too(gocker, _):
    for typed, meant in (("actContaner", "actContainer"), ("rmImge", "rmImage"),
                         ("contaniers", "containers"), ("rmContianer", "rmContainer"),
                         ("exce", "exec"), ("imgaes", "images"), ("histroy", "history")):
        equal(gocker.fails(typed), f"gocker: unknown verb '{typed}' (gocker help lists them); "
                                   f"did you mean '{meant}'?\n")


fixture.main()
