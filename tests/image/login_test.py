#!/usr/bin/env python3
"""login and logout: at real registries with a password, by files that docker and podman share, and by
credential helpers.

    tests/image/login_test.py GOCKER_IMAGE [NAME...]

Prints a TAP line for each test.
"""

import base64
import contextlib
import json
import os
import stat
import subprocess
import sys

import images
from fake_registry import FakeRegistry
from logins import Tokens, basic, demand_basic
from program import contains, equal, run_tests, test
from registry import Registry
from terminal import Terminal

HELPER = """#!/usr/bin/env python3
import json, pathlib, sys
kept = pathlib.Path({kept!r})
word = sys.stdin.read()
keys = json.loads(kept.read_text()) if kept.exists() else {{}}
with open({calls!r}, "a") as calls:
    print(sys.argv[1], word, file=calls)
if sys.argv[1] == "store":
    keys[json.loads(word)["ServerURL"]] = json.loads(word)
elif word not in keys:
    print("credentials not found in native keychain")
    sys.exit(1)
elif sys.argv[1] == "get":
    print(json.dumps(keys[word]))
else:
    del keys[word]
kept.write_text(json.dumps(keys))
"""


def auth(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def docker_file(store):
    return store.home / ".docker/config.json"


def login(store, *words, password="secret:1", user="ann", **options):
    """A run with the password on stdin; (exit code, stdout, stderr)."""
    user = ("-u", user) if user else ()
    done = subprocess.run(store.command("login", *user, "--password-stdin", *words),
                          env={**store.environment, **options.get("environment", {})},
                          input=password + "\n", capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def logged_in(*arguments, **options):
    code, out, err = login(*arguments, **options)
    equal((code, err), (0, ""), "exit code and stderr of login")
    return out


def refused(*arguments, code=1, **options):
    got, out, err = login(*arguments, **options)
    equal((got, out, err.count("\n")), (code, "", 1), f"exit code, stdout and lines of {err!r}")
    return err.rstrip("\n")


@contextlib.contextmanager
def helper(store, name):
    """A credential helper in $PATH; yields the file with the calls that it got."""
    folder = store.folder / "bin"
    folder.mkdir()
    program = folder / f"docker-credential-{name}"
    kept, calls = store.folder / "kept.json", store.folder / "calls"
    calls.touch()
    program.write_text(HELPER.format(kept=str(kept), calls=str(calls)))
    program.chmod(0o755)
    before = store.environment["PATH"]
    store.environment["PATH"] = f"{folder}:{before}"
    yield calls
    store.environment["PATH"] = before


@test
def a_login_at_a_real_registry_opens_it(store):
    with Registry(store.folder / "registry", login=("ann", "secret:1")) as registry:
        reference = f"{registry.host}/none:1"
        out = logged_in(store, registry.host)
        equal(store.root.exists(), False, "a store, which login does not need")
        equal(out, f"logged in at {registry.host} as ann; kept in {docker_file(store)}\n", "stdout")
        equal(json.loads(docker_file(store).read_text()),
              {"auths": {registry.host: auth("ann", "secret:1")}}, "the file")
        equal(stat.S_IMODE(docker_file(store).stat().st_mode), 0o600, "its mode")
        contains(store.fails("pull", reference), "answers 404")
        equal(store.ok("logout", registry.host),
              f"logged out at {registry.host}; removed from {docker_file(store)}\n", "stdout")
        contains(store.fails("pull", reference), "answers 401")
        contains(store.fails("logout", registry.host), "there is no login")


@test
def what_is_refused_is_not_kept(store):
    with Registry(store.folder / "registry", login=("ann", "secret:1")) as registry:
        line = refused(store, registry.host, password="wrong")
        contains(line, f"gocker-image: log in at {registry.host}: registry {registry.host} answers 401")
        contains(line, "(as ann, with the password from standard input)")
        equal("wrong" in line.replace("wrong password", ""), False, "the password is in the message")
        equal(docker_file(store).exists(), False, "a file")


@test
def nobody_to_ask(store):
    contains(refused(store, "127.0.0.1:1"), "log in at 127.0.0.1:1: Failed to connect")
    equal(docker_file(store).exists(), False, "a file")


@test
def bad_input(store):
    for registry in ("https://r.example", "r.example/team", "r.example:0", "alone", "a@b", "-"):
        line = refused(store, "--", registry, code=2)
        contains(line, "gocker-image: login: '")
    contains(refused(store, "r.example", user="", code=2), "--password-stdin needs --username")
    contains(refused(store, "r.example", user="a:b", code=2), "a user's name has no colon")
    contains(refused(store, "127.0.0.1:1", password=""), "standard input holds no password")
    contains(store.fails("login", "-u", "ann", "127.0.0.1:1"),
             "standard input is no terminal: give the password with --password-stdin")
    contains(store.fails("login", "127.0.0.1:1"),
             "standard input is no terminal: give the user with --username")
    contains(refused(store, "--tls-verify=maybe", "r.example", code=2), "neither true nor false")
    contains(refused(store, "--insecure", "--tls-verify=true", "r.example", code=2), "exclude each other")
    contains(store.fails("logout", "https://r.example"), "is no registry")


@test
def the_rest_of_the_file_stays(store):
    path = docker_file(store)
    path.parent.mkdir()
    before = {"HttpHeaders": {"X": "y"}, "auths": {"other.example": auth("bob", "x")},
              "psFormat": "table {{.ID}}", "numbers": [1, 2.5, None]}
    path.write_text(json.dumps(before))
    path.chmod(0o644)
    with FakeRegistry() as registry:
        demand_basic(registry)
        logged_in(store, registry.host)
        kept = json.loads(path.read_text())
        equal(list(kept), list(before), "the order of its members")
        equal(kept, {**before, "auths": {**before["auths"], registry.host: auth("ann", "secret:1")}},
              "the file")
        equal(stat.S_IMODE(path.stat().st_mode), 0o600, "its mode")
        store.ok("logout", registry.host)
        equal(json.loads(path.read_text()), before, "the file after logout")
        equal(sorted(os.listdir(path.parent)), ["config.json"], "files beside it")


@test
def a_link_to_the_file_stays_a_link(store):
    real = store.folder / "dotfiles"
    real.write_text("{}")
    docker_file(store).parent.mkdir()
    docker_file(store).symlink_to(real)
    with FakeRegistry() as registry:
        logged_in(store, registry.host)
        equal(docker_file(store).is_symlink(), True, "a link")
        contains(real.read_text(), registry.host)


@test
def a_broken_file_is_told_before_a_password_is_asked_for(store):
    docker_file(store).parent.mkdir()
    docker_file(store).write_text("[]")
    with FakeRegistry() as registry:
        contains(refused(store, registry.host),
                 f"read credentials from {docker_file(store)}: it is no JSON object")
        equal(registry.asked(""), [], "requests")
    equal(docker_file(store).read_text(), "[]", "the file")


@test
def a_folder_that_cannot_be_written_to(store):
    (store.home / ".docker").write_text("a file")
    with FakeRegistry() as registry:
        contains(refused(store, registry.host), f"{docker_file(store)}: Not a directory")


@test
def the_file_that_knows_the_registry_gets_the_login(store):
    run = store.folder / "run"
    podman = run / "containers/auth.json"
    podman.parent.mkdir(parents=True)
    store.environment["XDG_RUNTIME_DIR"] = str(run)
    with FakeRegistry() as registry:
        reference = registry.add(images.small_image())
        demand_basic(registry)
        podman.write_text(json.dumps({"auths": {registry.host: auth("ann", "old")}}))
        contains(store.fails("pull", "-q", reference), "answers 401")
        contains(logged_in(store, registry.host), f"kept in {podman}\n")
        store.ok("pull", "-q", reference)
        store.ok("rm", reference)
        # logout clears every file, so that nobody is logged in afterwards.
        docker_file(store).parent.mkdir()
        docker_file(store).write_text(json.dumps({"auths": {f"https://{registry.host}/v1/": auth("a", "b")}}))
        equal(store.ok("logout", registry.host).count("logged out"), 2, "files")
        contains(store.fails("pull", "-q", reference), "no credentials for it are known")


@test
def authfile_and_its_variable(store):
    with FakeRegistry() as registry:
        demand_basic(registry)
        named, other = store.folder / "new/my.json", store.folder / "other.json"
        contains(logged_in(store, "--authfile", named, registry.host), f"kept in {named}\n")
        logged_in(store, registry.host, environment={"REGISTRY_AUTH_FILE": str(other)})
        for path in (named, other):
            equal(json.loads(path.read_text()), {"auths": {registry.host: auth("ann", "secret:1")}},
                  "the file")
        store.ok("logout", "--authfile", named, registry.host)
        equal(json.loads(named.read_text()), {"auths": {}}, "the file after logout")
        contains(store.fails("logout", "--authfile", store.folder / "none", registry.host),
                 "No such file")


@test
def podman_reads_what_login_writes(store):
    with Registry(store.folder / "registry", login=("ann", "secret:1")) as registry:
        named = store.folder / "auth.json"
        logged_in(store, "--authfile", named, registry.host)
        done = subprocess.run(["skopeo", "list-tags", "--tls-verify=false", "--authfile", named,
                               f"docker://{registry.host}/none"],
                              capture_output=True, text=True, timeout=60)
        contains(done.stderr, "404 (Not Found)")
        done = subprocess.run(["skopeo", "login", "--tls-verify=false", "--authfile",
                               store.folder / "theirs.json", "-u", "ann", "--password-stdin",
                               registry.host], input="secret:1", capture_output=True, text=True,
                              timeout=60)
        equal(done.returncode, 0, f"skopeo login: {done.stderr}")
        contains(store.fails("pull", "--authfile", store.folder / "theirs.json",
                             f"{registry.host}/none:1"), "answers 404")


@test
def a_token_server_is_asked_without_a_scope(store):
    with FakeRegistry() as registry, FakeRegistry() as server:
        tokens = Tokens(registry, server, "ann", "secret:1")

        def check(request, _):
            if request.headers.get("Authorization", "").removeprefix("Bearer ") in tokens.valid:
                request.answer(200, b"{}")
            else:
                request.refuse(401, "UNAUTHORIZED", "authentication required",
                               {"WWW-Authenticate": f'Bearer realm="{tokens.realm}",service="s"'})
        registry.fault("/v2/$", check, first=True)
        logged_in(store, registry.host)
        equal(tokens.asked, [{"service": ["s"]}], "questions to the token server")
        equal([headers["Authorization"] for headers in server.asked("/token")],
              [basic("ann", "secret:1")], "who asks there")
        contains(refused(store, registry.host, password="wrong"), "incorrect username or password")


@test
def a_helper_for_one_registry(store):
    with FakeRegistry() as registry, helper(store, "vault") as calls:
        reference = registry.add(images.small_image())
        demand_basic(registry)
        docker_file(store).parent.mkdir()
        before = {"credHelpers": {registry.host: "vault"}}
        docker_file(store).write_text(json.dumps(before))
        logged_in(store, registry.host)
        equal(json.loads(docker_file(store).read_text()), before, "the file has no password")
        store.ok("pull", "-q", reference)
        store.ok("logout", registry.host)
        words = [line.split()[0] for line in calls.read_text().splitlines()]
        equal(words, ["store", "get", "get", "erase"], "calls of the helper")
        contains(store.fails("pull", "-q", reference), "no credentials for it are known")


@test
def a_helper_for_all_registries(store):
    with FakeRegistry() as registry, helper(store, "ring") as calls:
        reference = registry.add(images.small_image())
        demand_basic(registry)
        docker_file(store).parent.mkdir()
        docker_file(store).write_text(json.dumps({"credsStore": "ring"}))
        contains(store.fails("pull", "-q", reference), "no credentials for it are known")
        logged_in(store, registry.host)
        equal(json.loads(docker_file(store).read_text()),
              {"credsStore": "ring", "auths": {registry.host: {}}}, "the file")
        store.ok("pull", "-q", reference)
        store.ok("logout", registry.host)
        equal(json.loads(docker_file(store).read_text()), {"credsStore": "ring", "auths": {}},
              "the file after logout")
        equal("secret:1" in docker_file(store).read_text(), False, "the password is in the file")
        contains(calls.read_text(), f"get {registry.host}\n")


@test
def docker_hub_goes_by_dockers_own_key(store):
    with helper(store, "ring") as calls:
        docker_file(store).parent.mkdir()
        docker_file(store).write_text(json.dumps({"credsStore": "ring"}))
        store.registries.write_text('[[registry]]\nprefix = "docker.io"\nlocation = "127.0.0.1:1"\n')
        contains(store.fails("pull", "alpine"), "Failed to connect")
        equal(calls.read_text(), "get 127.0.0.1:1\n", "what a moved registry is called")
        store.registries.write_text("")
        store.fails("pull", "alpine", environment={"HTTPS_PROXY": "http://127.0.0.1:1"})
        contains(calls.read_text(), "get https://index.docker.io/v1/\n")


@test
def helpers_that_fail(store):
    folder = store.folder / "bin"
    folder.mkdir()
    docker_file(store).parent.mkdir()
    store.environment["PATH"] = f"{folder}:{store.environment['PATH']}"
    program = folder / "docker-credential-odd"
    for script, expected in (
            ("echo locked; exit 3", "call docker-credential-odd get: it ends with 3: locked"),
            ("echo why >&2; exit 1", "it ends with 1: why"),
            ("exit 1", "it ends with 1"),
            ("echo '[]'", "its answer is no JSON object with Username and Secret"),
            ("echo '{\"Secret\": \"x\"}'", "its answer is no JSON object"),
            ("sleep 60", "it has not answered within 1 seconds"),
    ):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        docker_file(store).write_text(json.dumps({"credHelpers": {"127.0.0.1:1": "odd"}}))
        # The others may take their time on a busy machine.
        seconds = "1" if script.startswith("sleep") else "60"
        line = store.fails("pull", "127.0.0.1:1/a",
                           environment={"GOCKER_CREDENTIAL_HELPER_TIMEOUT": seconds})
        contains(line, f"read credentials from {docker_file(store)}: ")
        contains(line, expected)
    docker_file(store).write_text(json.dumps({"credHelpers": {"127.0.0.1:1": "none"}}))
    contains(store.fails("pull", "127.0.0.1:1/a"),
             "call docker-credential-none get: there is no such program in $PATH")


@test
def a_terminal_does_not_show_the_password(store):
    with FakeRegistry() as registry:
        demand_basic(registry)
        terminal = Terminal(store.command("login", registry.host), store.environment)
        terminal.read_until(f"Username for {registry.host}: ")
        terminal.type("ann\n")
        terminal.read_until("Password: ")
        terminal.type("secret:1\n")
        before = terminal.read_until("logged in at")
        equal("secret" in before, False, "the password is on the screen")
        equal(terminal.end(), 0, "exit code")


@test
def ctrl_c_at_the_password(store):
    with FakeRegistry() as registry:
        # A shell of its own, which is asked whether the terminal shows again what is typed.
        words = ["sh", "-c", '"$@"; echo "code $?"; stty -a | grep -o ".echo " | head -1', "sh",
                 *store.command("login", "-u", "ann", registry.host)]
        terminal = Terminal(words, store.environment)
        terminal.read_until("Password: ")
        terminal.type("\x03")
        terminal.end()
        equal("-echo" in terminal.output, False, f"the terminal stays silent: {terminal.output!r}")
        equal(registry.asked(""), [], "requests")
    equal(docker_file(store).exists(), False, "a file")


if __name__ == "__main__":
    run_tests(os.path.abspath(sys.argv[1]))
