#!/usr/bin/env python3
"""Who may read what: logins, tokens, redirects, mirrors, TLS.

    tests/image/access_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import json
import os
import subprocess
import sys

import images
from fake_registry import FakeRegistry, redirect, status
from logins import Tokens, demand_basic, login_file
from program import contains, equal, run_tests, test


@test
def basic_login_from_every_source(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        demand_basic(registry)
        store.ok("pull", "-q", "--creds", "ann:secret:1", reference)
        named = store.folder / "my.json"
        login_file(named, registry.host)
        store.ok("pull", "-q", "--authfile", named, reference)
        store.ok("pull", "-q", reference, environment={"REGISTRY_AUTH_FILE": str(named)})
        runtime = store.folder / "run"
        login_file(runtime / "containers/auth.json", f"{registry.host}/test")
        store.ok("pull", "-q", reference, environment={"XDG_RUNTIME_DIR": str(runtime)})
        login_file(store.home / ".docker/config.json", f"http://{registry.host}/v2/")
        store.ok("pull", "-q", reference)


@test
def no_login_and_wrong_login(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        demand_basic(registry)
        store.ok("images")
        line = store.fails_unchanged("pull", reference)
        contains(line, f"registry {registry.host} answers 401: authentication required")
        contains(line, "see --creds and --authfile")
        line = store.fails_unchanged("pull", "--creds", "ann:wrong", reference)
        contains(line, "(as ann, with the password from --creds)")
        if "wrong" in line:
            raise AssertionError("the password is in the message")
        equal(len(registry.asked("manifests/")), 3, "requests: no retry of what is refused")


@test
def missing_authfile(store):
    line = store.fails("pull", "--authfile", "/no/such/file", "127.0.0.1:1/a")
    contains(line, "/no/such/file: No such file or directory")


@test
def anonymous_token(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        tokens = Tokens(registry)
        store.ok("pull", "-q", reference)
        equal(tokens.asked, [{"service": ["s 1"], "scope": ["repository:test/image:pull"]}],
              "questions to the token server")


@test
def token_for_a_login(store):
    with FakeRegistry() as registry, FakeRegistry() as server:
        reference = registry.add(images.small_image())
        Tokens(registry, server, "ann", "secret", member="access_token")
        store.ok("pull", "-q", "--creds", "ann:secret", reference)
        for headers in registry.asked("/v2/"):
            if headers.get("Authorization", "").startswith("Basic"):
                raise AssertionError("the registry got the password")
        line = store.fails("pull", "-q", "--creds", "ann:wrong", reference)
        contains(line, f"get a token from {server.host}: ")
        contains(line, "answers 401: incorrect username or password (as ann")


@test
def token_that_expires_half_way(store):
    with FakeRegistry() as registry:
        image = images.small_image("one", "two", "three", "four", "five", "six")
        reference = registry.add(image)
        tokens = Tokens(registry)
        # The requests for the layers that come after find their token worthless.
        registry.fault(image.layers[0], lambda *_: tokens.valid.clear() or False, times=1,
                       first=True)
        store.ok("pull", "-q", reference)
        equal(tokens.count, 2, "tokens given")


@test
def token_server_without_a_token(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        tokens = Tokens(registry)
        for answer in (b"", b"{}", b'{"token": ""}', b'{"token": "a\\r\\nX-Evil: 1"}', b"[]"):
            registry.fault("^/token", lambda r, _, body=answer: r.answer(200, body), first=True)
            contains(store.fails("pull", "-q", reference), "the answer holds no token")
        equal(tokens.count, 0, "tokens given")


@test
def useless_token(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        tokens = Tokens(registry)
        registry.fault("^/token", lambda r, _: r.answer(200, b'{"token": "useless"}'),
                       first=True)
        contains(store.fails("pull", "-q", reference), "answers 401: authentication required")
        equal(len(registry.asked("manifests/")), 2, "requests")
        equal(tokens.count, 0, "tokens given")


@test
def redirected_blobs_get_no_credentials(store):
    for login in ("basic", "token"):
        with FakeRegistry() as registry, FakeRegistry() as storage:
            image = images.small_image(login, login + "-top")
            reference = registry.add(image)
            storage.add(image)
            if login == "basic":
                demand_basic(registry, "ann", "secret")
            else:
                Tokens(registry)
            registry.fault("blobs/", redirect(f"http://{storage.host}"))
            store.ok("pull", "-q", "--creds", "ann:secret", reference)
            equal(len(storage.asked("blobs/")), 3, "blobs from the other server")
            for headers in storage.asked(""):
                if "Authorization" in headers:
                    raise AssertionError(f"{login}: the other server got {headers}")


@test
def redirect_within_the_registry_keeps_the_login(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        reference = registry.add(image)
        demand_basic(registry, "ann", "secret")
        registry.fault("manifests/latest", lambda r, _: r.answer(
            307, b"", {"Location": f"/v2/test/image/manifests/{image.digest}"}))
        store.ok("pull", "-q", "--creds", "ann:secret", reference)


@test
def mirror_of_docker_hub(store):
    with FakeRegistry() as mirror:
        mirror.add(images.small_image(), name="library/alpine", tag="latest")
        store.registries.write_text(f"""
            unqualified-search-registries = ["quay.io"]
            [[registry]]
            prefix = "docker.io"
            location = "127.0.0.1:1"
            [[registry.mirror]]
            location = "{mirror.host}"
            """)
        digest = store.ok("pull", "-q", "alpine").strip()
        found = json.loads(store.ok("inspect", "alpine"))
        equal((found["reference"], found["digest"]),
              ("docker.io/library/alpine:latest", digest), "the image")


@test
def mirrors_that_fail_are_passed_over_and_named(store):
    with FakeRegistry() as first, FakeRegistry() as second, FakeRegistry() as registry:
        image = images.small_image()
        second.fault("/v2/", status(403, message="not for you"))
        registry.add(image)
        store.registries.write_text(f"""
            [[registry]]
            location = "{registry.host}"
            [[registry.mirror]]
            location = "{first.host}"
            [[registry.mirror]]
            location = "{second.host}"
            """)
        reference = f"{registry.host}/test/image"
        login_file(store.home / ".docker/config.json", first.host)
        store.ok("pull", "-q", "--creds", "ann:secret", reference)
        for mirror in (first, second):
            equal(len(mirror.asked("manifests/")), 1, "requests to a mirror")
            if "Authorization" in mirror.asked("")[0]:
                raise AssertionError("a mirror got the registry's credentials")
        line = store.fails("pull", "-q", f"{reference}:other")
        contains(line, f"mirror {first.host}: get manifest other: ")
        contains(line, f"; mirror {second.host}: get manifest other: ")
        contains(line, f"; get manifest other: registry {registry.host} answers 404")


@test
def blocked_registry(store):
    store.registries.write_text('[[registry]]\nprefix = "127.0.0.1:1"\nblocked = true\n')
    contains(store.fails("pull", "127.0.0.1:1/a"), "registries.conf blocks 127.0.0.1:1")


@test
def broken_registries_conf(store):
    store.registries.write_text("[[registry]\n")
    contains(store.fails("pull", "127.0.0.1:1/a"), f"{store.registries}:1: ")


def make_certificate(folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test",
         "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return certificate, key


@test
def insecure_takes_any_certificate_and_falls_back_to_plain_http(store):
    with FakeRegistry(tls=make_certificate(store.folder)) as registry:
        store.ok("pull", "-q", "--insecure", registry.add(images.small_image()))
    with FakeRegistry() as registry:
        store.ok("pull", "-q", "--insecure", registry.add(images.small_image()))


@test
def redirect_from_https_to_plain_http_is_refused(store):
    with FakeRegistry(tls=make_certificate(store.folder)) as registry, FakeRegistry() as storage:
        image = images.small_image()
        reference = registry.add(image)
        storage.add(image)
        registry.fault("blobs/", redirect(f"http://{storage.host}"))
        line = store.fails("pull", "-q", "--insecure", reference)
        contains(line, f"redirected from https to plain http ({storage.host})")
        equal(storage.asked(""), [], "requests to the other server")


@test
def unknown_certificate_is_refused_unless_it_is_trusted(store):
    """A name of this machine that is not taken for a loopback one, by a hosts file of its own."""
    certificate, key = make_certificate(store.folder)
    with FakeRegistry(tls=(certificate, key)) as registry:
        registry.add(images.small_image())
        hosts = store.folder / "hosts"
        hosts.write_text("127.0.0.1 registry.test\n")

        def pull(trusted):
            environment = dict(store.environment)
            if trusted:
                environment["SSL_CERT_FILE"] = str(certificate)
            return subprocess.run(
                ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/hosts; shift; "$@"',
                 "sh", hosts,
                 *store.command("pull", "-q", f"registry.test:{registry.port}/test/image")],
                env=environment, capture_output=True, text=True, timeout=60)

        contains(pull(trusted=False).stderr, "SSL certificate problem")
        # It is for 127.0.0.1, not for that name.
        contains(pull(trusted=True).stderr, "no alternative certificate subject name matches")
        equal(registry.asked(""), [], "requests")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
