#!/usr/bin/env python3
"""gocker network and gocker volume as a person types them, and containers on networks.

All of it runs in a network namespace of the test's own, which stands for the host; what netavark
wires is tested more closely in tests/unit/imagetool/network.
"""

import json
import os
import pathlib
import re
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import fixture
import machine
import registry
from fixture import contains, equal, test, wait_until


def serve(text, port):
    """A container's command that answers each connection with a line of text."""
    return ["sh", "-c", f"while true; do echo {text} | nc -l -p {port}; done"]


def answers(port, line, address="127.0.0.1"):
    """Whether that line comes from the port of the host."""
    try:
        with socket.create_connection((address, port), timeout=2) as connection:
            return connection.recv(100) == line.encode() + b"\n"
    except OSError:
        return False


@test
def networks_are_made_listed_and_removed(gocker, image):
    identity = gocker("network", "create", "--label", "who=ann", "back")[0].strip()
    equal(len(identity), 64, "digits of the id")
    equal(gocker("network", "ls", "-q")[0], "bridge\nback\n", "names")
    table = gocker("network", "ls")[0].splitlines()
    contains(table[2], identity[:12])
    listed = json.loads(gocker("network", "ls", "--format", "json")[0])
    equal([network["name"] for network in listed], ["bridge", "back"], "names in JSON")
    found = json.loads(gocker("network", "inspect", identity[:12])[0])[0]
    equal(found["labels"], {"who": "ann"}, "labels")
    equal(found["containers"], [], "containers")
    equal(gocker("network", "rm", "back")[0], "back\n", "what rm prints")
    equal(gocker("network", "ls", "-q")[0], "bridge\n", "names at the end")


@test
def a_network_has_the_subnet_and_gateway_that_are_asked_for(gocker, image):
    gocker("network", "create", "--subnet", "10.126.7.0/24", "--gateway", "10.126.7.254",
           "--internal", "inner")
    found = json.loads(gocker("network", "inspect", "inner")[0])[0]
    equal((found["subnet"], found["gateway"], found["internal"]),
          ("10.126.7.0/24", "10.126.7.254", True), "what was asked for")
    contains(gocker.fails("network", "create", "--subnet", "10.126.0.0/16", "other"),
             "overlaps that of network inner; choose another")
    equal(gocker("network", "prune")[0], "inner\n", "what prune removes")


@test
def wrong_networks_are_refused_in_one_line(gocker, image):
    gocker("network", "create", "back")
    for words, part in (
            (("create", "back"), "there is one of that name already"),
            (("create", "host"), "the name is reserved"),
            (("create", "a/b"), "is no name for a network"),
            (("create", "--subnet", "10.1.2.3/24", "x"), "did you mean 10.1.2.0/24?"),
            (("create", "--subnet", "fd00::/64", "x"), "it takes an IPv4 address"),
            (("rm", "bridge"), "the default network stays"),
            (("rm", "bakc"), "did you mean 'back'?"),
            (("inspect", "nothing"), "there is no network 'nothing'"),
    ):
        contains(gocker.fails("network", *words), part)
    for words in (("create",), ("create", "--gateway", "10.1.2.1", "x"), ("craete", "x"),
                  ("ls", "--format", "xml"), ("create", "--driver", "ipvlan", "x")):
        gocker.fails("network", *words, code=2)
    gocker.fails("network")
    equal(gocker("network", "rm", "back", "back", code=1)[0], "back\n", "what was removed")


@test
def volumes_are_made_listed_and_removed(gocker, image):
    equal(gocker("volume", "create", "--label", "who=ann", "data")[0], "data\n", "name")
    anonymous = gocker("volume", "create")[0].strip()
    equal(len(anonymous), 64, "digits of the name")
    equal(sorted(gocker("volume", "ls", "-q")[0].split()), sorted([anonymous, "data"]), "names")
    found = json.loads(gocker("volume", "inspect", "data")[0])[0]
    equal(found["labels"], {"who": "ann"}, "labels")
    equal(os.listdir(found["mountpoint"]), [], "content")
    equal(gocker("volume", "prune")[0], anonymous + "\n", "what prune removes")
    equal(gocker("volume", "ls", "-q")[0], "data\n", "what prune leaves")
    equal(gocker("volume", "prune", "-a")[0], "data\n", "what prune -a removes")
    equal(os.listdir(gocker.root / "volumes"), [], "what is left")


