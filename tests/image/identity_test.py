#!/usr/bin/env python3
"""Identity tokens, OAuth 2's refresh tokens in place of a password: in docker's file and from credential
helpers, at a real registry that takes a token server's tokens alone.

    tests/image/identity_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import base64
import contextlib
import json
import os
import subprocess
import sys

import images
from fake_registry import FakeRegistry, redirect
from logins import Tokens, demand_basic
from program import contains, equal, run_tests, test
from registry import Registry
from signed_tokens import SignedTokens

IDENTITY = "eyJ.an+identity/token.of=ours"


def keep_identity(store, host, identity=IDENTITY):
    """As `docker login` leaves it: beside the token a user's name that stands for none."""
    path = store.home / ".docker/config.json"
    path.parent.mkdir(exist_ok=True)
    nobody = base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode()
    path.write_text(json.dumps({"auths": {host: {"auth": nobody, "identitytoken": identity}}}))
    return path


@contextlib.contextmanager
def real_registry(store):
    """A docker-registry that is opened by tokens alone; yields it and its token server."""
    with FakeRegistry() as server:
        tokens = SignedTokens(server, store.folder, IDENTITY)
        with Registry(store.folder / "registry", tokens=tokens) as registry:
            yield registry, tokens


def put_image(store, registry):
    """By the password, from elsewhere; its digest."""
    with FakeRegistry() as origin:
        reference = origin.add(images.small_image("base", "top"))
        return store.ok("copy", "-q", "--dest-creds", "ann:secret:1", reference,
                        f"{registry.host}/test/image:1").strip()


@test
def opens_a_real_registry(store):
    with real_registry(store) as (registry, tokens):
        digest = put_image(store, registry)
        reference = f"{registry.host}/test/image:1"
        contains(store.fails("pull", "-q", reference), "no credentials for it are known")
        file = keep_identity(store, registry.host)
        tokens.questions.clear()
        equal(store.ok("pull", "-q", reference).strip(), digest, "what is pulled")
        equal(tokens.questions, [("POST", {
            "service": ["the registry"], "scope": ["repository:test/image:pull"],
            "grant_type": ["refresh_token"], "client_id": ["gocker"], "refresh_token": [IDENTITY]})],
            "questions to the token server")
        store.ok("tag", reference, f"{registry.host}/other/name:1")
        equal(store.ok("push", "-q", f"{registry.host}/other/name:1").strip(), digest, "what is pushed")
        contains(str(tokens.questions[-1]), "repository:other/name:pull,push")
        done = subprocess.run(["skopeo", "inspect", "--tls-verify=false", "--authfile", file,
                               "--format", "{{.Digest}}", f"docker://{registry.host}/other/name:1"],
                              capture_output=True, text=True, timeout=60)
        equal((done.stdout.strip(), done.returncode), (digest, 0), f"skopeo's: {done.stderr} {tokens.questions[-1]}")


@test
def comes_from_a_helper(store):
    with real_registry(store) as (registry, _):
        digest = put_image(store, registry)
        folder = store.folder / "bin"
        folder.mkdir()
        program = folder / "docker-credential-cloud"
        answer = json.dumps({"ServerURL": registry.host, "Username": "<token>", "Secret": IDENTITY})
        program.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{answer}'\n")
        program.chmod(0o755)
        store.environment["PATH"] = f"{folder}:{store.environment['PATH']}"
        path = store.home / ".docker/config.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"credHelpers": {registry.host: "cloud"}}))
        equal(store.ok("pull", "-q", f"{registry.host}/test/image:1").strip(), digest, "what is pulled")


@test
def a_wrong_one_is_refused(store):
    with real_registry(store) as (registry, tokens):
        file = keep_identity(store, registry.host, "stolen")
        line = store.fails("pull", "-q", f"{registry.host}/test/image:1")
        contains(line, f"get a token from {tokens.realm.split('/')[2]}: ")
        contains(line, f"answers 401: who are you? (with the identity token from {file})")
        equal("stolen" in line, False, "the token is in the message")


@test
def is_of_no_use_where_a_password_is_wanted(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        demand_basic(registry)
        file = keep_identity(store, registry.host)
        contains(store.fails("pull", "-q", reference),
                 f"answers 401: authentication required (with the identity token from {file})")
        equal([headers.get("Authorization") for headers in registry.asked("/v2/")], [None],
              "what the registry got")


@test
def goes_to_no_other_server(store):
    with FakeRegistry() as registry, FakeRegistry() as server, FakeRegistry() as other:
        reference = registry.add(images.small_image())
        Tokens(registry, server)
        server.fault("^/token", redirect(f"http://{other.host}"), first=True)
        keep_identity(store, registry.host)
        contains(store.fails("pull", "-q", reference),
                 f"redirected to {other.host}, which is not to have what is sent")
        equal(other.asked(""), [], "requests to the other server")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
