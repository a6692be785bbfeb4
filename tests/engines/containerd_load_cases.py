"""Cases of containerd: daemons and shims that end, many containers at once."""

import contextlib
import os
import pathlib
import signal
import time

import host
import proc
from engine import case, contains, equal, wait_until

CONTAINERS = int(os.environ.get("GOCKER_ENGINES_CONTAINERS", "12"))
MOMENTS = int(os.environ.get("GOCKER_TEST_MOMENTS", "8"))
CREATE_SECONDS = 0.008  # more or less


@case("containers outlive the daemon, which finds them again")
def daemon_restart(ctr):
    log = ctr.folder / "restart.log"
    script = "while [ ! -e /tmp/stop ]; do echo line; sleep 0.05; done; exit 4"
    with ctr.running(), \
            ctr.running("--log-uri", f"file://{log}", words=("sh", "-c", script), name="talker"):
        for number in (signal.SIGTERM, signal.SIGKILL):
            before = ctr.tasks()
            ctr.stop_daemon(number)
            ctr.start_daemon()
            equal(ctr.tasks(), before)
            equal(ctr.exec("echo", "still"), "still")
            size = log.stat().st_size
            wait_until(lambda: log.stat().st_size > size, "more lines")
        ctr.exec("touch", "/tmp/stop", name="talker")
        wait_until(lambda: ctr.status("talker") == "STOPPED", "the end")
        equal(ctr.exit_code("talker"), 4)


@case("a container that ends while there is no daemon has its exit code afterwards")
def ended_meanwhile(ctr):
    with ctr.running(words=("sh", "-c", "while [ ! -e /tmp/stop ]; do sleep 0.05; done; exit 6")):
        pid = ctr.pid()
        ctr.stop_daemon(signal.SIGKILL)
        pathlib.Path(f"/proc/{pid}/root/tmp/stop").touch()
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "the end of the program")
        ctr.start_daemon()
        wait_until(lambda: ctr.status() == "STOPPED", "the end")
        equal(ctr.exit_code("box"), 6)


def shims_of(ctr, container):
    return [pid for pid, words in ctr.shims().items() if f"-id {container} " in words + " "]


def groups_of(container):
    return [group for group in host.control_groups() if container in pathlib.Path(group).name]


@case("a shim that is killed takes its container along")
def shim_killed(ctr):
    with ctr.running():
        pid = ctr.pid()
        for shim in shims_of(ctr, "box"):
            os.kill(shim, signal.SIGKILL)
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "the end of the program")
        wait_until(lambda: ctr.status() == "none", "containerd's notice")
        wait_until(lambda: not groups_of("box"), "the end of its groups")


def wait_for_create(ctr, name, call):
    """Until the shim has called `create`, which does not take long: without a pause in between."""
    while call.poll() is None:
        for words in host.processes().values():
            if words.startswith(str(ctr.runtime)) and " create " in words and words.endswith(name):
                return


@case("a shim that is killed while it creates leaves nothing that delete --force can't clean")
def shim_killed_in_create(ctr):
    state = pathlib.Path(ctr.state_folders()[0])
    cut_off = 0
    for attempt in range(3 * MOMENTS):  # on a busy machine some are too fast to be seen
        name = f"killed{attempt}"
        call = ctr.background(*ctr.run_words("--detach", words=["sleep", "1000"], name=name))
        wait_for_create(ctr, name, call)
        time.sleep(CREATE_SECONDS * cut_off / MOMENTS)
        for shim in shims_of(ctr, name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(shim, signal.SIGKILL)
        call.communicate(timeout=120)
        cut_off += call.returncode != 0
        proc.run(ctr.runtime, "--root", state, "delete", "--force", name)
        ctr.remove(name)
        wait_until(lambda: not (state / name).exists() and not groups_of(name), f"the end of {name}")
        wait_until(lambda: not [words for words in host.processes().values() if name in words],
                   f"the end of the processes of {name}")
        if cut_off == MOMENTS:
            break
    equal(ctr.tasks(), {})
    equal(cut_off >= MOMENTS / 2, True, f"{cut_off} creations were cut off")


@case("many containers at once: none is lost, nothing is left")
def many(ctr):
    names = [f"many{number}" for number in range(CONTAINERS)]
    calls = [ctr.background(*ctr.run_words("--detach", words=["sleep", "1000"], name=name))
             for name in names]
    for call in calls:
        _, errors = call.communicate(timeout=180)
        equal((call.returncode, errors), (0, ""))
    equal({name: status for name, (_, status) in ctr.tasks().items()}, dict.fromkeys(names, "RUNNING"))
    equal(len({pid for pid, _ in ctr.tasks().values()}), len(names))
    calls = [ctr.background("tasks", "delete", "--force", name) for name in names]
    for call in calls:
        call.communicate(timeout=180)
    equal(ctr.tasks(), {})
    ctr("containers", "remove", *names)
    contains(ctr("containers", "list"), "CONTAINER")
    equal(ctr("containers", "list", "--quiet"), "")
