#!/usr/bin/env python3
"""What podman, conmon, containerd, CRI-O, buildah, buildkit and docker call, vector by vector.

    tests/contract/contract_test.py RUNTIME INSIDE [NAME...]

A vector is written as the caller writes it; ID, B (the bundle), ROOT, LOG, PID and F/ (a folder) stand
for those of the case. Whatever succeeds says nothing on stderr; whatever fails writes one line there
and, with --log, one JSON object as the whole file.
"""

import dataclasses
import json
import os
import pathlib
import re
import sys
import tempfile
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap

import box as boxes
from box import Box, expect

SHIM = "--root ROOT --log LOG --log-format json"  # containerd's shim, docker, nerdctl
CONMON = "--log-format=json --log LOG --root=ROOT"  # podman's conmon
RESOURCES = json.dumps({
    "memory": {"limit": 134217728, "reservation": 0, "swap": 134217728, "kernel": 0},
    "cpu": {"shares": 0, "quota": 25000, "period": 100000}, "pids": {"limit": 50},
    "blockIO": {"weight": 0}})


@dataclasses.dataclass
class Case:
    name: str
    vector: str
    given: str = "none"  # the container's status before: none, created, running, paused, stopped
    code: int = 0
    out: typing.Any = ""  # stdout: a text, or a function that finds fault with it
    err: str = ""  # an expression for the line of a failure
    then: str = ""  # the container's status after
    check: typing.Callable = None  # more to look at: raises AssertionError
    stdin: str = None
    process: dict = dataclasses.field(default_factory=dict)  # changes to process in config.json
    socket: str = ""  # a socket to listen on
    env: dict = dataclasses.field(default_factory=dict)


# --- what is looked at ----------------------------------------------------------------------------

def pid_file_has_the_pid_alone(box, _):
    text = box.pid_file.read_bytes()
    expect(re.fullmatch(rb"[1-9][0-9]*", text), f"the pid file holds {text!r}")
    os.kill(int(text), 0)


def first_pid_is_in_the_pid_file(box, _):
    pid_file_has_the_pid_alone(box, _)
    expect(int(box.pid_file.read_text()) == box.state()["pid"], "another pid than state's")


def no_pid_file(box, _):
    expect(not box.pid_file.exists(), "a pid file was written by a failure")


def state_document(text):
    state = json.loads(text)
    for name, kind in {"ociVersion": str, "id": str, "pid": int, "status": str, "bundle": str,
                       "rootfs": str, "created": str, "annotations": dict, "owner": str}.items():
        expect(isinstance(state.get(name), kind), f"{name} is {state.get(name)!r}")
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", state["created"]), state["created"])
    return state


def state_with_pid(text):
    expect(state_document(text)["pid"] > 0, "no pid")


def state_without_pid(text):
    state = state_document(text)
    expect((state["pid"], state["status"]) == (0, "stopped"), f"{state['pid']} {state['status']}")


def array_of_pids(text):
    pids = json.loads(text)
    expect(isinstance(pids, list) and pids and all(isinstance(pid, int) for pid in pids), text)


def array_of_states(text):
    for state in json.loads(text):
        state_document(json.dumps(state))
    expect(len(json.loads(text)) == 1, "not one container")


def empty_array(text):
    expect(json.loads(text) in ([], None), text)


def statistics(text):
    event = json.loads(text)
    expect(text.count("\n") == 1 and event["type"] == "stats", text[:80])
    for path in ("cpu/usage/total", "cpu/throttling/periods", "memory/usage/limit", "memory/raw",
                 "memory/swap/usage", "memory/kernelTCP/usage", "pids/current", "blkio", "hugetlb"):
        value = event["data"]
        for step in path.split("/"):
            expect(step in value, f"data/{path} is missing")
            value = value[step]


def features_document(text):
    features = json.loads(text)
    expect(features["ociVersionMin"] and features["ociVersionMax"], "no versions")
    expect("rro" in features["mountOptions"], "rro is missing")
    linux = features["linux"]
    expect({"user", "time"} <= set(linux["namespaces"]), linux["namespaces"])
    expect(linux["mountExtensions"]["idmap"]["enabled"] is True, "idmap")
    for name in ("cgroup", "seccomp", "apparmor", "selinux", "intelRdt", "netDevices"):
        expect(name in linux, f"linux/{name} is missing")


