#!/usr/bin/env python3
"""Containers by name: what happens to them from create to rm, against the real kernel and conmon.

    tests/wrapper/containers_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json
import os
import pathlib
import re
import subprocess
import time

import fixture
import registry
from fixture import Terminal, contains, equal, test, wait_until

ECHO_LOOP = "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.05; done"


def inspect(gocker, container):
    return json.loads(gocker("inspect", container)[0])[0]


def started(gocker, image, *words, name="box", options=()):
    """A container that runs in the background."""
    gocker("run", "-d", "--name", name, *options, image, *words)
    equal(gocker.status(name), "running")


@test
def create_start_stop_rm(gocker, image):
    identifier = gocker("create", "--name", "box", image, "sh", "-c", "echo up; sleep 100")[0].strip()
    if not re.fullmatch("[0-9a-f]{12}", identifier):
        raise AssertionError(f"{identifier!r} is no ID")
    equal(gocker.status("box"), "created")
    equal(gocker("start", "box")[0], "box\n")
    equal(gocker.status("box"), "running")
    equal(gocker("stop", "-t", "0", identifier[:5])[0], identifier[:5] + "\n")
    equal(gocker.status("box"), "exited")
    equal(gocker("start", "box")[0], "box\n", "a second time")
    equal(gocker.status("box"), "running")
    gocker("rm", "-f", "box")
    gocker.check_clean()


@test
def create_in_the_spelling_of_name_and_image(gocker, image):
    gocker("create", "-name", "box", "-image", image, "echo", "hello")
    equal(gocker("start", "-a", "box")[0], "hello\n")
    gocker("create", "-name", "own", "-image", image)
    equal(gocker("start", "-a", "own")[0], "the image's own command\n")
    gocker("rm", "box", "own")
    gocker.check_clean()


@test
def what_a_container_wrote_is_there_when_it_starts_again(gocker, image):
    gocker("run", "--name", "box", image, "sh", "-c", "cat /f 2>/dev/null; echo more >> /f")
    equal(gocker("start", "-a", "box")[0], "more\n")
    equal(gocker("start", "-a", "box")[0], "more\nmore\n")
    gocker("rm", "box")


@test
def act_container_starts_a_stopped_one(gocker, image):
    started(gocker, image, "sleep", "100")
    gocker("stop", "-t", "0", "box")
    gocker("actContainer", "box")
    equal(gocker.status("box"), "running")
    gocker("rm", "-f", "box")


@test
def containers_lists_the_stopped_too(gocker, image):
    gocker("run", "--name", "over", image, "true")
    contains(gocker("containers")[0], "over")
    gocker("rmContainer", "over")
    if "over" in gocker("containers")[0]:
        raise AssertionError("still listed")
    gocker.check_clean()


@test
def rm_image_removes_an_image(gocker, image):
    name = image.replace("/demo/busybox", "/demo/third")
    gocker("pull", name)
    gocker("rmImage", name)
    if "/demo/third" in gocker("images")[0]:
        raise AssertionError("still listed")


@test
def the_image_is_shared_by_its_containers(gocker, image):
    layers = gocker.root / "layers"
    before = sorted(os.listdir(layers))
    for name in ("one", "two"):
        gocker("run", "--name", name, image, "sh", "-c", "echo mine > /etc/passwd; rm /bin/wc")
    equal(sorted(os.listdir(layers)), before, "layers")
    contains(gocker("run", "--rm", image, "cat", "/etc/passwd")[0], "ann")
    contains(gocker("run", "--rm", image, "ls", "/bin")[0], "wc")
    gocker("rm", "one", "two")


@test
def stop_sends_the_stop_signal_and_then_kills(gocker, image):
    script = "trap 'echo asked; exit 9' USR1; echo ready; while true; do sleep 0.05; done"
    started(gocker, image, "sh", "-c", script, options=["--stop-signal", "USR1"])
    wait_until(lambda: "ready" in gocker("logs", "box")[0], "the program")
    gocker("stop", "box")
    equal(gocker("logs", "box")[0], "ready\nasked\n")
    equal(inspect(gocker, "box")["State"]["ExitCode"], 9)
    gocker("rm", "box")
    started(gocker, image, "sh", "-c", "trap '' TERM; while true; do sleep 0.05; done")
    begun = time.monotonic()
    gocker("stop", "-t", "1", "box")
    if time.monotonic() - begun < 0.9:
        raise AssertionError("it was killed at once")
    equal(inspect(gocker, "box")["State"]["ExitCode"], 137)
    gocker("rm", "box")


@test
def a_stopped_container_says_so(gocker, image):
    gocker("run", "--name", "box", image, "true")
    contains(gocker.fails("exec", "box", "true", code=125), "does not run")
    for verb in ("attach", "top", "kill"):
        contains(gocker.fails(verb, "box"), "does not run")
    equal(gocker("stop", "box")[0], "box\n", "stopping it is fine")
    gocker("rm", "box")


@test
def a_name_is_taken_once(gocker, image):
    gocker("create", "--name", "box", image, "true")
    contains(gocker.fails("create", "--name", "box", image, "true"), "'box' is taken by container")
    contains(gocker.fails("run", "-d", "--name", "box", image, "true", code=125), "'box' is taken")
    equal(len(gocker.containers()), 1)
    gocker("create", "--name", "other", image, "true")
    contains(gocker.fails("rename", "box", "other"), "'other' is taken")
    gocker("rename", "box", "third")
    equal(gocker.status("third"), "created")
    gocker("create", "--name", "box", image, "true")
    gocker("rm", "box", "other", "third")
    gocker.check_clean()


@test
def an_unknown_container_suggests_the_nearest(gocker, image):
    gocker("create", "--name", "webserver", image, "true")
    equal(gocker.fails("start", "webserve"),
          "gocker: no container 'webserve'; did you mean 'webserver'?\n")
    gocker("rm", "webserver")
    contains(gocker.fails("stop", "zzz"), "no container 'zzz'; gocker ps -a lists them")


@test
def an_unknown_image_is_one_line(gocker, image):
    missing = image.replace("/demo/busybox", "/demo/nothing")
    contains(gocker.fails("create", "--pull", "never", missing, "true"), "/demo/nothing")
    _, err = gocker("run", "-d", missing, "true", code=125)
    equal(err.count("\n"), 2, err)
    gocker.check_clean()


@test
def a_registry_that_is_down_is_one_line(gocker, image):
    with registry.closed_port() as port:
        missing = f"127.0.0.1:{port}/demo/busybox"
        _, err = gocker("create", missing, "true", code=1)
    contains(err.splitlines()[-1], missing.split("/")[0])
    gocker.check_clean()


@test
def run_in_the_background_prints_the_id(gocker, image):
    identifier = gocker("run", "-d", image, "sleep", "100")[0].strip()
    equal(gocker("ps", "-q")[0], identifier + "\n")
    gocker("rm", "-f", identifier)
    gocker.check_clean()


@test
def rm_of_a_background_container_goes_by_itself(gocker, image):
    gocker("run", "-d", "--rm", "--name", "brief", image, "sh", "-c", "exit 3")
    wait_until(lambda: gocker.status("brief") is None, "its removal")
    gocker.check_clean()


@test
def run_takes_limits_before_the_image(gocker, image):
    started(gocker, image, "sleep", "100", options=["--cpus", "0.5", "--mem", "64m", "--pids", "17"])
    pid = inspect(gocker, "box")["State"]["Pid"]
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for name in ("memory.limit_in_bytes", "memory.max", "pids.max", "cpu.cfs_quota_us", "cpu.max"):
            for folder in (controllers.removeprefix("name=") or "unified", ""):
                file = pathlib.Path("/sys/fs/cgroup") / folder / path.lstrip("/") / name
                if file.is_file():
                    found[name.split(".")[0]] = file.read_text().split()[0]
    equal(found, {"memory": str(64 << 20), "pids": "17", "cpu": "50000"})
    gocker("rm", "-f", "box")


@test
def exec_runs_in_the_container(gocker, image):
    started(gocker, image, "sleep", "100", options=["-e", "FROM_RUN=yes"])
    out, _ = gocker("exec", "box", "sh", "-c", "echo $$ $FROM_RUN; pwd; exit 5", code=5)
    contains(out, " yes\n/home/ann\n")
    out, _ = gocker("exec", "-e", "X=1", "-u", "ann", "-w", "/tmp", "box", "sh", "-c",
                    "echo $X; id -u; pwd")
    equal(out, "1\n1000\n/tmp\n")
    equal(gocker("exec", "-i", "box", "cat", text="typed")[0], "typed")
    equal(gocker("exec", "box", "wc", "-c", text="typed")[0].strip(), "0")
    gocker("exec", "-d", "box", "sh", "-c", "echo later > /later")
    wait_until(lambda: gocker("exec", "box", "cat", "/later", code=None)[0] == "later\n", "the file")
    gocker("rm", "-f", "box")


@test
def exec_has_a_terminal(gocker, image):
    started(gocker, image, "sleep", "100")
    terminal = Terminal(gocker, "exec", "-it", "box", "sh", "-c", "stty size; read x; exit 7",
                        rows=22, columns=88)
    terminal.read_until("22 88")
    terminal.type("\n")
    equal(terminal.end(), 7)
    gocker("rm", "-f", "box")


@test
def logs_are_kept_and_followed(gocker, image):
    gocker("run", "--name", "box", image, "sh", "-c", "echo out; echo err >&2; echo -n half")
    equal(gocker("logs", "box"), ("out\nhalf", "err\n"))
    equal(gocker("logs", "--tail", "2", "box"), ("half", "err\n"), "conmon reads stdout first")
    line = gocker("logs", "-t", "box")[0].splitlines()[0]
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 out", line):
        raise AssertionError(repr(line))
    equal(gocker("logs", "--since", "2999-01-01", "box")[0], "")
    equal(gocker("logs", "--since", "1h", "box")[0], "out\nhalf")
    contains(gocker.fails("logs", "--since", "soon", "box", code=2), "'soon' is no time")
    gocker("rm", "box")
    gocker("run", "-d", "--name", "box", image, "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.3; done")
    equal(gocker("logs", "-f", "box")[0], "1\n2\n3\n")
    gocker("rm", "-f", "box")


@test
def logs_stay_below_their_size(gocker, image):
    gocker("run", "--name", "box", "--log-opt", "max-size=20k", image, "sh", "-c",
           "i=0; while test $i -lt 3000; do echo line number $i; i=$((i+1)); done")
    log = gocker.root / "containers" / inspect(gocker, "box")["Id"] / "log"
    if log.stat().st_size > 25_000:
        raise AssertionError(log.stat().st_size)
    contains(gocker("logs", "--tail", "1", "box")[0], "line number 2999")
    gocker("rm", "box")


@test
def ps_filters_and_speaks_json(gocker, image):
    started(gocker, image, "sleep", "100", options=["-l", "tier=web"])
    gocker("run", "--name", "over", image, "sh", "-c", "exit 3", code=3)
    by = {entry["name"]: entry for entry in json.loads(gocker("ps", "-a", "--format", "json")[0])}
    equal((by["box"]["status"], by["over"]["status"], by["over"]["exitCode"]), ("running", "exited", 3))
    for filters, names in ((["status=exited"], ["over"]), (["label=tier=web"], ["box"]),
                           (["name=bo"], ["box"]), (["exited=3"], ["over"]), (["exited=0"], [])):
        options = [word for each in filters for word in ("-f", each)]
        found = json.loads(gocker("ps", "-a", *options, "--format", "json")[0])
        equal([entry["name"] for entry in found], names, str(filters))
    contains(gocker.fails("ps", "-f", "colour=red"), "unknown filter 'colour'")
    contains(gocker("ps", "-a")[0], "Exited (3)")
    gocker("rm", "over")
    gocker("rm", "-f", "box")


@test
def inspect_tells_all_or_parts(gocker, image):
    started(gocker, image, "sleep", "100", options=["--label", "a=b"])
    found = inspect(gocker, "box")
    equal((found["Name"], found["State"]["Status"], found["Config"]["Cmd"], found["Config"]["Labels"]["a"]),
          ("box", "running", ["sleep", "100"], "b"))
    equal(gocker("inspect", "-f", "{{.State.Status}} {{.Name}}", "box")[0], "running box\n")
    contains(gocker.fails("inspect", "-f", "{{.No.Such}}", "box"), "there is no '.No.Such'")
    gocker("rm", "-f", "box")


@test
def kill_wait_restart_top_pause(gocker, image):
    started(gocker, image, "sh", "-c", "trap 'exit 4' USR2; echo ready; while true; do sleep 0.05; done")
    contains(gocker("top", "box")[0], "trap")
    wait_until(lambda: "ready" in gocker("logs", "box")[0], "the program")
    waiting = gocker.start("wait", "box")
    time.sleep(0.3)  # so that it does wait; what comes later is told as well
    gocker("kill", "-s", "USR2", "box")
    equal(waiting.communicate(timeout=60)[0], "4\n")
    equal(gocker("wait", "box")[0], "4\n", "afterwards, too")
    contains(gocker.fails("kill", "-s", "NOPE", "box", code=2), "NOPE")
    gocker("start", "box")
    before = inspect(gocker, "box")["State"]["Pid"]
    gocker("restart", "-t", "0", "box")
    if inspect(gocker, "box")["State"]["Pid"] == before:
        raise AssertionError("the same process")
    gocker("pause", "box")
    equal(gocker.status("box"), "paused")
    gocker("unpause", "box")
    equal(gocker.status("box"), "running")
    gocker("rm", "-f", "box")


@test
def restart_policies_are_followed(gocker, image):
    gocker("run", "-d", "--name", "box", "--restart", "on-failure:2", image, "sh", "-c",
           "echo run; exit 3")
    wait_until(lambda: gocker("logs", "box")[0].count("run") == 3, "three runs")
    wait_until(lambda: gocker.status("box") == "exited", "the end")
    equal(inspect(gocker, "box")["RestartCount"], 2)
    gocker("rm", "box")
    gocker("run", "-d", "--name", "box", "--restart", "always", image, "sh", "-c", "echo run; sleep 0.1")
    wait_until(lambda: gocker("logs", "box")[0].count("run") >= 2, "another run")
    gocker("stop", "-t", "0", "box")
    count = gocker("logs", "box")[0].count("run")
    time.sleep(1)
    equal(gocker("logs", "box")[0].count("run"), count, "a stopped one rests")
    gocker("rm", "box")
    contains(gocker.fails("run", "--rm", "--restart", "always", image, "true", code=125), "exclude")
    gocker.check_clean()


@test
def attach_shows_and_types_and_detaches(gocker, image):
    started(gocker, image, "sh", options=["-it"])
    terminal = Terminal(gocker, "attach", "box", rows=31, columns=99)
    # The size takes another way to the container than what is typed.
    terminal.type("until stty size | grep '31 [9]9'; do sleep 0.1; done\n")
    terminal.read_until("31 99")
    terminal.type("\x10\x11")
    equal(terminal.end(), 0)
    equal(gocker.status("box"), "running")
    Terminal(gocker, "attach", "box").close()
    equal(gocker.status("box"), "running", "after its terminal is gone")
    terminal = Terminal(gocker, "attach", "box")
    terminal.type("exit 6\n")
    equal(terminal.end(), 6)
    gocker("rm", "box")


@test
def run_without_rm_keeps_log_and_exit_code(gocker, image):
    out, err = gocker("run", "--name", "box", "-i", image, "sh", "-c", "cat; echo e >&2; exit 9",
                      code=9, text="typed\n")
    equal((out, err), ("typed\n", "e\n"))
    equal(gocker("logs", "box"), ("typed\n", "e\n"))
    gocker("rm", "box")


@test
def volumes_are_named_or_come_with_the_image(gocker, image):
    gocker("run", "--rm", "-v", "data:/data", image, "sh", "-c", "echo kept > /data/file")
    equal(gocker("run", "--rm", "-v", "data:/d:ro", image, "sh", "-c",
                 "cat /d/file; touch /d/x 2>/dev/null || echo refused")[0], "kept\nrefused\n")
    gocker("create", "--name", "box", "-v", "data:/data", "-v", "/anonymous", image, "true")
    contains(gocker.fails("volume", "rm", "data"), "it is used by box")
    equal(len(gocker("volume", "ls", "-q")[0].split()), 2)
    gocker("rm", "-v", "box")
    equal(gocker("volume", "ls", "-q")[0], "data\n")
    gocker("volume", "rm", "data")


@test
def mounts_in_memory_and_by_fields(gocker, image):
    folder = gocker.folder / "fields"
    folder.mkdir()
    out, _ = gocker("run", "--rm", "--tmpfs", "/t:size=1m", "--mount",
                    f"type=bind,source={folder},target=/b,readonly", image, "sh", "-c",
                    "mount | grep -c -e 'on /t type tmpfs.*size=1024k' -e 'on /b .*ro,'")
    equal(out, "2\n")
    contains(gocker.fails("run", "--rm", "-v", "/a:/b:huh", image, "true", code=125), "'huh'")
    contains(gocker.fails("run", "--rm", "-v", "/no/such:/b", image, "true", code=125), "/no/such")
    gocker.check_clean()


@test
def powers_are_given_and_taken(gocker, image):
    def capabilities(*options):
        out, _ = gocker("run", "--rm", *options, image, "sh", "-c", "cat /proc/self/status")
        return (int(re.search(r"CapEff:\s*(\w+)", out).group(1), 16),
                re.search(r"NoNewPrivs:\s*(\d)", out).group(1),
                re.search(r"Seccomp:\s*(\d)", out).group(1))

    usual = capabilities()[0]
    equal(capabilities("--cap-drop", "ALL"), (0, "0", "2"))
    equal(capabilities("--cap-drop", "all", "--cap-add", "chown")[0], 1)
    equal(capabilities("--cap-drop", "CAP_KILL")[0], usual & ~(1 << 5))
    equal(capabilities("--security-opt", "no-new-privileges")[1], "1")
    equal(capabilities("--security-opt", "seccomp=unconfined")[2], "0")
    contains(gocker.fails("run", "--rm", "--cap-add", "chwon", image, "true", code=125),
             "did you mean CAP_CHOWN?")
    out, _ = gocker("run", "--rm", "--device", "/dev/fuse", image, "sh", "-c", "ls -l /dev/fuse")
    contains(out, "10, 229")
    gocker.check_clean()


@test
def environment_comes_from_files_too(gocker, image):
    file = gocker.folder / "environment"
    file.write_text("# a comment\nONE=1\nTWO\n")
    out, _ = gocker("run", "--rm", "--env-file", file, "-e", "THREE=3", image, "env", env={"TWO": "two"})
    for line in ("ONE=1", "TWO=two", "THREE=3"):
        contains(out.split("\n"), line)


@test
def limits_and_parameters_reach_the_program(gocker, image):
    out, _ = gocker("run", "--rm", "--ulimit", "nofile=100:200", "--shm-size", "1m", "--group-add",
                    "extra", "--sysctl", "net.ipv4.ip_unprivileged_port_start=77", image, "sh", "-c",
                    "ulimit -Sn; ulimit -Hn; id -G; mount | grep -c '/dev/shm.*size=1024k'; "
                    "cat /proc/sys/net/ipv4/ip_unprivileged_port_start")
    equal(out, "100\n200\n0 1002\n1\n77\n")


@test
def the_id_is_written_to_a_new_file(gocker, image):
    file = gocker.folder / "cid"
    identifier = gocker("create", "--cidfile", file, image, "true")[0]
    equal(file.read_text(), identifier)
    contains(gocker.fails("create", "--cidfile", file, image, "true"), "File exists")
    gocker("rm", identifier.strip())
    gocker.check_clean()


@test
def prune_removes_what_does_not_run(gocker, image):
    started(gocker, image, "sleep", "100")
    gocker("run", "--name", "over", image, "true")
    subprocess.run([gocker.bin / "gocker-image", "container", "prune"], env=gocker.env, check=True,
                   stdout=subprocess.DEVNULL)
    equal((gocker.status("over"), gocker.status("box")), (None, "running"))
    gocker("rm", "-f", "box")


fixture.main()