@test
def wrong_volumes_are_refused_in_one_line(gocker, image):
    gocker("volume", "create", "data")
    for words, part in (
            (("create", "data"), "there is one of that name already"),
            (("create", "../data"), "is no name for a volume"),
            (("rm", "date"), "did you mean 'data'?"),
            (("inspect", "nothing"), "there is no volume 'nothing'"),
    ):
        contains(gocker.fails("volume", *words), part)
    gocker.fails("volume", "create", "--driver", "nfs", "x", code=2)
    gocker("volume", "rm", "data")


@test
def a_port_of_the_host_leads_to_the_container(gocker, image):
    port = registry.free_port()
    publish = ["--network", "bridge", "-p", f"127.0.0.1:{port}:80"]
    identifier = gocker("run", "-d", "--name", "box", *publish, image, *serve("pong", 80))[0].strip()
    contains(gocker("ps")[0], f"127.0.0.1:{port}->80/tcp")
    wait_until(lambda: answers(port, "pong"), "an answer")
    gocker("restart", "-t", "0", "box")
    wait_until(lambda: answers(port, "pong"), "an answer after the restart")
    gocker("rm", "-f", "box")
    for _ in range(2):
        gocker("run", "--rm", *publish, image, "true")
    machine.check_nothing_left(gocker, [identifier])


@test
def a_free_port_of_the_host_is_chosen(gocker, image):
    gocker("run", "-d", "--name", "box", "--network", "bridge", "-p", "127.0.0.1::80", image,
           *serve("chosen", 80))
    port = int(re.search(r"127\.0\.0\.1:(\d+)->80/tcp", gocker("ps")[0])[1])
    wait_until(lambda: answers(port, "chosen"), "an answer")
    gocker("rm", "-f", "box")
    equal(answers(port, "chosen"), False, "an answer after the end")
    machine.check_nothing_left(gocker, [])


@test
def a_port_in_use_is_one_line_and_leaves_nothing(gocker, image):
    port = registry.free_port()
    publish = ["--network", "bridge", "-p", f"127.0.0.1:{port}:80"]
    with socket.create_server(("127.0.0.1", port)):
        for way in (["-d"], ["--rm"], []):
            contains(gocker.fails("run", *way, *publish, image, "true", code=125), "in use")
    machine.check_nothing_left(gocker, [])
    gocker("run", "-d", "--name", "box", *publish, image, *serve("mine", 80))
    contains(gocker.fails("run", "-d", *publish, image, "true", code=125), "in use")
    equal(len(gocker.containers()), 1, "containers")
    wait_until(lambda: answers(port, "mine"), "an answer from who had it first")
    gocker("rm", "-f", "box")
    machine.check_nothing_left(gocker, [])


@test
def containers_find_each_other_by_name(gocker, image):
    gocker("network", "create", "together")
    gocker("run", "-d", "--name", "db", "--network", "together", image, *serve("data", 99))
    gocker("run", "-d", "--name", "web", "--network", "together", image, *serve("page", 80))
    for client, server, port, line in (("web", "db", 99, "data\n"), ("db", "web", 80, "page\n")):
        # A server may be between two clients, or not yet have anything to say.
        ask = ("exec", client, "nc", server, str(port))
        out = wait_until(lambda: gocker(*ask, code=None)[0], f"an answer of {server}")
        equal(out, line, f"what {client} reads from {server}")
    gocker("rm", "-f", "db", "web")
    machine.check_nothing_left(gocker, [])
    gocker("network", "rm", "together")


@test
def none_is_alone_and_host_is_the_host(gocker, image):
    interfaces = "cat /proc/net/dev | grep -c :"
    equal(gocker("run", "--rm", "--network", "none", image, "sh", "-c", interfaces)[0], "1\n")
    port = registry.free_port()
    gocker("run", "-d", "--name", "box", "--network", "host", image, *serve("host", port))
    wait_until(lambda: answers(port, "host"), "an answer on a port of the host's own")
    equal(os.readlink(f"/proc/{gocker.listing()[0]['pid']}/ns/net"), os.readlink("/proc/self/ns/net"))
    gocker("rm", "-f", "box")
    machine.check_nothing_left(gocker, [])


fixture.main(private_network=True)