def version_lines(text):
    lines = text.splitlines()
    expect(len(lines[0].split()) == 3 and " version " in lines[0], lines[0])
    expect(any(line.startswith("spec: ") for line in lines), text)


def table_with_pid_column(text):
    expect("PID" in text.splitlines()[0].split() and "sleep" in text, text)


def limits_are_those_of_the_update(box, _):
    for path in ("memory/ID/memory.limit_in_bytes", "pids/ID/pids.max",
                 "unified/ID/memory.max", "ID/memory.max", "ID/pids.max"):
        file = pathlib.Path("/sys/fs/cgroup", path.replace("ID", box.id))
        if file.exists():
            expect(file.read_text().strip() in ("134217728", "50"), f"{file}: {file.read_text()}")


def terminal_came(box, listener):
    data, fds = listener.receive()
    expect(0 < len(data) < 4096, f"{len(data)} bytes came")
    expect(len(fds) == 1 and os.isatty(fds[0]), f"{fds} came")
    os.close(fds[0])


def pidfd_came(box, listener):
    _, fds = listener.receive()
    expect(len(fds) == 1, f"{fds} came")
    info = pathlib.Path(f"/proc/self/fdinfo/{fds[0]}").read_text()
    os.close(fds[0])
    expect("\nPid:\t" in info, "it is no pidfd")


# --- the table ------------------------------------------------------------------------------------
# The traps come first, then a block for each command.

