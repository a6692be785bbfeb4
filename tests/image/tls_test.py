#!/usr/bin/env python3
"""TLS: certificates for single registries in certs.d, client certificates, what is said of each wrong
one, and proxies.

    tests/image/tls_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import contextlib
import os
import shutil
import subprocess
import sys

import images
from authority import Authority
from fake_registry import FakeRegistry
from program import contains, equal, run_tests, test
from registry import Registry
from relays import Proxy


def certs_d(store, host):
    """The user's own folder for a registry."""
    folder = store.home / f".config/containers/certs.d/{host}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def tls_registry(store, **certificate):
    """A fake registry with an image, by a certificate of an authority that is not known yet."""
    authority = Authority(store.folder / "authority")
    with FakeRegistry(tls=authority.issue("server", **certificate)) as registry:
        yield authority, registry, registry.add(images.small_image())


@test
def an_authority_of_its_own_is_trusted_at_that_registry_alone(store):
    with tls_registry(store) as (authority, registry, reference):
        shutil.copy(authority.certificate, certs_d(store, registry.host) / "ca.crt")
        store.ok("pull", "-q", reference)
        with FakeRegistry(tls=authority.issue("other")) as other:
            certs_d(store, other.host)
            line = store.fails("pull", other.add(images.small_image()))
            contains(line, "SSL certificate problem: unable to get local issuer certificate "
                           "(its authority is not known here: put that into "
                           f"/etc/containers/certs.d/{other.host}/ca.crt, or use --insecure)")
            equal(other.asked(""), [], "requests")


@test
def it_counts_beside_those_of_the_system(store):
    with tls_registry(store) as (authority, registry, reference):
        other = Authority(store.folder / "unrelated")
        shutil.copy(other.certificate, certs_d(store, registry.host) / "ca.crt")
        contains(store.fails("pull", reference), "unable to get local issuer certificate")
        store.ok("pull", "-q", reference, environment={"SSL_CERT_FILE": str(authority.certificate)})


@test
def certs_d_of_docker_and_of_podman(store):
    """In the system's places, on an /etc that is the test's own."""
    with tls_registry(store) as (authority, registry, reference):
        for place in ("docker", "containers"):
            folder = store.folder / place
            (folder / "work").mkdir(parents=True)
            host = folder / f"upper/{place}/certs.d/{registry.host}"
            host.mkdir(parents=True)
            shutil.copy(authority.certificate, host / "any.crt")
            mount = f"lowerdir=/etc,upperdir={folder}/upper,workdir={folder}/work"
            done = subprocess.run(
                ["unshare", "--mount", "sh", "-c",
                 'mount -t overlay -o "$1" none /etc && shift && exec "$@"', "sh", mount,
                 *store.command("pull", "-q", reference)],
                env=store.environment, capture_output=True, text=True, timeout=60)
            equal((done.returncode, done.stderr), (0, ""), f"exit code and stderr with {place}")


@test
def a_directory_by_name(store):
    with tls_registry(store) as (authority, registry, reference):
        folder = store.folder / "certificates"
        folder.mkdir()
        shutil.copy(authority.certificate, folder / "ca.crt")
        store.ok("pull", "-q", "--cert-dir", folder, reference)
        contains(store.fails("pull", "--cert-dir", store.folder / "none", reference),
                 f"read certificates: open {store.folder}/none: No such file or directory")


@test
def certificates_that_are_wrong(store):
    cases = (
        ({"end": "20210101000000Z"}, "certificate has expired (the registry's certificate"),
        ({"start": "20980101000000Z"}, "certificate is not yet valid (the certificate begins later"),
        ({"alternative": "DNS:registry.test"},
         "(the certificate is for another name than the one in the reference)"),
    )
    for number, (certificate, expected) in enumerate(cases):
        authority = Authority(store.folder / f"authority-{number}")
        with FakeRegistry(tls=authority.issue("server", **certificate)) as registry:
            shutil.copy(authority.certificate, certs_d(store, registry.host) / "ca.crt")
            reference = registry.add(images.small_image())
            contains(store.fails("pull", reference), expected)
            equal(registry.asked(""), [], "requests")
            store.ok("pull", "-q", "--insecure", reference)
            store.ok("pull", "-q", "--tls-verify=false", reference)


@test
def plain_http_where_tls_is_wanted(store):
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        contains(store.fails("pull", "--tls-verify=true", reference),
                 "(it may speak plain HTTP alone: --insecure)")
        store.ok("pull", "-q", reference)


