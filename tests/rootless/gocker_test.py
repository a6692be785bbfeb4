#!/usr/bin/env python3
"""gocker as an ordinary user: images in the user's own store, containers without root anywhere.

    tests/rootless/gocker_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import contextlib
import io
import json
import os
import pathlib
import pty
import shutil
import socket
import subprocess
import sys
import tarfile

import user
from user import Skip, contains, equal, test, wait_until

sys.path.insert(0, str(user.ROOT / "tests/wrapper"))
import registry


def second_layer():
    """Files of several owners, a whiteout, a set-user-id program."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        def add(name, uid, mode, content=b""):
            entry = tarfile.TarInfo(name)
            entry.uid, entry.gid, entry.mode, entry.size = uid, uid, mode, len(content)
            archive.addfile(entry, io.BytesIO(content))

        add("home/ann/file", 1000, 0o640, b"ann's")
        add("home/high", 65535, 0o644)
        add("bin/.wh.true", 0, 0o644)
        add("tmp/tool", 1000, 0o4755, b"#!/bin/sh\n")
    return stream.getvalue()


class Machine:
    """The user's gocker and a registry on this machine."""

    def __init__(self, folder, owner, poor, runtime, image):
        self.folder, self.user, self.poor = folder, owner, poor
        programs = folder / "bin"
        programs.mkdir()
        self.gocker = programs / "gocker"
        self.gocker.symlink_to(user.ROOT / "scripts/gocker")
        self.image_program = programs / "gocker-image"
        self.runtime = programs / "gocker-runtime"
        self.image_program.symlink_to(image)
        self.runtime.symlink_to(runtime)
        self.user.env["GOCKER_REGISTRIES_CONF"] = "/dev/null"
        self.registry = registry.Registry(folder / "registry")
        self.registry.__enter__()
        layers = [registry.busybox_layer(), second_layer()]
        self.busybox = self.registry.push_image("demo/busybox", layers, {"Cmd": ["sh"]})
        self.root = owner.home / ".local/share/gocker"
        self.run = owner.run / "gocker"

    def __call__(self, *words, **more):
        return self.user(self.gocker, *words, **more)

    def image(self, *words, **more):
        return self.user(self.image_program, *words, **more)

    def fails(self, *words, **more):
        return self.user.fails(self.gocker, *words, **more)

    def holder(self):
        """The pid of the process that holds the user's namespaces, where it lives."""
        file = self.run / "namespace.pid"
        pid = int(file.read_text()) if file.exists() else 0
        return pid if pid and os.path.exists(f"/proc/{pid}") else 0

    def listing(self):
        return json.loads(self("ps", "-a", "--format", "json")[0])

    def check_clean(self):
        wait_until(lambda: not self.listing(), "the end of the containers")
        wait_until(lambda: not self.holder(), "the end of the namespaces' holder")

    def clean(self):
        with contextlib.suppress(Exception):
            for entry in self.listing():
                self("rm", "-f", entry["id"])

    def stop(self):
        self.registry.stop()


# --- images -------------------------------------------------------------------------------------


@test
def pull_into_the_users_own_store(machine):
    machine("pull", machine.busybox)
    contains(machine("images")[0], "demo/busybox")
    owners = {path.lstat().st_uid for path in machine.root.rglob("*")}
    first = machine.user.first
    equal(owners, {machine.user.uid, first + 999, first + 65534}, "owners on the host")
    attributes = [name for path in machine.root.rglob("*") if not path.is_symlink()
                  for name in os.listxattr(path)]
    equal([name for name in attributes if name.startswith("trusted.")], [], "trusted attributes")


@test
def login_push_copy_save_and_load(machine):
    private = registry.Registry(machine.folder / "private", login=("ann", "secret"))
    with private as server:
        name = f"{server.host}/own/tool:1"
        machine("pull", machine.busybox)
        machine("tag", machine.busybox, name)
        contains(machine.fails("push", name), "answers 401")
        machine("login", "-u", "ann", "--password-stdin", server.host, text="secret")
        kept = machine.user.home / ".docker/config.json"
        equal((kept.stat().st_uid, kept.stat().st_mode & 0o777), (machine.user.uid, 0o600), "the file")
        digest = machine("push", name)[0]
        machine("rmi", name)
        archive = machine.user.home / "tool.tar"
        equal(machine("copy", "-q", name, f"oci-archive:{archive}")[0], digest, "the digest")
        equal(archive.stat().st_uid, machine.user.uid, "the archive's owner")
        equal(machine("load", "-i", archive)[0], f"{name}\n", "the name")
        out = machine("run", "--rm", "--network", "none", name, "sh", "-c", "stat -c %u /home/ann/file")[0]
        equal(out.split(), ["1000"], "an owner")
        machine("save", "-o", archive, name)
        machine("rmi", name)
        machine("load", "-i", archive)
        machine("logout", server.host)
        machine("rmi", name)
    machine.check_clean()


