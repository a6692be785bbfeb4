"""The life of podman's containers: start, stop, kill, pause, restart, health, removal."""

import json
import os
import pathlib
import signal
import subprocess

from engine import IMAGE, case, contains, equal, wait_for_rest, wait_until

TALKER = ("sh", "-c", "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.1; done")


def state(podman, name):
    return podman.inspect(name)["State"]


@case("detached: logs, stop with the signal of the image, removal")
def detached(podman):
    podman.sleeper(name="talker", command=TALKER)
    wait_until(lambda: podman("logs", "talker") == "hello", "the container's first line")
    podman("stop", "talker")
    equal(state(podman, "talker")["ExitCode"], 3, "exit code")
    equal(podman("logs", "talker"), "hello\nbye", "logs")
    podman("rm", "talker")
    equal(podman("ps", "-aq"), "", "containers")


@case("create, start, wait, start again")
def created(podman):
    podman("create", "--name", "steps", IMAGE, "sh", "-c", "echo run; exit 4")
    equal(podman.status("steps"), "created", "status")
    equal(podman("start", "--attach", "steps", code=4), "run", "output")
    equal(podman("wait", "steps"), "4", "exit code")
    equal(podman("start", "--attach", "steps", code=4), "run", "output of the second run")
    equal(podman("logs", "steps"), "run\nrun", "logs")
    podman("rm", "steps")


@case("init: a container that is created in the runtime, started later")
def initialised(podman):
    podman("create", "--name", "waiting", IMAGE, "echo", "started")
    podman("container", "init", "waiting")
    equal(podman.status("waiting"), "initialized", "status")
    equal(podman("start", "--attach", "waiting"), "started", "output")
    podman("rm", "waiting")
    podman("create", "--name", "never", IMAGE, "true")
    podman("container", "init", "never")
    podman.remove("never")


@case("kill: by names and numbers of signals")
def kill(podman):
    for given, code in (("KILL", 137), ("SIGTERM", 143), ("10", 138), ("RTMIN+3", 165)):
        podman.sleeper("--init", name="victim")
        wait_until(lambda: "\nsleep" in podman("top", "victim", "args"), "the program below init")
        podman("kill", "--signal", given, "victim")
        wait_until(lambda: podman.status("victim") == "exited", f"end by {given}")
        equal(state(podman, "victim")["ExitCode"], code, f"exit code after {given}")
        podman("rm", "victim")


@case("stop: --stop-signal, and KILL after the time")
def stop(podman):
    podman.sleeper("--stop-signal", "USR1", name="polite",
                   command=("sh", "-c", "trap 'exit 8' USR1; echo ready; while :; do sleep 0.1; done"))
    wait_until(lambda: podman("logs", "polite") == "ready", "the program")
    podman("stop", "polite")
    equal(state(podman, "polite")["ExitCode"], 8, "exit code")
    podman.sleeper(name="deaf")
    podman("stop", "-t", "1", "deaf")
    equal(state(podman, "deaf")["ExitCode"], 137, "exit code")
    podman("rm", "polite", "deaf")


@case("pause and unpause: nothing runs in between")
def pause(podman):
    podman.sleeper(name="ticker", command=("sh", "-c", "while :; do echo tick; sleep 0.05; done"))
    wait_until(lambda: "tick" in podman("logs", "ticker"), "first tick")
    podman("pause", "ticker")
    equal(podman.status("ticker"), "paused", "status")
    before = wait_for_rest(lambda: podman("logs", "ticker"), "logs of a paused container")
    podman("unpause", "ticker")
    wait_until(lambda: podman("logs", "ticker") != before, "ticks after unpause")
    podman.remove("ticker")


@case("a paused container is killed and removed")
def remove_paused(podman):
    podman.sleeper(name="frozen")
    podman("pause", "frozen")
    podman.remove("frozen")
    equal(podman("ps", "-aq"), "", "containers")


@case("restart by hand, twice")
def restart(podman):
    podman.sleeper(name="again")
    pids = [podman.pid("again")]
    for _ in range(2):
        podman("restart", "-t", "0", "again")
        pids.append(podman.pid("again"))
    equal(len(set(pids)), 3, f"different processes in {pids}")
    podman.remove("again")


