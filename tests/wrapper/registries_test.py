#!/usr/bin/env python3
"""The verbs that speak to registries and archives, as a person types them; tests/image has what each
of them does.

    tests/wrapper/registries_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import subprocess

import fixture
import registry
from fixture import contains, equal, test

VERBS = ("copy", "load", "login", "logout", "push", "save", "tags")


@test
def an_image_goes_to_a_registry_with_a_password_and_comes_back(gocker, image):
    with registry.Registry(gocker.folder / "registry-private", login=("ann", "secret")) as server:
        name = f"{server.host}/team/tool:1"
        gocker("tag", image, name)
        contains(gocker.fails("push", name), "log in, or see --creds and --authfile")
        done = subprocess.run([gocker.program, "login", "-u", "ann", "--password-stdin", server.host],
                              env=gocker.env, input="secret", text=True, capture_output=True,
                              timeout=30)
        equal((done.returncode, done.stderr), (0, ""), "login")
        out, _ = gocker("push", name)
        contains(out, "sha256:")
        equal(gocker("tags", name[:-2])[0], "1\n", "tags")
        gocker("rmi", name)
        out, _ = gocker("run", "--rm", "--pull", "never", image, "echo", "still here")
        equal(out, "still here\n", "the other name's container")
        gocker("copy", "-q", name, f"oci-archive:{gocker.folder}/tool.tar")
        equal(gocker("load", "-i", f"{gocker.folder}/tool.tar")[0], f"{name}\n", "what load says")
        gocker("logout", server.host)
        contains(gocker.fails("tags", name[:-2]), "answers 401")
        gocker("rmi", name)


@test
def an_image_goes_through_a_pipe(gocker, image):
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" save "$1" | gzip -1 | "$0" load', gocker.program, image],
        env=gocker.env, capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stdout, done.stderr), (0, f"{image}:latest\n", ""), "the pipe")
    gocker("image", "save", "-o", f"{gocker.folder}/x.tar", image)
    gocker("image", "load", "-q", "-i", f"{gocker.folder}/x.tar")


@test
def each_verb_tells_of_itself(gocker, _):
    listed = gocker("help")[0]
    for verb in VERBS:
        contains(listed, f"  {verb} ")
        out = gocker(verb, "--help")[0]
        contains(out, f"gocker {verb}: ")
        contains(out, "options:")
        line = gocker.fails(verb, "--no-such-option", "x", code=2)
        contains(line, f"gocker: {verb}: unknown option")


@test
def what_is_left_out_is_asked_for(gocker, _):
    contains(gocker.fails("push"), "which image?")
    contains(gocker.fails("save"), "which image?")
    contains(gocker.fails("copy", code=2), "too few arguments: usage: gocker copy SOURCE TARGET")
    contains(gocker.fails("tags", code=2), "too few arguments: usage: gocker tags REPOSITORY")


if __name__ == "__main__":
    fixture.main()