@test
def run_is_root_of_its_own_namespace_only(machine):
    out = machine("run", "--rm", "--network", "none", machine.busybox, "sh", "-c",
                  "id -u; cat /proc/self/uid_map; stat -c %u:%a /home/ann/file /home/high /tmp/tool;"
                  "ls /bin/true 2>&1; echo")[0]
    equal(out.split()[:10], ["0", "0", str(machine.user.uid), "1", "1", str(machine.user.first),
                             str(user.RANGE), "1000:640", "65535:644", "1000:4755"])
    contains(out, "No such file")


@test
def run_ends_as_the_program_does(machine):
    machine("run", "--rm", "--network", "none", machine.busybox, "sh", "-c", "exit 42", code=42)
    machine("run", "--rm", "--network", "none", machine.busybox, "nothing", code=127)


@test
def run_as_a_user_of_the_image(machine):
    out = machine("run", "--rm", "--network", "none", "--user", "ann", machine.busybox, "sh", "-c",
                  "id -u; id -g; cat /home/ann/file")[0]
    equal(out.split(), ["1000", "1001", "ann's"])


@test
def run_on_a_terminal(machine):
    pid, terminal = pty.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(machine.user.uid)
        os.setuid(machine.user.uid)
        os.chdir(machine.user.home)
        os.execve(machine.gocker, ["gocker", "run", "--rm", "-it", "--network", "none",
                                   machine.busybox, "sh", "-c", "read x; echo got $x; tty; stty size"],
                  machine.user.env)
    os.write(terminal, b"hello\n")
    output = b""
    with contextlib.suppress(OSError):  # EIO: the other side is closed
        while piece := os.read(terminal, 4096):
            output += piece
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    equal(os.waitstatus_to_exitcode(status), 0, output)
    contains(output.decode(), "got hello")


@test
def what_a_container_writes_stays_with_it(machine):
    identity = machine("create", "--network", "none", machine.busybox, "sh", "-c",
                       "echo x >>/data; rm -rf /home/ann; cat /data; ls /home")[0].strip()
    equal(machine("start", "-a", identity)[0].split(), ["x", "high"])
    wait_until(lambda: not machine.holder(), "the end of the namespaces' holder")
    # In new namespaces, with the same upper directory.
    equal(machine("start", "-a", identity)[0].split(), ["x", "x", "high"])
    machine("rm", identity)


@test
def background_exec_logs_stop(machine):
    machine("run", "-d", "--name", "box", "--network", "none", machine.busybox, "sh", "-c",
            "trap 'exit 3' TERM; echo started; while :; do sleep 1; done")
    wait_until(lambda: "started" in machine("logs", "box")[0], "its output")
    equal(machine("exec", "box", "sh", "-c", "id -u; echo $PPID")[0].split(), ["0", "0"])
    equal(machine("exec", "--user", "ann", "box", "id", "-u")[0], "1000\n")
    contains(machine("ps")[0], "box")
    contains(machine("top", "box")[0], "sleep 1")
    holder = machine.holder()
    machine("stop", "box")
    equal([entry["exitCode"] for entry in machine.listing()], [3], "exit code")
    machine("rm", "box")
    if not holder:
        raise AssertionError("nobody held the namespaces while a container ran")


@test
def a_container_lives_on_without_commands(machine):
    machine("run", "-d", "--name", "box", "--network", "none", machine.busybox, "sleep", "1000")
    pid = machine.holder()
    machine("exec", "box", "true", code=127)  # the image has none
    equal(machine.holder(), pid, "the holder")
    machine("rm", "-f", "box")


