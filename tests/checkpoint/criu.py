"""A CRIU that works on this kernel: the host's own, or Debian sid's in a folder of its own."""

import os
import pathlib
import shutil
import subprocess

CACHE = pathlib.Path(os.environ.get("GOCKER_CRIU_CACHE", "/var/cache/gocker-criu"))
LOADER = "lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def works(program):
    return subprocess.run([program, "check"], capture_output=True).returncode == 0


def from_sid():
    """(a program, None) or (None, why not). Downloaded once: about 90 MB, half a minute."""
    root, program = CACHE / "sid", CACHE / "criu"
    if not (root / "usr/sbin/criu").exists():
        if not shutil.which("debootstrap"):
            return None, "debootstrap is not there"
        CACHE.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(root, ignore_errors=True)
        made = subprocess.run(["debootstrap", "--variant=minbase", "--include=criu", "sid", str(root)],
                              capture_output=True, text=True)
        if made.returncode != 0:
            return None, f"debootstrap of sid: {made.stdout[-200:].strip()}"
    program.write_text(f'#!/bin/sh\nexec {root}/{LOADER} --library-path {root}/{LIBRARIES} '
                       f'{root}/usr/sbin/criu "$@"\n')
    program.chmod(0o755)
    return str(program), None


def find():
    """(a program that works, None) or (None, why there is none)."""
    if os.geteuid() != 0:
        return None, "CRIU needs root"
    own = os.environ.get("GOCKER_CRIU") or shutil.which("criu")
    if own and works(own):
        return own, None
    program, reason = from_sid()
    if program is None:
        return None, f"the host's CRIU does not work here, and of sid's: {reason}"
    return (program, None) if works(program) else (None, "`criu check` fails on this kernel")
