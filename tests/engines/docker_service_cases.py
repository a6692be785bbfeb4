"""Cases of docker: networks, images, and what the daemon does by itself."""

import contextlib
import os
import pathlib
import subprocess
import time

import host
import limits
import proc
from engine import IMAGE, case, contains, equal, wait_until

SERVER = ("sh", "-c", "while :; do echo hello from $(hostname) | nc -l -p 8000; done")


def address(docker, container, network="bridge"):
    return docker.inspect(container, "NetworkSettings", "Networks", network, "IPAddress")


def ask(docker, container, server):
    """What a server says to a container."""
    return wait_until(lambda: docker.try_run("exec", container, "nc", "-w", "2", server, "8000").stdout,
                      f"an answer of {server}")


def ask_from_host(server, port=8000):
    """What a server says to the host. It may just be between two clients: then it is asked again."""
    return wait_until(lambda: proc.run("sh", "-c", f"busybox nc -w 2 {server} {port} || true"),
                      f"an answer of {server}")


@case("no network: only a loopback interface, which is up")
def network_none(docker):
    text = docker("run", "--rm", "--network", "none", IMAGE, "sh", "-c", "ls /sys/class/net; ip addr")
    equal(text.split("\n")[0], "lo")
    contains(text, "127.0.0.1")


@case("the host's network")
def network_host(docker):
    equal(docker("run", "--rm", "--network", "host", IMAGE, "ls", "/sys/class/net").split(),
          sorted(path.name for path in pathlib.Path("/sys/class/net").iterdir()))


@case("two containers on the default bridge reach each other, and the host them")
def network_bridge(docker):
    with docker.running("--hostname", "server", words=SERVER, name="server"), docker.running():
        server = address(docker, "server")
        equal(ask(docker, "box", server), "hello from server\n")
        equal(ask_from_host(server), "hello from server")


@case("a network of one's own resolves names; leaving and joining while they run")
def network_own(docker):
    docker("network", "create", "own")
    try:
        with docker.running("--network", "own", "--hostname", "server", words=SERVER, name="server"), \
                docker.running("--network", "own"):
            equal(ask(docker, "box", "server"), "hello from server\n")
            docker("network", "disconnect", "own", "box")
            equal(docker("exec", "box", "ls", "/sys/class/net"), "lo")
            docker("network", "connect", "own", "box")
            equal(ask(docker, "box", "server"), "hello from server\n")
    finally:
        docker("network", "rm", "own")


@case("a published port")
def published_port(docker):
    with docker.running("--hostname", "server", "--publish", "127.0.0.1:8123:8000", words=SERVER):
        equal(ask_from_host("127.0.0.1", 8123), "hello from server")
        equal(docker("port", "box"), "8000/tcp -> 127.0.0.1:8123")


@case("a restart policy counts failures")
def restart_on_failure(docker):
    with docker.running("--restart", "on-failure:2", words=("sh", "-c", "echo once; exit 3")):
        wait_until(lambda: docker.inspect("box", "RestartCount") == 2 and docker.status("box") == "exited",
                   "the end of the restarts")
        equal(docker("logs", "box"), "once\nonce\nonce")
        equal(docker.inspect("box", "State", "ExitCode"), 3)


@case("a restart policy brings back what was killed from outside")
def restart_always(docker):
    with docker.running("--restart", "always"):
        first = docker.pid("box")
        proc.run("kill", "-KILL", first)
        wait_until(lambda: docker.pid("box") not in (0, first), "the restart")
        equal(docker("exec", "box", "echo", "back"), "back")


@case("health checks find a container healthy, then not")
def health(docker):
    with docker.running("--health-cmd", "test ! -e /ill", "--health-interval", "200ms",
                        "--health-retries", "1"):
        def status():
            return docker.inspect("box", "State", "Health", "Status")
        wait_until(lambda: status() == "healthy", "health")
        docker("exec", "box", "touch", "/ill")
        wait_until(lambda: status() == "unhealthy", "illness")