CASES = [
    Case("state says nothing on stderr, as go-runc reads both streams as one", f"{SHIM} state ID",
         given="running", out=state_with_pid),
    Case("delete --force of what is gone succeeds, as the shim always calls it",
         f"{SHIM} delete --force ID"),
    Case("delete without --force says `does not exist`", f"{SHIM} delete ID", code=1,
         err="does not exist"),
    Case("kill of a stopped container says `container not running`", f"{SHIM} kill ID 15",
         given="stopped", code=1, err="container not running"),
    Case("kill --all of a stopped container succeeds", f"{SHIM} kill --all ID 9", given="stopped"),
    Case("a failed create leaves no pid file, by which conmon knows",
         f"{CONMON} create --bundle B --pid-file PID ID", code=1, process={"args": ["/no/such"]},
         err='exec: "/no/such": stat /no/such: no such file or directory', check=no_pid_file),
    Case("a failed exec is 255 and leaves no pid file",
         f"{CONMON} exec --pid-file PID --process F/no-program.json --detach ID", given="running",
         code=255, err="no such file or directory", check=no_pid_file),
    Case("what can't be executed says `permission denied`", f"{SHIM} create --bundle B ID", code=1,
         process={"args": ["/proc/version"]}, err='exec: "/proc/version": permission denied'),
    Case("what is in no folder of $PATH says so", f"{SHIM} create --bundle B ID", code=1,
         process={"args": ["nothing"]}, err=r'exec: "nothing": executable file not found in \$PATH'),
    Case("a directory says `permission denied` to old dockers, `is a directory` to new ones",
         f"{SHIM} create --bundle B ID", code=1,
         process={"args": ["/tmp"]}, err=r'exec: "/tmp": permission denied \(is a directory\)'),
    Case("an id twice says that it exists", f"{SHIM} create --bundle B ID", given="created", code=1,
         err="container with given ID already exists"),
    Case("one dash before a long name is understood, as in go-runc's restore",
         f"{SHIM} run -no-subreaper --detach --bundle B ID", then="running"),
    Case("globals may come twice, as conmon-rs has them",
         "--root=F/other --root=ROOT --systemd-cgroup --systemd-cgroup state ID", given="running",
         out=state_with_pid),
    Case("podman's probe for checkpoint", "checkpoint --help", out=lambda text: expect(text, "no help")),
    Case("podman's probe for a mount context", "restore --lsm-mount-context", code=1,
         err="flag needs an argument"),

    Case("version", "--version", out=version_lines),
    Case("features of docker, and of CRI-O with both streams", "features", out=features_document),

    Case("create of containerd",
         f"{SHIM} create --bundle B --pid-file PID --no-pivot --no-new-keyring ID", then="created",
         check=first_pid_is_in_the_pid_file),
    Case("create of conmon", f"{CONMON} create --bundle B --pid-file PID --preserve-fds=0 ID",
         then="created", check=first_pid_is_in_the_pid_file),
    Case("create of buildah", "--root ROOT create --bundle B --pid-file PID ID", then="created",
         check=first_pid_is_in_the_pid_file),
    Case("create with a terminal", f"{SHIM} create --bundle B --console-socket F/console ID",
         process={"terminal": True, "consoleSize": {"height": 24, "width": 80}}, socket="console",
         then="created", check=terminal_came),
    Case("create with a pidfd", f"{SHIM} create --bundle B --pidfd-socket F/pidfd ID", socket="pidfd",
         then="created", check=pidfd_came),
    Case("create with a terminal and no socket", f"{SHIM} create --bundle B ID", code=1,
         process={"terminal": True}, err="--console-socket"),
    Case("create of what is no bundle", f"{SHIM} create --bundle F/none ID", code=1, err="config.json"),

    Case("start", f"{SHIM} start ID", given="created", then="running"),
    Case("start of podman with its environment", "--root ROOT start ID", given="created",
         env={"_OCI_SYNCPIPE": "3", "_OCI_STARTPIPE": "4"}, then="running"),
    Case("start twice", f"{SHIM} start ID", given="running", code=1, err="running, not created"),
    Case("start of nobody", f"{SHIM} start ID", code=1, err="does not exist"),

    Case("run of buildkit", "--log LOG --log-format json --root ROOT run --bundle B ID", code=7,
         process={"args": ["/inside", "exit", "7"]}),
    Case("run --keep leaves the container", f"{SHIM} run --bundle B --keep ID", code=3,
         process={"args": ["/inside", "exit", "3"]}, then="stopped"),
    Case("run of a program that is not there", f"{SHIM} run --bundle B ID", code=1,
         process={"args": ["/no/such"]}, err="no such file or directory"),

    Case("exec of containerd",
         f"{SHIM} exec --process F/sleeper.json --detach --pid-file PID ID", given="running",
         check=pid_file_has_the_pid_alone),
    Case("exec of conmon", f"{CONMON} exec --pid-file PID --process F/sleeper.json --detach ID",
         given="running", check=pid_file_has_the_pid_alone),
    Case("exec of CRI-O's ExecSync returns the program's code", "--root ROOT exec --process F/process.json ID",
         given="running", code=7),
    Case("exec of conmon-rs", "--root ROOT exec -d --pid-file=PID ID /inside sleep", given="running",
         check=pid_file_has_the_pid_alone),
    Case("exec with a terminal",
         f"{CONMON} exec --pid-file PID --process F/terminal.json --detach --tty --console-socket F/console ID",
         given="running", socket="console", check=terminal_came),
    Case("exec with a pidfd",
         f"{SHIM} exec --process F/sleeper.json --detach --pidfd-socket F/pidfd --pid-file PID ID",
         given="running", socket="pidfd", check=pidfd_came),
    Case("exec in a stopped container", f"{SHIM} exec --process F/process.json ID", given="stopped",
         code=255, err="container not running"),
    Case("exec in a paused container", f"{SHIM} exec --process F/process.json ID", given="paused",
         code=255, err="paused"),
    Case("exec in nobody", f"{SHIM} exec --process F/process.json ID", code=255, err="does not exist"),

    Case("state of a created container", "--root ROOT state ID", given="created", out=state_with_pid),
    Case("state of a stopped one", "--root ROOT state ID", given="stopped", out=state_without_pid),

    Case("kill by number", f"{SHIM} kill ID 9", given="running", then="stopped"),
    Case("kill by name with SIG", "--root ROOT kill ID SIGKILL", given="running", then="stopped"),
    Case("kill by name without", "--root ROOT kill ID KILL", given="running", then="stopped"),
    Case("kill -a", "--root ROOT kill -a ID 9", given="running", then="stopped"),
    Case("kill of a created container", f"{SHIM} kill ID 9", given="created", then="stopped"),
    Case("kill of a paused container", f"{SHIM} kill ID 9", given="paused", then="stopped"),
    Case("kill of nobody", f"{SHIM} kill ID 9", code=1, err="does not exist"),
    Case("kill with a wrong signal", f"{SHIM} kill ID NONSENSE", given="running", code=1,
         err="unknown signal"),

    Case("delete of a stopped container", f"{SHIM} delete ID", given="stopped", then="none"),
    Case("delete of a created one, as engines do", f"{SHIM} delete ID", given="created", then="none"),
    Case("delete of a running one is refused", f"{SHIM} delete ID", given="running", code=1,
         err="is running"),
    Case("delete --force of a running one", f"{SHIM} delete --force ID", given="running", then="none"),
    Case("delete --force of a paused one", f"{SHIM} delete --force ID", given="paused", then="none"),

    Case("pause", f"{SHIM} pause ID", given="running", then="paused"),
    Case("resume", f"{SHIM} resume ID", given="paused", then="running"),
    Case("resume of what runs", f"{SHIM} resume ID", given="running", code=1, err="not paused"),

    Case("ps as JSON", f"{SHIM} ps --format json ID", given="running", out=array_of_pids),
    Case("ps as a table", "--root ROOT ps --format table ID -o pid,args", given="running",
         out=table_with_pid_column),
    Case("list as JSON", f"{SHIM} list --format=json", given="running", out=array_of_states),
    Case("list of nothing", f"{SHIM} list --format=json", out=empty_array),

    Case("events --stats", f"{SHIM} events --stats ID", given="running", out=statistics),

    Case("update of containerd, from stdin", f"{SHIM} update --resources=- ID", given="running",
         stdin=RESOURCES, check=limits_are_those_of_the_update),
    Case("update of CRI-O, from stdin", "--root ROOT update --resources - ID", given="running",
         stdin=RESOURCES, check=limits_are_those_of_the_update),
    Case("update with nonsense", f"{SHIM} update --resources - ID", given="running", stdin="{", code=1,
         err="line 1"),
]


