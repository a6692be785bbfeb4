"""Networks by netavark."""

import json
import socket

from engine import IMAGE, case, contains, equal, wait_until

SERVER = ("sh", "-c", "while :; do echo served | nc -l -p 8000; done")


def address(podman, container, network="podman"):
    return podman.inspect(container)["NetworkSettings"]["Networks"][network]["IPAddress"]


def ask(podman, target, *options):
    """What a server answers, asked from a new container; tried until it listens."""
    return wait_until(lambda: podman.try_run("run", "--rm", *options, IMAGE, "nc", target, "8000").stdout,
                      f"an answer of {target}")


def received_from(port):
    """What a server says on the host's loopback; nothing where none listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            return connection.recv(100)
    except OSError:
        return b""


@case("network none: nothing but loopback")
def none(podman):
    equal(podman.sh("ls /sys/class/net", "--network", "none"), "lo", "interfaces")
    contains(podman.sh("cat /proc/net/dev; ip addr show lo", "--network", "none"), "127.0.0.1")


@case("network host: the host's interfaces")
def of_host(podman):
    podman.sleeper("--network", "host", name="server", command=SERVER)
    equal(wait_until(lambda: received_from(8000), "an answer"), b"served\n", "answer")
    podman.remove("server")


@case("network bridge: two containers reach each other by address")
def bridge(podman):
    podman.sleeper("--network", "bridge", name="server", command=SERVER)
    equal(ask(podman, address(podman, "server"), "--network", "bridge"), "served\n", "answer")
    podman.remove("server")


@case("network bridge: a published port answers on the host")
def published(podman):
    podman.sleeper("--network", "bridge", "-p", "127.0.0.1:18000:8000", name="server", command=SERVER)
    equal(wait_until(lambda: received_from(18000), "an answer"), b"served\n", "answer")
    podman.remove("server")


@case("networks of one's own: addresses, a chosen one, internal ones")
def own(podman):
    podman("network", "create", "--subnet", "10.77.0.0/24", "own")
    equal(podman.sh("ip -4 -o addr show eth0 | awk '{print $4}'", "--network", "own", "--ip", "10.77.0.55"),
          "10.77.0.55/24", "address")
    podman("network", "create", "--internal", "inner")
    equal(podman.sh("ip route | grep -c default", "--network", "inner", code=1), "0", "routes")
    podman("network", "rm", "own", "inner")


@case("networks of one's own: names of containers")
def names(podman):
    podman("network", "create", "named")
    podman.sleeper("--network", "named", name="server", command=SERVER)
    equal(ask(podman, "server", "--network", "named"), "served\n", "answer")
    podman.remove("server")
    podman("network", "rm", "named")


@case("networks of one's own: connect and disconnect while it runs")
def connect(podman):
    podman("network", "create", "late")
    podman.sleeper("--network", "podman", name="joining")
    podman("network", "connect", "late", "joining")
    equal(podman("exec", "joining", "ls", "/sys/class/net"), "eth0\neth1\nlo", "interfaces")
    podman("network", "disconnect", "late", "joining")
    equal(podman("exec", "joining", "ls", "/sys/class/net"), "eth0\nlo", "interfaces afterwards")
    podman.remove("joining")
    podman("network", "rm", "late")


@case("the network of another container")
def shared(podman):
    podman.sleeper("--network", "bridge", name="server", command=SERVER)
    equal(ask(podman, "127.0.0.1", "--network", "container:server"), "served\n", "answer")
    podman.remove("server")


@case("a network namespace by its path")
def by_path(podman):
    podman.sleeper("--network", "bridge", name="holder")
    path = f"ns:/proc/{podman.pid('holder')}/ns/net"
    equal(podman.sh("readlink /proc/self/ns/net", "--network", path),
          podman("exec", "holder", "readlink", "/proc/self/ns/net"), "namespace")
    podman.remove("holder")


@case("podman inspect tells address and MAC")
def inspected(podman):
    podman.sleeper("--network", "bridge", "--mac-address", "02:00:00:00:00:77", name="known")
    settings = json.loads(podman("inspect", "known"))[0]["NetworkSettings"]
    equal(podman("exec", "known", "cat", "/sys/class/net/eth0/address"), "02:00:00:00:00:77", "MAC")
    contains(podman("exec", "known", "ip", "addr"), settings["Networks"]["podman"]["IPAddress"])
    podman.remove("known")
