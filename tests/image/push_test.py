#!/usr/bin/env python3
"""push: to real registries and to misbehaving ones.

    tests/image/push_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import gzip
import json
import os
import subprocess
import sys
import time

import images
from authority import Authority
from fake_registry import FakeRegistry, Request, longer, once, only, status, swallow
from logins import Tokens, demand_basic, login_file
from program import contains, equal, run_tests, test, wait_until
from registry import Registry
from relays import BreakingLine

BIG = 40 << 20  # more than two chunks


def stored(store, image, name="r.example/test/image:latest"):
    """The image in the store, under a name of a registry that is gone; returns the name."""
    with FakeRegistry() as source:
        reference = source.add(image)
        store.ok("pull", "-q", "--no-unpack", reference)
        store.ok("tag", reference, name)
        store.ok("rm", reference)
    return name


def push_fails(store, *words, expected):
    before = store.listing()
    line = store.fails("push", *words)
    for part in [expected] if isinstance(expected, str) else expected:
        contains(line, part)
    equal(store.listing(), before, "the store")
    return line


@test
def to_a_real_registry_and_back(store):
    image = images.small_image("one", "two", "three")
    name = stored(store, image)
    with Registry(store.folder / "registry", login=("ann", "secret:1")) as registry:
        target = f"{registry.host}/team/app:1"
        push_fails(store, name, target, expected=f"push {target}: ")
        file = store.folder / "digest"
        out = store.ok("push", "--creds", "ann:secret:1", "--digestfile", file, name, target)
        equal((out, file.read_text()), (image.digest + "\n", image.digest + "\n"), "the digest")
        store.ok("rm", name)
        store.ok("pull", "-q", "--creds", "ann:secret:1", f"{registry.host}/team/app@{image.digest}")
        done = subprocess.run(
            ["skopeo", "inspect", "--tls-verify=false", "--creds", "ann:secret:1", f"docker://{target}"],
            capture_output=True, text=True, timeout=60)
        equal(json.loads(done.stdout or "{}").get("Layers"), image.layers, f"layers ({done.stderr})")


@test
def over_tls_with_a_big_layer(store):
    image = images.make_image([images.random_layer("big", BIG), images.tar_of({"x": b"x"})])
    name = stored(store, image)
    authority = Authority(store.folder / "authority")
    with Registry(store.folder / "registry", tls=authority.issue("server")) as registry:
        folder = store.folder / "certificates"
        folder.mkdir()
        (folder / "ca.crt").write_bytes(authority.certificate.read_bytes())
        target = f"{registry.host}/big"
        push_fails(store, name, "--tls-verify=true", target, expected="its authority is not known here")
        store.ok("push", "-q", "--cert-dir", folder, name, target)
        store.ok("rm", name)
        store.ok("pull", "-q", "--cert-dir", folder, target)


@test
def the_name_says_where_to(store):
    with FakeRegistry() as registry:
        image = images.small_image()
        name = stored(store, image, f"{registry.host}/test/image:7")
        store.ok("push", name)
        contains("\n".join(registry.calls), "PUT /v2/test/image/manifests/7")


@test
def what_is_there_is_not_sent(store):
    with FakeRegistry() as registry:
        image = images.small_image("base", "top")
        name = stored(store, image)
        target = f"{registry.host}/test/image"
        registry.documents[f"test/image/blobs/{image.layers[0]}"] = ("x", image.blobs[image.layers[0]])
        store.ok("push", name, target + ":1")
        equal(len(registry.asked("uploads/?")), 0, "mounts")
        equal([call for call in registry.calls if call.startswith("POST")],
              ["POST /v2/test/image/blobs/uploads/"] * 2, "uploads: a layer and the config")
        registry.calls.clear()
        store.ok("push", name, target + ":1")
        equal(registry.calls, ["HEAD /v2/test/image/manifests/1"], "requests of a second push")
        store.ok("push", name, target + ":2")
        equal([call.split()[0] for call in registry.calls[1:]], ["HEAD"] * 4 + ["PUT"],
              "requests for another tag")


@test
def layers_are_mounted_from_where_they_are(store):
    with Registry(store.folder / "registry") as registry:
        base = images.small_image("base")
        top = images.make_image([images.tar_of({"base": b"base"}), images.tar_of({"top": b"top"})])
        for image, name in ((base, "library/base"), (top, "team/app")):
            store.ok("tag", stored(store, image), f"{registry.host}/{name}:1")
        store.ok("push", f"{registry.host}/library/base:1")
        done = store.run("push", "--progress", "json", f"{registry.host}/team/app:1")
        contains(done.stderr, "mounted from library/base")
        contains(done.stderr, "layer 2 of 2 (")
        store.ok("rm", "r.example/test/image")
        store.ok("pull", "-q", f"{registry.host}/team/app:1")


@test
def a_registry_that_ignores_mounts(store):
    with FakeRegistry() as registry:
        image = images.small_image("base")
        registry.mounts = False
        name = stored(store, image, f"{registry.host}/other/name:1")
        store.ok("push", name, f"{registry.host}/test/image")
        equal(len(registry.asked("mount=")), 1, "tries to mount")
        equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")


@test
def a_registry_that_refuses_mounts(store):
    for number in (400, 404, 405):
        with FakeRegistry() as registry:
            image = images.small_image(f"base{number}")
            registry.fault("mount=", status(number))
            name = stored(store, image, f"{registry.host}/other/name:1")
            store.ok("push", name, f"{registry.host}/test/image")
            equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")


@test
def one_token_for_all(store):
    with FakeRegistry() as registry, FakeRegistry() as server:
        image = images.small_image("base")
        tokens = Tokens(registry, server, "ann", "secret")
        name = stored(store, image, f"{registry.host}/other/name:1")
        store.ok("push", "--creds", "ann:secret", name, f"{registry.host}/test/image")
        equal([question["scope"] for question in tokens.asked],
              [["repository:test/image:pull,push"],
               ["repository:test/image:pull,push", "repository:other/name:pull"]], "scopes")


@test
def a_token_that_expires_half_way(store):
    with FakeRegistry() as registry:
        image = images.small_image("one", "two", "three", "four", "five", "six")
        name = stored(store, image)
        tokens = Tokens(registry)
        registry.fault("uploads/[0-9]", lambda *_: tokens.valid.clear() or False, times=1,
                       first=True)
        store.ok("push", name, f"{registry.host}/test/image")
        equal(tokens.count, 2, "tokens given")


@test
def refusals(store):
    name = stored(store, images.small_image())
    cases = (
        (401, "unauthorized to do that", "(no credentials for it are known"),
        (403, "denied", "answers 403: denied"),
        (400, "odd", "answers 400: odd"),
        (507, "no room", "answers 507: no room"),
    )
    for number, message, expected in cases:
        for method, path in (("POST", "uploads/"), ("PUT", "uploads/"), ("PUT", "manifests/")):
            with FakeRegistry() as registry:
                registry.fault(path, only(method, status(number, message=message)))
                target = f"{registry.host}/test/image:latest"
                push_fails(store, name, target, expected=[f"push {target}: ", expected])
                equal("test/image/manifests/latest" in registry.documents, False, "a manifest")
                if number == 507:
                    break  # it takes the time of the retries
                refused = [call for call in registry.calls
                           if call.startswith(method) and path in call]
                once = 1 if path == "manifests/" else 3  # two layers and the configuration
                equal(len(refused) <= once, True, f"no retry of what is refused: {refused}")


@test
def blobs_that_cannot_be_looked_for(store):
    image = images.small_image()
    name = stored(store, image)
    for number in (404, 405, 400):
        with FakeRegistry() as registry:
            registry.fault("blobs/", only("HEAD", status(number)))
            store.ok("push", name, f"{registry.host}/test/image")
            equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")
    with FakeRegistry() as registry:
        registry.fault("blobs/", only("HEAD", status(403)))
        push_fails(store, name, f"{registry.host}/test/image", expected="answers 403: access denied")


@test
def too_many_requests(store):
    image = images.small_image()
    name = stored(store, image)
    with FakeRegistry() as registry:
        for method in ("HEAD", "POST", "PUT"):
            registry.fault("/v2/", once(only(method, status(429, {"Retry-After": "1"}))))
        before = time.monotonic()
        store.ok("push", "-q", name, f"{registry.host}/test/image")
        equal(2 <= time.monotonic() - before < 60, True, "the registry's time is waited for")
        equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")


@test
def a_reset_half_way_goes_on_from_there(store):
    image = images.make_image([images.random_layer("big", 3_000_000)])
    name = stored(store, image)
    layer = image.blobs[image.layers[0]]
    with FakeRegistry() as registry:
        registry.fault("uploads/[0-9]", once(longer(1_000_000, swallow(registry, 0.5, Request.reset))))
        store.ok("push", name, f"{registry.host}/test/image")
        equal(registry.blob(image.layers[0]), layer, "the layer")
        patches = [headers for call, (_, headers) in zip(registry.calls, registry.requests)
                   if call.startswith("PATCH")]
        equal(len(patches), 1, "requests with the rest")
        first = int(patches[0]["Content-Range"].split("-")[0])
        equal(first, len(layer) // 2, "where it goes on")


@test
def a_reset_after_all_has_arrived(store):
    image = images.small_image()
    name = stored(store, image)
    with FakeRegistry() as registry:
        def take_and_reset(request, _):
            request.answer = lambda *_, **__: request.reset()
            registry.serve(request)
        registry.fault("uploads/[0-9]", once(only("PUT", take_and_reset)))
        store.ok("push", name, f"{registry.host}/test/image")
        equal(len([call for call in registry.calls if call.startswith("POST")]), 3,
              "uploads that were opened: what has arrived is not sent again")
        equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")


@test
def an_upload_that_the_registry_forgets(store):
    image = images.make_image([images.random_layer("big", 3_000_000)])
    name = stored(store, image)
    with FakeRegistry() as registry:
        def forget(request, _):
            request.read_content(1000)
            del registry.uploads[request.path.rsplit("/", 1)[1].split("?")[0]]
            request.reset()
        registry.fault("uploads/[0-9]", once(longer(1_000_000, forget)))
        store.ok("push", "-q", name, f"{registry.host}/test/image")
        equal([call.split()[0] for call in registry.calls if "blobs/uploads/" in call].count("POST"), 3,
              "uploads that were opened: two, and one anew")
        equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")


@test
def a_real_registry_behind_a_line_that_breaks(store):
    """Docker's registry keeps what has arrived; a proxy between cuts the first long request."""
    image = images.make_image([images.random_layer("big", 8_000_000)])
    name = stored(store, image)
    with Registry(store.folder / "registry") as registry, \
            BreakingLine(registry.port, after=4_000_000) as line:
        target = f"127.0.0.1:{line.port}/big:1"
        store.ok("push", "-q", name, target)
        equal(line.cuts, 1, "cuts")
        store.ok("rm", name)
        store.ok("pull", "-q", f"{registry.host}/big:1")


