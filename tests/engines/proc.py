"""Processes of the host: what /proc tells of one, and running one."""

import pathlib
import subprocess


def run(*words):
    """What a command of the host prints."""
    done = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)
    return done.stdout.rstrip("\n")


def field(text, name):
    """The first word of a field of the text of /proc/PID/status."""
    return next(line.split()[1] for line in text.splitlines() if line.startswith(name + ":"))


def status(pid, name):
    return field(pathlib.Path(f"/proc/{pid}/status").read_text(), name)


def words(pid):
    """Its command line."""
    return pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