@test
def volumes_and_directories(machine):
    data = machine.user.home / "data"
    data.mkdir()
    os.chown(data, machine.user.uid, machine.user.uid)
    machine("volume", "create", "kept")
    machine("run", "--rm", "--network", "none", "-v", f"{data}:/data", "-v", "kept:/kept",
            machine.busybox, "sh", "-c", "echo a >/data/file; echo b >/kept/file")
    equal((data / "file").stat().st_uid, machine.user.uid, "owner on the host")
    equal(machine("run", "--rm", "--network", "none", "-v", f"{data}:/data:ro", "-v", "kept:/kept",
                  machine.busybox, "cat", "/data/file", "/kept/file")[0].split(), ["a", "b"])
    machine("volume", "rm", "kept")
    shutil.rmtree(data)


@test
def build_an_image(machine):
    context = machine.user.home / "context"
    context.mkdir()
    (context / "file").write_text("from the context")
    (context / "Dockerfile").write_text(
        f"FROM {machine.busybox}\nCOPY --chown=1000:1001 file /file\n"
        "RUN id -u >/who && chown 65535 /who\nUSER ann\nCMD [\"cat\", \"/file\"]\n")
    subprocess.run(["chown", "-R", f"{machine.user.uid}", context], check=True)
    machine("build", "-t", "built", context)
    equal(machine("run", "--rm", "--network", "none", "built")[0], "from the context")
    equal(machine("run", "--rm", "--network", "none", "built", "stat", "-c", "%u", "/file", "/who")[0]
          .split(), ["1000", "65535"])
    machine("rmi", "built")
    shutil.rmtree(context)


@test
def limits_need_a_delegated_group(machine):
    line = machine.fails("run", "--rm", "--network", "none", "--memory", "64m", machine.busybox, "true",
                         code=125)
    contains(line, "memory", "delegated")