@test
def larger_than_one_request_may_be(store):
    image = images.make_image([images.random_layer("big", BIG)])
    name = stored(store, image)
    limit = 20 << 20
    with FakeRegistry() as registry:
        registry.fault("uploads/", longer(limit, status(413, message="request entity too large")))
        store.ok("push", "-q", name, f"{registry.host}/test/image")
        equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")
        sizes = [int(headers["Content-Length"]) for call, (_, headers)
                 in zip(registry.calls, registry.requests) if call.startswith("PATCH")]
        equal(sizes[:2], [16 << 20] * 2, "the chunks")
    with FakeRegistry() as registry:
        registry.fault("uploads/", longer(1 << 20, status(413)))
        push_fails(store, name, f"{registry.host}/test/image",
                   expected="upload layer 1 of 1: registry " + registry.host +
                            " answers 413: too large for it")


@test
def chunks_of_which_nothing_is_kept(store):
    image = images.make_image([images.random_layer("big", BIG)])
    name = stored(store, image)
    with FakeRegistry() as registry:
        registry.fault("uploads/", only("PUT", longer(1000, status(413))))
        registry.fault("uploads/", only("PATCH", lambda r, _: r.read_content() and r.answer(
            202, b"", {"Location": r.path, "Range": "0-0"}) or True))
        push_fails(store, name, f"{registry.host}/test/image", expected="keeps nothing of them")