@case("restart policies on-failure and always")
def policies(podman):
    podman.sleeper("--restart", "on-failure:2", name="failing", command=("sh", "-c", "echo x; exit 1"))
    wait_until(lambda: podman.inspect("failing")["RestartCount"] == 2 and
               podman.status("failing") == "exited", "two restarts")
    equal(podman("logs", "failing"), "x\nx\nx", "logs")
    podman.sleeper("--restart", "always", name="lasting")
    before = podman.pid("lasting")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: podman.pid("lasting") not in (0, before), "the new process")
    podman.remove("failing", "lasting")


@case("a first process that is killed from outside")
def killed_outside(podman):
    podman.sleeper(name="shot")
    os.kill(podman.pid("shot"), signal.SIGKILL)
    equal(podman("wait", "shot"), "137", "exit code")
    podman("rm", "shot")


@case("kill -9 of conmon: the container can still be stopped and removed, and delete --force does the rest")
def lost_conmon(podman):
    podman.sleeper(name="lonely")
    info = podman.inspect("lonely")
    os.kill(int(pathlib.Path(info["ConmonPidFile"]).read_text()), signal.SIGKILL)
    podman.remove("lonely")
    wait_until(lambda: not os.path.exists(f"/proc/{info['State']['Pid']}"), "the container's end")
    # podman 4.3 asks the runtime to delete only what conmon told it the end of.
    subprocess.run([podman.runtime, "delete", "--force", info["Id"]], check=True)


@case("state of a container whose processes went on after its first")
def orphans(podman):
    podman("run", "-d", "--name", "parent", IMAGE, "sh", "-c", "(sleep 300 &) ; sleep 0.2")
    equal(podman("wait", "parent"), "0", "exit code")
    podman("rm", "parent")


@case("logs: --follow, --tail, and lines without an end")
def logs(podman):
    podman("run", "--name", "writer", IMAGE, "sh", "-c", "seq 4; printf end")
    equal(podman("logs", "--follow", "writer"), "1\n2\n3\n4\nend", "all")
    podman("rm", "writer")
    podman("run", "--name", "writer", IMAGE, "seq", "5")
    equal(podman("logs", "--tail", "2", "writer"), "4\n5", "tail")
    podman("rm", "writer")


@case("ps, top, stats and events tell of a container")
def views(podman):
    podman.sleeper(name="seen")
    contains(podman("ps", "--format", "{{.Names}} {{.State}}"), "seen Up")
    contains(podman("top", "seen", "pid", "args"), "sleep 1000")
    stats = ("stats", "--no-stream", "--format", "json", "seen")
    wait_until(lambda: json.loads(podman(*stats))[0]["pids"] == "1", "one process in stats")
    podman.remove("seen")
    contains(podman("events", "--stream=false", "--filter", "container=seen"), "container died")


@case("rename, and the names of containers that are gone")
def rename(podman):
    podman.sleeper(name="old")
    podman("rename", "old", "new")
    equal(podman("exec", "new", "echo", "here"), "here", "output")
    podman.remove("new")
    podman.sleeper(name="old")
    podman.remove("old")


@case("health: a check that succeeds, one that fails, and what it says")
def health(podman):
    podman.sleeper("--health-cmd", "test -e /tmp/well", "--health-interval", "disable",
                   "--health-retries", "1", name="patient")
    podman("healthcheck", "run", "patient", code=1)
    equal(state(podman, "patient")["Health"]["Status"], "unhealthy", "status")
    podman("exec", "patient", "touch", "/tmp/well")
    podman("healthcheck", "run", "patient")
    equal(state(podman, "patient")["Health"]["Status"], "healthy", "status")
    podman.remove("patient")


@case("hooks of an --hooks-dir run with the container's state on standard input")
def hooks(podman):
    folder = podman.folder / "hooks"
    folder.mkdir()
    seen = podman.folder / "hook-output"
    hook = {"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["sh", "-c", f"cat >{seen}"]},
            "when": {"always": True}, "stages": ["prestart"]}
    (folder / "one.json").write_text(json.dumps(hook))
    podman("--hooks-dir", folder, "run", "--rm", "--name", "hooked", IMAGE, "true")
    told = json.loads(seen.read_text())
    assert told["pid"] > 0 and told["status"] in ("creating", "created"), told


@case("a hook that fails makes the run fail")
def failing_hook(podman):
    folder = podman.folder / "failing-hooks"
    folder.mkdir()
    hook = {"version": "1.0.0", "hook": {"path": "/bin/false"}, "when": {"always": True},
            "stages": ["createRuntime"]}
    (folder / "one.json").write_text(json.dumps(hook))
    podman.fails("--hooks-dir", folder, "run", "--rm", IMAGE, "true", code=126, says="hook")