@case("files are copied in and out, running or not")
def copy(docker):
    folder = docker.folder / "copy"
    folder.mkdir(exist_ok=True)
    (folder / "in").write_text("content\n")
    with docker.running():
        docker("cp", folder / "in", "box:/tmp/in")
        equal(docker("exec", "box", "cat", "/tmp/in"), "content")
        docker("exec", "box", "cp", "/tmp/in", "/tmp/out")
        docker("stop", "--time", "0", "box")
        docker("cp", "box:/tmp/out", folder / "out")
    equal((folder / "out").read_text(), "content\n")


@case("what changed is told, and becomes an image")
def commit(docker):
    docker("run", "--name", "box", IMAGE, "sh", "-c", "echo kept > /kept; rm /etc/group")
    equal(set(docker("diff", "box").split("\n")), {"A /kept", "C /etc", "D /etc/group"})
    docker("commit", "--change", "CMD cat /kept", "box", "committed")
    docker("rm", "box")
    equal(docker("run", "--rm", "committed"), "kept")
    docker("image", "rm", "committed")


DOCKERFILE = """\
FROM {image}
ARG word=default
COPY given /given
RUN cat /given > /made && echo $word >> /made && id -u >> /made
USER 1000
WORKDIR /tmp/here
RUN id -u > /tmp/user && pwd >> /tmp/user
CMD cat /made /tmp/user
"""


def build(docker, *options, env=None, dockerfile=DOCKERFILE):
    folder = docker.folder / "context"
    folder.mkdir(exist_ok=True)
    (folder / "given").write_text("given\n")
    (folder / "Dockerfile").write_text(dockerfile.format(image=IMAGE))
    return docker.try_run("build", "--force-rm", "--tag", "built", *options, folder, env=env)


def check_build(docker, **env):
    done = build(docker, "--build-arg", "word=told", env=env)
    equal(done.returncode, 0, done.stdout + done.stderr)
    equal(docker("run", "--rm", "built"), "given\ntold\n0\n1000\n/tmp/here")
    docker("image", "rm", "built")
    done = build(docker, env=env, dockerfile="FROM {image}\nRUN exit 9\n")
    contains(done.stdout + done.stderr, "9")
    equal(done.returncode != 0, True, "a failing RUN")


@case("an image is built by the classic builder")
def build_classic(docker):
    check_build(docker, DOCKER_BUILDKIT="0")


def runtimes_of_buildkit():
    """The names of the programs that run a RUN just now."""
    found = []
    for pid, words in host.processes().items():
        if words.startswith("runc ") and "/buildkit/" in words:
            with contextlib.suppress(OSError):  # it may just have ended
                found.append(os.path.basename(os.readlink(f"/proc/{pid}/exe")))
    return found


@case("an image is built by BuildKit, which calls the runtime itself")
def build_buildkit(docker):
    check_build(docker, DOCKER_BUILDKIT="1")
    slow = docker.background("build", "-", env={"DOCKER_BUILDKIT": "1"}, stdin=subprocess.PIPE)
    slow.stdin.write(f"FROM {IMAGE}\nRUN sleep 3\n")
    slow.stdin.close()
    equal(wait_until(runtimes_of_buildkit, "a call of the runtime")[0], docker.runtime.resolve().name)
    equal(slow.wait(120), 0)
    limits.remove_group("docker/buildkit")  # BuildKit's parent for all


@case("statistics, processes and events")
def statistics(docker):
    begin = int(time.time())
    with docker.running("--memory", "64m"):
        stats = ("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", "box")
        wait_until(lambda: "/ 64MiB 1" in docker(*stats), "the limit and one process")
        contains(docker("top", "box", "-o", "pid,args"), "sleep 1000")
        docker("pause", "box")
        docker("unpause", "box")
    events = docker("events", "--since", begin, "--until", int(time.time()) + 1,
                    "--filter", "container=box", "--format", "{{.Action}}").split("\n")
    expected = ["create", "start", "pause", "unpause", "die", "destroy"]
    equal([event for event in events if event in expected], expected)


@case("20 containers at once, each with its own exit code, and none is left")
def many(docker):
    calls = [docker.background("run", "--rm", IMAGE, "sh", "-c", f"exit {n}") for n in range(20)]
    for call in calls:
        call.communicate(timeout=120)
    equal([call.returncode for call in calls], list(range(20)))
    wait_until(lambda: docker("ps", "--all", "--quiet") == "", "the last removal")