@test
def locations_of_all_kinds(store):
    image = images.small_image()
    name = stored(store, image)
    for location in (lambda host, name, number: f"http://{host}/v2/{name}/blobs/uploads/{number}",
                     lambda host, name, number: f"//{host}/v2/{name}/blobs/uploads/{number}?a=b&c",
                     lambda host, name, number: f"/v2/{name}/blobs/uploads/{number}"):
        with FakeRegistry() as registry:
            demand_basic(registry, "ann", "secret")
            registry.location = lambda name, number: location(registry.host, name, number)
            store.ok("push", "--creds", "ann:secret", name, f"{registry.host}/test/image")
            equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")


@test
def another_host_gets_no_credentials(store):
    image = images.small_image()
    name = stored(store, image)
    for login in ("basic", "token"):
        with FakeRegistry() as registry, FakeRegistry() as storage:
            if login == "basic":
                demand_basic(registry, "ann", "secret")
            else:
                Tokens(registry)
            registry.location = lambda name, number: f"http://{storage.host}/{name}/{number}"

            def take(request, _):
                content = request.read_content()
                registry.documents[f"test/image/blobs/{images.digest_of(content)}"] = ("x", content)
                request.answer(201)
                return True
            storage.fault("", take)
            store.ok("push", "--creds", "ann:secret", name, f"{registry.host}/test/image")
            equal(len(storage.requests), 3, "requests to the other host")
            for _, headers in storage.requests:
                if "Authorization" in headers:
                    raise AssertionError(f"{login}: the other host got {headers}")