@test
def device_nodes_of_a_layer_are_left_out(machine):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, kind in (("dev/disk", tarfile.BLKTYPE), ("bin/false", tarfile.CHRTYPE),
                           ("pipe", tarfile.FIFOTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.devmajor, entry.devminor = kind, 1, 3
            archive.addfile(entry)
    layers = [registry.busybox_layer(), stream.getvalue()]
    image = machine.registry.push_image("demo/nodes", layers, {"Cmd": ["sh"]})
    said = machine("pull", image)[1]
    contains(said, "dev/disk: a device node, left out", "bin/false: a device node, left out")
    out = machine("run", "--rm", "--network", "none", image, "sh", "-c",
                  "stat -c %F /pipe; stat /dev/disk /bin/false 2>&1 | grep -c 'No such file'")[0]
    equal(out, "fifo\n2\n")
    machine("rmi", image)


@test
def flat_bundle_with_ids_of_its_own(machine):
    machine("pull", machine.busybox)
    bundle = machine.user.home / "flat"
    mapping = ("--uidmap", "0:1000:5000", "--gidmap", "0:2000:5000")
    refused = machine.user.fails(machine.image_program, "bundle", *mapping, machine.busybox, bundle)
    contains(refused, "only root of the host", "--flat")
    refused = machine.user.fails(machine.image_program, "bundle", "--flat", *mapping, machine.busybox,
                                 bundle)
    contains(refused, "home/high", "belongs to user 65535, which is not mapped")
    mapping = ("--uidmap", "0:1000:5000", "--uidmap", "65535:6000:1", "--gidmap", "0:2000:5000",
               "--gidmap", "65535:7000:1")
    machine.image("bundle", "--flat", *mapping, machine.busybox, bundle, "--", "sh", "-c",
                  "id -u; stat -c %u:%g:%a /home/ann/file /home/high /tmp/tool; echo x >/new")
    first = machine.user.first - 1
    equal((bundle / "rootfs/home/high").lstat().st_uid, first + 6000, "owner on the host")
    out = machine.image("unshare", machine.runtime, "run", "--bundle", bundle, "flat")[0]
    equal(out.split(), ["0", "1000:1000:640", "65535:65535:644", "1000:1000:4755"])
    equal((bundle / "rootfs/new").lstat().st_uid, first + 1000, "owner of what is made")
    machine.image("unbundle", bundle)


@test
def no_ranges_are_told_with_the_remedy(machine):
    line = machine.poor.fails(machine.image_program, "images")
    contains(line, "/etc/subuid", f"{machine.poor.name}:100000:65536", "/etc/subgid")


@test
def unshare_runs_programs_as_the_users_root(machine):
    equal(machine.image("unshare", "id", "-u")[0], "0\n")
    where = machine.user.home / "somewhere"
    where.mkdir(exist_ok=True)
    os.chown(where, machine.user.uid, machine.user.uid)
    equal(machine.user("sh", "-c", f"cd {where} && {machine.image_program} unshare pwd")[0],
          f"{where}\n")
    machine.image("unshare", "sh", "-c", "exit 5", code=5)
    where.rmdir()


@test
def many_at_once_share_one_namespace(machine):
    runs = [machine.user.start(machine.image_program, "unshare", "sh", "-c",
                               "readlink /proc/self/ns/user; read end", stdin=subprocess.PIPE)
            for _ in range(8)]
    seen = {run.stdout.readline() for run in runs}  # all of them live until each has told
    for run in runs:
        run.communicate("\n", timeout=60)
    equal(len(seen), 1, "user namespaces")
    equal([run.returncode for run in runs], [0] * 8)


# --- network ------------------------------------------------------------------------------------


@test
def the_hosts_network(machine):
    own = os.readlink("/proc/self/ns/net")
    machine("run", "-d", "--name", "box", "--network", "host", machine.busybox, "sleep", "1000")
    equal(machine("exec", "box", "sh", "-c", "ls -l /proc/self/ns/net")[0].split("-> ")[1].strip(), own)
    contains(machine("exec", "box", "ls", "/sys")[0], "kernel")
    machine("rm", "-f", "box")


def provide_tun(folder):
    """Where this machine's own is for root alone; elsewhere everybody may open it."""
    if shutil.which("pasta") is None:
        raise Skip("no pasta on this machine")
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun on this machine")
    if os.stat("/dev/net/tun").st_mode & 0o006 == 0o006:
        return
    node = folder / "tun"
    if not node.exists():
        os.mknod(node, 0o020666, os.makedev(10, 200))
        node.chmod(0o666)
    user.mount(node, "/dev/net/tun", flags=user.MS_BIND)


def answer_of(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
        return connection.makefile().read()
    return ""


def is_udp_taken(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        try:
            own.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


@test
def a_network_by_pasta(machine):
    provide_tun(machine.folder)
    out = machine("run", "--rm", machine.busybox, "sh", "-c",
                  "cat /proc/net/route /etc/resolv.conf; ls /sys/class/net")[0]
    contains(out, "00000000", "nameserver 169.254.1.1", "lo")
    # What listens on the host's loopback device is the host's alone.
    out, _ = machine("run", "--rm", machine.busybox, "sh", "-c",
                     f"echo x | nc 127.0.0.1 {machine.registry.port} || echo closed")
    equal(out, "closed\n")


@test
def published_ports(machine):
    provide_tun(machine.folder)
    first, second, third = (registry.free_port() for _ in range(3))
    machine("run", "-d", "--name", "box", "-p", f"127.0.0.1:{first}:80", "-p", f"{second}:81",
            "-p", f"127.0.0.1:{third}:82/udp", machine.busybox, "sh", "-c",
            "while :; do echo one | nc -l -p 80; done & while :; do echo two | nc -l -p 81; done")
    wait_until(lambda: answer_of(first) == "one\n", "the answer of the first port")
    wait_until(lambda: answer_of(second) == "two\n", "the answer of the second port")
    equal(is_udp_taken(third), True, "the third port")
    contains(machine("ps")[0], str(first))
    contains(machine.fails("run", "--rm", "-p", f"{first}:80", machine.busybox, "ls", code=125),
             str(first))
    machine("rm", "-f", "box")
    wait_until(lambda: answer_of(first) == "", "the end of the first port")
    wait_until(lambda: not is_udp_taken(third), "the end of the third port")
    # Another may have it at once.
    machine("run", "--rm", "-p", f"127.0.0.1:{first}:80", machine.busybox, "ls")


@test
def networks_of_roots_are_refused(machine):
    machine("network", "create", "own")
    contains(machine.fails("run", "--rm", "--network", "own", machine.busybox, "ls", code=125),
             "network own", "without root")
    machine("network", "rm", "own")


def main():
    runtime, image = map(os.path.abspath, sys.argv[1:3])

    def prepare(folder, owner, poor):
        return Machine(folder, owner, poor, runtime, image)

    user.run_tests(prepare, sys.argv[3:])


main()