@test
def client_certificates(store):
    authority = Authority(store.folder / "authority")
    with Registry(store.folder / "registry", tls=authority.issue("server"),
                  client_authority=authority.certificate) as registry:
        folder = certs_d(store, registry.host)
        shutil.copy(authority.certificate, folder / "ca.crt")
        reference = f"{registry.host}/none:1"
        line = store.fails("pull", reference)
        contains(line, "the registry does not take our certificate, or wants one: "
                       f"/etc/containers/certs.d/{registry.host}/client.cert and client.key")
        certificate, key = authority.issue("client")
        shutil.copy(certificate, folder / "client.cert")
        contains(store.fails("pull", reference),
                 f"{folder}/client.cert: client.key, the other half of it, is missing")
        shutil.copy(key, folder / "client.key")
        contains(store.fails("pull", reference), "answers 404")
        shutil.copy(authority.issue("other")[1], folder / "client.key")
        contains(store.fails("pull", reference), "they must belong together")
        (folder / "client.cert").unlink()
        contains(store.fails("pull", reference),
                 f"{folder}/client.key: client.cert, the other half of it, is missing")


@test
def a_redirect_shows_no_client_certificate_to_others(store):
    """The other server asks for one, and does not insist."""
    authority = Authority(store.folder / "authority")
    shown = []
    with FakeRegistry(tls=authority.issue("server"), client_authority=authority.certificate,
                      on_certificate=shown.append) as storage:
        with FakeRegistry(tls=authority.issue("registry"), client_authority=authority.certificate,
                          on_certificate=shown.append) as registry:
            image = images.small_image()
            reference = registry.add(image)
            storage.add(image)
            registry.fault("blobs/", lambda r, _: r.answer(
                307, b"", {"Location": f"https://{storage.host}{r.path}"}))
            folder = certs_d(store, registry.host)
            shutil.copy(authority.certificate, folder / "ca.crt")
            shutil.copy(authority.certificate, certs_d(store, storage.host) / "ca.crt")
            certificate, key = authority.issue("client")
            shutil.copy(certificate, folder / "client.cert")
            shutil.copy(key, folder / "client.key")
            store.ok("pull", "-q", reference)
            equal({name for port, name in shown if port == registry.port}, {"client"},
                  "what the registry sees")
            equal({name for port, name in shown if port == storage.port}, {None},
                  "what the other server sees")


@test
def what_is_no_certificate(store):
    with tls_registry(store) as (authority, registry, reference):
        folder = certs_d(store, registry.host)
        (folder / "ca.crt").write_text("hello")
        contains(store.fails("pull", reference),
                 f"read certificates: {folder}/ca.crt: it is no certificate in PEM format")
        (folder / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n")
        contains(store.fails("pull", reference), "pull ")
        (folder / "ca.crt").unlink()
        (folder / "ca.crt").symlink_to(store.folder / "none")
        contains(store.fails("pull", reference), f"open {folder}/ca.crt: No such file or directory")
        equal(registry.asked(""), [], "requests")


@test
def a_proxy_is_used_but_for_what_no_proxy_names(store):
    authority = Authority(store.folder / "authority")
    certificate = authority.issue("server", alternative="DNS:registry.test,IP:127.0.0.1")
    with FakeRegistry(tls=certificate) as registry, Proxy() as proxy:
        local = registry.add(images.small_image())
        name = f"registry.test:{registry.port}"
        for host in (name, registry.host):
            shutil.copy(authority.certificate, certs_d(store, host) / "ca.crt")
        variables = {"HTTPS_PROXY": proxy.address}
        store.ok("pull", "-q", f"{name}/test/image", environment=variables)
        equal(set(proxy.asked), {f"CONNECT {name}"}, "what the proxy was asked for")
        proxy.asked.clear()
        for no_proxy in ("registry.test", ".test", "*"):
            line = store.fails("pull", f"{name}/test/image",
                               environment={**variables, "NO_PROXY": no_proxy})
            contains(line, "Could not resolve host: registry.test")
        store.ok("pull", "-q", local, environment=variables)
        equal(proxy.asked, [], "what the proxy was asked for")
        store.ok("pull", "-q", f"{name}/test/image",
                 environment={**variables, "NO_PROXY": "other.test"})
        equal(bool(proxy.asked), True, "the proxy was asked")
    line = store.fails("pull", f"{name}/test/image", environment={"HTTPS_PROXY": "http://127.0.0.1:1"})
    contains(line, "Failed to connect to 127.0.0.1 port 1")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