# --- running it -----------------------------------------------------------------------------------

def check_streams(case, result, box):
    expect(result.code == case.code, str(result))
    if case.err:
        expect(result.out == "", f"stdout of a failure: {result}")
        expect(result.err.count("\n") == 1, f"not one line: {result}")
        expect(re.search(case.err, result.err), f"no match for {case.err!r}: {result}")
    else:
        expect(result.err == "", f"stderr: {result}")
        if callable(case.out):
            case.out(result.out)
        else:
            expect(result.out == case.out, f"stdout: {result}")
    if "--log" not in case.vector:
        return
    log = box.log.read_text() if box.log.exists() else ""
    if not case.err:
        expect(log == "", f"the log of a success: {log!r}")
        return
    entry = json.loads(log)  # podman reads the whole file as one object
    expect(log.count("\n") == 1 and entry["level"] == "error", log)
    expect(re.search(case.err, entry["msg"]), log)
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", entry["time"]), entry["time"])


def run(case, runtime, inside):
    with tempfile.TemporaryDirectory(prefix="gocker-contract") as folder:
        box = Box(folder, runtime, inside)
        try:
            if case.process:
                box.write_config(**case.process)
            box.be(case.given)
            with box.socket(case.socket or "unused") as listener:
                result = box.call(case.vector, case.stdin, case.env)
                check_streams(case, result, box)
                if case.check:
                    case.check(box, listener)
            if case.then == "none":
                expect(not box.state(), "the container is there still")
            elif case.then:
                box.wait_for(case.then)
        finally:
            box.close()


def main():
    runtime, inside, *names = sys.argv[1:]
    report = tap.Tap()
    boxes.adopt_orphans()
    for case in CASES:
        if names and case.name not in names:
            continue
        if os.geteuid() != 0:
            report.skipped(case.name, "containers are made as root here")
            continue
        try:
            run(case, runtime, inside)
            report.passed(case.name)
        except Exception as failure:  # the next case has its turn
            report.failed(case.name, [f"{case.vector}: {failure}"])
    report.finish()


if __name__ == "__main__":
    main()