@test
def addresses_that_are_none(store):
    name = stored(store, images.small_image())
    for location, expected in (("file:///etc/passwd", "names 'file:///etc/passwd' as the next address"),
                               ("", "does not say where it is to be sent")):
        with FakeRegistry() as registry:
            registry.location = lambda *_: location
            push_fails(store, name, f"{registry.host}/test/image", expected=expected)


@test
def from_https_to_http_is_refused(store):
    name = stored(store, images.small_image())
    authority = Authority(store.folder / "authority")
    with FakeRegistry(tls=authority.issue("server")) as registry, FakeRegistry() as storage:
        registry.location = lambda *_: f"http://{storage.host}/x"
        push_fails(store, "--insecure", name, f"{registry.host}/test/image",
                   expected=f"leads from https to plain http ({storage.host})")
        equal(storage.calls, [], "requests to the other server")


@test
def redirected_uploads(store):
    image = images.small_image()
    name = stored(store, image)
    with FakeRegistry() as registry:
        registry.fault("uploads/[0-9]", lambda r, _: "again" not in r.path and r.answer(
            307, b"", {"Location": r.path + "&again"}) is None)
        store.ok("push", name, f"{registry.host}/test/image")
        equal(registry.blob(image.layers[0]), image.blobs[image.layers[0]], "the layer")
    with FakeRegistry() as registry:
        registry.fault("uploads/[0-9]", lambda r, _: r.answer(302, b"", {"Location": "/login"}) is None)
        push_fails(store, name, f"{registry.host}/test/image", expected="answers 302")


@test
def a_registry_that_got_something_else(store):
    name = stored(store, images.small_image())
    with FakeRegistry() as registry:
        registry.fault("manifests/", only("PUT", lambda r, _: r.read_content() and r.answer(
            201, b"", {"Docker-Content-Digest": images.digest_of(b"")}) is None))
        push_fails(store, name, f"{registry.host}/test/image",
                   expected=["put manifest latest: its content has the digest", images.digest_of(b"")])


@test
def mirrors_are_for_reading(store):
    with FakeRegistry() as mirror, FakeRegistry() as registry:
        store.registries.write_text(f"""
            [[registry]]
            prefix = "r.example"
            location = "{registry.host}"
            [[registry.mirror]]
            location = "{mirror.host}"
            """)
        name = stored(store, images.small_image())
        store.ok("push", name)
        equal(mirror.calls, [], "requests to the mirror")
        contains("\n".join(registry.calls), "PUT /v2/test/image/manifests/latest")


@test
def packed_anew(store):
    files = images.tar_of({"a": b"a" * 100_000})
    image = images.make_image([files], media_types=(images.DOCKER_MANIFEST, images.DOCKER_CONFIG,
                                                    images.DOCKER_LAYER))
    name = stored(store, image)
    before = store.listing()
    with Registry(store.folder / "registry") as registry:
        for words, kind in ((("zstd",), "zstd"), (("zstd", "--compression-level", 19), "zstd"),
                            (("gzip",), None)):
            target = f"{registry.host}/packed:{len(words)}"
            digest = store.ok("push", "--compression", *words, name, target).strip()
            raw = subprocess.run(["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{target}"],
                                 capture_output=True, check=True, timeout=60).stdout
            equal(images.digest_of(raw), digest, "digest")
            manifest = json.loads(raw)
            equal(manifest["mediaType"], images.MANIFEST, "the manifest's type")
            equal(manifest["config"]["digest"], image.config, "the config")
            equal(manifest["layers"][0]["mediaType"],
                  images.ZSTD_LAYER if kind else images.LAYER, "the layer's type")
            if kind is None:
                equal(manifest["layers"][0]["digest"], image.layers[0], "what is gzip stays as it is")
            store.ok("pull", "-q", "--no-unpack", target)
            store.ok("rm", target)
    equal(store.listing(), before, "the store")


