#!/usr/bin/env python3
"""gocker network and gocker volume as a person types them.

What netavark wires is tested in tests/unit/imagetool/network, in a network namespace of the test's
own; nothing here touches the host's network.
"""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import fixture
from fixture import contains, equal, test


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


fixture.main()
