"""What does not move with the machine's load: system calls, clones, execs, memory."""

import collections
import pathlib
import re
import subprocess
import tempfile

CALL = re.compile(r"^\d+ +(\w+)\(")  # the end of an interrupted one begins with "<..."


def system_calls(command):
    """{name: count} of all that a command does, its children's calls among them."""
    with tempfile.NamedTemporaryFile("r", prefix="gocker-bench-") as trace:
        subprocess.run(["strace", "-f", "-qq", "-o", trace.name] + command, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        matches = map(CALL.match, trace)
        return collections.Counter(match.group(1) for match in matches if match)


def total(calls):
    return sum(calls.values())


def clones(calls):
    return sum(calls[name] for name in ("clone", "clone3", "fork", "vfork"))


def execs(calls):
    """Programs that are executed, without the first, which is the command itself."""
    return calls["execve"] + calls["execveat"] - 1


def peak_kilobytes(launcher, command):
    """VmHWM of the largest process, launched by a small one."""
    told = subprocess.run([launcher] + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    _, kilobytes, code = told.split()
    if code != "0":
        raise RuntimeError(f"exit code {code}: {' '.join(command)}")
    return int(kilobytes)


Instructions = collections.namedtuple("Instructions", "all cpuid")


def instructions(stepper, command, exit_code=0):
    """Those in user mode, of the command and of all that it clones. It takes seconds a million."""
    told = subprocess.run([stepper, "/dev/null", "0", "1"] + command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if told.returncode != exit_code:
        raise RuntimeError(f"exit code {told.returncode}: {' '.join(command)}: {told.stderr}")
    words = told.stderr.splitlines()[-1].split()
    return Instructions(int(words[0]), int(words[2]))


def resident_kilobytes(pid):
    """{name: kilobytes} of what /proc tells of a process: VmRSS, RssAnon and the like."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(value) for name, value, _ in fields}