@test
def gzip_of_every_level(store):
    files = images.tar_of({"a": b"".join(str(i * i).encode() for i in range(40_000))})
    image = images.make_image([files], media_types=(images.MANIFEST, images.CONFIG, images.PLAIN_LAYER))
    name = stored(store, image)
    with FakeRegistry() as registry:
        for level in (1, 9):
            store.ok("push", "--compression=gzip", f"--compression-level={level}", name,
                     f"{registry.host}/test/image:{level}")
            manifest = json.loads(registry.documents[f"test/image/manifests/{level}"][1])
            packed = registry.blob(manifest["layers"][0]["digest"])
            equal(gzip.decompress(packed), files, "the layer")


@test
def bad_input(store):
    store.ok("images")
    contains(store.fails("push", "no/such:1"), "no such image: no/such:1")
    contains(store.fails("push", code=2), "too few arguments: usage: gocker-image push IMAGE [REF]")
    name = stored(store, images.small_image())
    contains(store.fails("push", name, "NOT A NAME"), "'NOT A NAME' is no image reference")
    contains(store.fails("push", name, f"r.example/a@{images.digest_of(b'')}"),
             "push r.example/a@" + images.digest_of(b"") + ": the image's digest is sha256:")
    for words, expected in (
            (("--compression=lz4",), "--compression: 'lz4' is neither gzip nor zstd"),
            (("--compression-level=3",), "--compression-level: it needs --compression"),
            (("--compression=gzip", "--compression-level=10"), "10 is no level of gzip: 1 to 9"),
            (("--compression=zstd", "--compression-level=0"), "0 is no level of zstd: 1 to 22"),
            (("--compression=zstd", "--compression-level=x"), "'x' is no level"),
            (("--progress=loud",), "'loud' is no kind of progress"),
            (("--tls-verify=1",), "'1' is neither true nor false")):
        contains(store.fails("push", *words, name, code=2), expected)
    contains(store.fails("push", name, "127.0.0.1:1/a"), "Failed to connect")


@test
def a_blob_that_the_store_has_lost(store):
    image = images.small_image()
    name = stored(store, image)
    (store.root / "blobs/sha256" / image.layers[1][7:]).unlink()
    with FakeRegistry() as registry:
        push_fails(store, name, f"{registry.host}/test/image",
                   expected=f"blob {image.layers[1]} is not in the store: pull the image again")
        equal(registry.calls, [], "requests")


@test
def a_damaged_layer_does_not_become_the_image(store):
    image = images.small_image()
    name = stored(store, image)
    path = store.root / "blobs/sha256" / image.layers[1][7:]
    path.write_bytes(b"x" * path.stat().st_size)
    with FakeRegistry() as registry:
        push_fails(store, name, f"{registry.host}/test/image", expected="provided digest did not match")
        equal("test/image/manifests/latest" in registry.documents, False, "a manifest")
    push_fails(store, "--compression=zstd", name, "127.0.0.1:1/a", expected="pack anew layer 2: ")


@test
def ctrl_c_leaves_nothing(store):
    image = images.make_image([images.random_layer("big", 3_000_000)])
    name = stored(store, image)
    before = store.listing()
    with FakeRegistry() as registry:
        registry.fault("uploads/[0-9]", lambda r, _: time.sleep(120) or True)
        process = store.start("push", name, f"{registry.host}/test/image")
        wait_until(lambda: registry.asked("uploads/1"), "the upload")
        process.send_signal(2)
        equal((process.wait(25), process.stderr.read()), (-2, ""), "the end")
    equal(store.listing(), before, "the store")


@test
def progress_for_people_and_programs(store):
    name = stored(store, images.small_image())
    with FakeRegistry() as registry:
        done = store.run("push", "--progress=json", name, f"{registry.host}/test/image")
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        said = sorted(line["finished"] for line in lines if "finished" in line)
        equal([line.split(" (")[0] for line in said], ["config", "layer 1 of 2", "layer 2 of 2"], "said")
        contains(said[0], "): uploaded")
        done = store.run("push", "--progress=json", name, f"{registry.host}/test/image")
        equal(done.stderr, '{"finished":"all of it: already there"}\n', "stderr")


@test
def a_login_of_the_file_is_used(store):
    name = stored(store, images.small_image())
    with FakeRegistry() as registry:
        demand_basic(registry, "ann", "secret")
        login_file(store.home / ".docker/config.json", f"{registry.host}/test", "ann", "secret")
        store.ok("push", name, f"{registry.host}/test/image")
        push_fails(store, name, f"{registry.host}/other", expected="no credentials for it are known")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
