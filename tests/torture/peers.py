#!/usr/bin/env python3
"""The cases of this folder with other programs: what they make of them, for docs/torture.md.

    tests/torture/peers.py [WORD...]

Runs skopeo with umoci, podman and containerd's ctr as root, and writes tests/torture/peers.json; with
WORDs only the cases that have one in their name. An outcome is "refused", "as gocker" (the look of the
case finds nothing wrong), "otherwise: ..." (taken, with what differs), or "ESCAPED: ...".
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import torture_cases
import support
from case import Different
from fake_registry import FakeRegistry
from torture_test import Canary

OUTPUT = pathlib.Path(__file__).with_name("peers.json")
LIMIT = 90  # seconds, for one command


class Refused(Exception):
    pass


def call(*command):
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise Refused("no end") from None
    if done.returncode != 0:
        raise Refused(done.stderr.strip().splitlines()[-1:] or "?")
    return done.stdout.strip()


class Umoci:
    name = "umoci"

    def version(self):
        return re.search(r"version (\S+)", call("umoci", "--version"))[1]

    @contextlib.contextmanager
    def rootfs(self, reference, folder):
        call("skopeo", "copy", "--insecure-policy", "-q", "--src-tls-verify=false", f"docker://{reference}",
             f"oci:{folder}/layout:it")
        call("umoci", "unpack", "--image", f"{folder}/layout:it", folder / "bundle")
        yield folder / "bundle/rootfs"


class Podman:
    name = "podman"

    def version(self):
        return call("podman", "--version").split()[-1]

    @contextlib.contextmanager
    def rootfs(self, reference, folder):
        podman = ["podman", "--root", folder / "root", "--runroot", folder / "run", "--storage-driver", "overlay"]
        call(*podman, "pull", "-q", "--tls-verify=false", reference)
        try:
            yield pathlib.Path(call(*podman, "image", "mount", reference))
        finally:
            subprocess.run([*map(str, podman), "image", "umount", "-a", "-f"], capture_output=True)


class Containerd:
    name = "ctr"

    def version(self):
        return call("ctr", "--version").split()[-1]

    def __init__(self, folder):
        folder.mkdir()
        self.socket = folder / "socket"
        (folder / "config.toml").write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        with open(folder / "log", "wb") as log:
            self.daemon = subprocess.Popen(
                ["containerd", "--config", folder / "config.toml", "--root", folder / "root", "--state",
                 folder / "state", "--address", self.socket], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while not self.socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()

    @contextlib.contextmanager
    def rootfs(self, reference, folder):
        ctr = ["ctr", "--address", self.socket]
        call(*ctr, "images", "pull", "--plain-http", reference)
        mounted = folder / "mounted"
        mounted.mkdir()
        call(*ctr, "images", "mount", reference, mounted)
        try:
            yield mounted
        finally:
            subprocess.run(["umount", mounted], capture_output=True)


def outcome(peer, case, folder):
    canary = Canary(folder / "outside")
    try:
        with FakeRegistry() as registry:
            image = case.build(canary.folder)
            reference = registry.add(image, name=f"test/image{len(str(folder))}{os.urandom(4).hex()}")
            if case.serve:
                case.serve(registry, image, reference)
            with peer.rootfs(reference, folder) as rootfs:
                found = "as gocker" if case.is_taken else "taken"
                if case.look:
                    case.look(rootfs, canary.folder)
    except Refused:
        found = "refused" if case.is_taken else "as gocker"
    except Different as difference:
        found = f"otherwise: {difference}"
    try:
        canary.check()
    except AssertionError as error:
        return f"ESCAPED: {error}"
    return found.replace(str(canary.folder), "OUTSIDE")


def main():
    words = sys.argv[1:]
    known = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {"versions": {}, "cases": {}}
    with tempfile.TemporaryDirectory(prefix="peers-", dir="/tmp") as top:
        containerd = Containerd(pathlib.Path(top, "containerd"))
        peers = [Umoci(), Podman(), containerd]
        try:
            known["versions"] = {peer.name: peer.version() for peer in peers}
            for case in torture_cases.CASES:
                if not case.peers or (words and not any(word in case.name for word in words)):
                    continue
                entry = known["cases"].setdefault(f"{case.group}: {case.name}", {})
                for peer in peers:
                    with tempfile.TemporaryDirectory(prefix="c-", dir=top, ignore_cleanup_errors=True) as folder:
                        entry[peer.name] = outcome(peer, case, pathlib.Path(folder))
                print(case.name, entry, flush=True)
        finally:
            containerd.stop()
            for mount in sorted(support.mounts_below(top), key=len, reverse=True):
                subprocess.run(["umount", "-l", mount], capture_output=True)
    OUTPUT.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    support.enter_own_mounts()
    main()
