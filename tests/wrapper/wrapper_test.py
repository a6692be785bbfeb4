#!/usr/bin/env python3
"""gocker run and what shows and removes containers, against a real registry and the real kernel.

    tests/wrapper/wrapper_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import fixture
import registry
from fixture import ROOT, Terminal, contains, equal, test, wait_until


@test
def run_prints_what_the_program_prints(gocker, image):
    out, err = gocker("run", "--rm", image, "echo", "hello", "big  world")
    equal(out, "hello big  world\n")
    equal(err, "")


@test
def run_without_a_command_runs_the_images_own(gocker, image):
    equal(gocker("run", "--rm", image)[0], "the image's own command\n")


@test
def run_ends_with_the_exit_code_of_the_program(gocker, image):
    gocker("run", "--rm", image, "sh", "-c", "exit 7", code=7)
    gocker("run", "--name", "seven", image, "sh", "-c", "exit 7", code=7)
    gocker("rm", "seven")
    gocker("run", "--rm", image, "sh", "-c", "kill -KILL $$", code=0)  # pid 1 is immune to itself
    gocker("run", "--rm", image, "sh", "-c", "sh -c 'kill -KILL $$'; exit $?", code=137)


@test
def only_a_container_that_stays_is_synced(gocker, image):
    for options, is_volatile in ((["--rm"], True), (["--name", "stays"], False)):
        mounts, _ = gocker("run", *options, image, "cat", "/proc/self/mountinfo")
        root = next(line for line in mounts.splitlines() if line.split()[4] == "/")
        # "volatile" or, on newer kernels, "fsync=volatile".
        equal(root.endswith("volatile"), is_volatile, root)
    gocker("rm", "stays")


@test
def run_with_rm_leaves_nothing(gocker, image):
    gocker("run", "--rm", "--name", "brief", image, "true")
    gocker.check_clean()


@test
def run_without_rm_leaves_a_stopped_container(gocker, image):
    gocker("run", "--name", "kept", image, "sh", "-c", "echo data > /file")
    equal(gocker.status("kept"), "exited")
    equal(gocker("rm", "kept")[0], "kept\n")
    gocker.check_clean()


@test
def run_pulls_a_missing_image_once(gocker, image):
    other = image.replace("/demo/busybox", "/demo/second")
    out, err = gocker("run", "--rm", other, "echo", "done")
    equal(out, "done\n", "stdout has the container's output only")
    contains(err, f"gocker: {other} is not in the local store, pulling it\n")
    equal(gocker("run", "--rm", other, "echo", "done")[1], "")


@test
def variables_reach_the_program(gocker, image):
    out, _ = gocker("run", "--rm", "-e", "ONE=1 and", "--env", "TWO", "-e", "ABSENT", "--env=THREE=3=3",
                    image, "env", env={"TWO": "from outside", "LOCAL": "not passed"})
    lines = out.splitlines()
    for line in ("ONE=1 and", "TWO=from outside", "THREE=3=3", "FROM_IMAGE=yes"):
        if line not in lines:
            raise AssertionError(f"{line} is not in {lines}")
    for name in ("ABSENT", "LOCAL", "GOCKER_ROOT"):
        if any(line.startswith(name + "=") for line in lines):
            raise AssertionError(f"{name} is in {lines}")


@test
def volumes_show_the_hosts_files(gocker, image):
    volume = gocker.folder / "some volume"
    volume.mkdir()
    (volume / "in").write_text("from the host\n")
    gocker("run", "--rm", "-v", f"{volume}:/data", image, "sh", "-c", "cat /data/in > /data/out")
    equal((volume / "out").read_text(), "from the host\n")
    out, _ = gocker("run", "--rm", "-v", f"{volume}:/data:ro", image, "sh", "-c",
                    "cat /data/in; touch /data/new 2>/dev/null || echo refused")
    equal(out, "from the host\nrefused\n")
    equal(sorted(os.listdir(volume)), ["in", "out"])


@test
def relative_volumes_start_here(gocker, image):
    here = gocker.folder / "here"
    here.mkdir(exist_ok=True)
    (here / "file").write_text("relative\n")
    done = subprocess.run([gocker.program, "run", "--rm", "-v", "./file:/file", image, "cat", "/file"],
                          cwd=here, env=gocker.env, capture_output=True, text=True)
    equal((done.stdout, done.returncode), ("relative\n", 0), done.stderr)


@test
def the_working_directory_is_chosen(gocker, image):
    equal(gocker("run", "--rm", image, "pwd")[0], "/home/ann\n", "the image's")
    equal(gocker("run", "--rm", "-w", "/tmp", image, "pwd")[0], "/tmp\n")


@test
def users_are_names_or_numbers(gocker, image):
    equal(gocker("run", "--rm", image, "id", "-u")[0], "0\n")
    equal(gocker("run", "--rm", "-u", "ann", image, "sh", "-c", "id -u; id -g")[0], "1000\n1001\n")
    equal(gocker("run", "--rm", "--user", "5:6", image, "sh", "-c", "id -u; id -g")[0], "5\n6\n")
    contains(gocker.fails("run", "--rm", "-u", "nobody-here", image, "id", code=125), "nobody-here")
    gocker.check_clean()


@test
def the_hostname_is_the_id_or_as_told(gocker, image):
    equal(gocker("run", "--rm", "-h", "box", image, "hostname")[0], "box\n")
    name = gocker("run", "--rm", image, "hostname")[0]
    if not re.fullmatch(r"[0-9a-f]{12}\n", name):
        raise AssertionError(f"{name!r} is no ID")


@test
def the_entrypoint_can_be_replaced(gocker, image):
    equal(gocker("run", "--rm", "--entrypoint", "/bin/echo", image, "-n", "x")[0], "x")


@test
def a_read_only_root_cannot_be_written(gocker, image):
    out, _ = gocker("run", "--rm", "--read-only", image, "sh", "-c", "touch /x 2>/dev/null || echo no")
    equal(out, "no\n")


@test
def without_a_network_there_is_only_the_loopback(gocker, image):
    out, _ = gocker("run", "--rm", "--network", "none", image, "ls", "/sys/class/net")
    equal(out, "lo\n")


@test
def the_hosts_network_is_shared_when_asked(gocker, image):
    mine = os.readlink("/proc/self/ns/net") + "\n"
    out, _ = gocker("run", "--rm", "--network=host", image, "sh", "-c", "ls -l /proc/self/ns/net")
    contains(out, mine)


@test
def limits_are_written_to_the_cgroup(gocker, image):
    with gocker.running("--memory", "64m", "--pids-limit", "17", image, "sleep", "100"):
        container = gocker.containers()[0]
        report = subprocess.run([gocker.bin / "gocker-runtime", "--root", gocker.state / "runtime",
                                 "state", container], capture_output=True, text=True, check=True)
        pid = re.search(r'"pid":\s*(\d+)', report.stdout).group(1)
        found = {}
        for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for folder in (controllers.removeprefix("name=") or "unified", ""):
                for name in ("memory.limit_in_bytes", "memory.max", "pids.max"):
                    file = pathlib.Path("/sys/fs/cgroup") / folder / path.lstrip("/") / name
                    if file.is_file():
                        found[name.split(".")[0]] = file.read_text().strip()
        equal(found, {"memory": str(64 << 20), "pids": "17"})
    gocker.check_clean()


@test
def standard_input_is_empty_without_i(gocker, image):
    equal(gocker("run", "--rm", image, "wc", "-c", text="abc")[0].strip(), "0")
    equal(gocker("run", "--rm", "-i", image, "wc", "-c", text="abc")[0].strip(), "3")


@test
def a_terminal_has_size_and_signals(gocker, image):
    # A signal may end the shell's read, which is no reason to stop.
    script = ("trap 'echo caught' INT; stty size; i=0; while test $((i += 1)) -lt 100; do "
              "read line && echo got:$line && test $line = end && exit 7; done; exit 9")
    terminal = Terminal(gocker, "run", "--rm", "-it", image, "sh", "-c", script, rows=33, columns=111)
    terminal.read_until("33 111")
    terminal.type("one\n")
    terminal.read_until("got:one")
    terminal.type("\x03")
    terminal.read_until("caught")
    terminal.type("end\n")
    equal(terminal.end(), 7)
    gocker.check_clean()


@test
def a_terminals_new_size_reaches_the_container(gocker, image):
    terminal = Terminal(gocker, "run", "--rm", "-it", image, "sh", "-c",
                        "stty size; until stty size | grep '21 71'; do sleep 0.05; done",
                        rows=20, columns=70)
    terminal.read_until("20 70")
    terminal.resize(21, 71)
    terminal.read_until("21 71")
    equal(terminal.end(), 0)


@test
def ctrl_c_without_a_terminal_of_its_own_ends_the_container_once(gocker, image):
    # -i alone: this terminal's Ctrl-C goes to the whole process group.
    script = "trap 'count=x$count; echo caught' INT; echo ready; " \
             "until read line && test $line = end; do :; done; echo end:$count; exit 5"
    terminal = Terminal(gocker, "run", "--rm", "-i", image, "sh", "-c", script)
    terminal.read_until("ready")
    terminal.type("\x03")
    terminal.read_until("caught")
    time.sleep(0.5)  # for a second one, which there must not be
    terminal.type("end\n")
    code = terminal.end()
    contains(terminal.output, "end:x\r\n")
    equal(code, 5)
    gocker.check_clean()


@test
def a_terminal_needs_one_here(gocker, image):
    contains(gocker.fails("run", "--rm", "-it", image, "true", code=125), "needs a terminal")
    gocker.check_clean()


@test
def signals_to_the_wrapper_reach_the_program(gocker, image):
    for options in (["--rm"], []):
        for name, number in (("TERM", signal.SIGTERM), ("INT", signal.SIGINT), ("HUP", signal.SIGHUP)):
            process = gocker.start("run", *options, image, "sh", "-c",
                                   f"trap 'echo {name}; exit 9' {name}; echo ready; "
                                   "while true; do sleep 0.05; done")
            equal(process.stdout.readline(), "ready\n")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            equal((out, err, process.returncode), (name + "\n", "", 9), f"{options} {name}")
        gocker.remove_everything()
    gocker.check_clean()


@test
def a_program_that_is_missing_is_named(gocker, image):
    process = subprocess.run([gocker.program, "run", "--rm", image, "/no/such/program"],
                             env=gocker.env, capture_output=True, text=True)
    if process.returncode == 0:
        raise AssertionError("exit code 0")
    equal(process.stderr.count("\n"), 1, process.stderr)
    contains(process.stderr, "/no/such/program")
    gocker.check_clean()


@test
def images_lists_and_rmi_removes(gocker, image):
    name = image.replace("/demo/busybox", "/demo/third")
    gocker("pull", name)
    contains(gocker("images")[0], "/demo/third")
    gocker("run", "--name", "user", name, "true")
    contains(gocker.fails("rmi", name), gocker.containers()[0])
    contains(gocker("images")[0], "/demo/third")
    gocker("rm", "user")
    gocker("rmi", name)
    if "/demo/third" in gocker("images")[0]:
        raise AssertionError("still listed")


@test
def ps_lists_what_runs(gocker, image):
    equal(gocker("ps")[0].split(), "ID IMAGE COMMAND CREATED STATUS PORTS NAME".split())
    with gocker.running(image, "sleep", "100"):
        container = gocker.containers()[0]
        line = gocker("ps")[0].splitlines()[1]
        for part in (container, image, "sleep 100", "Up ", "runner"):
            contains(line, part)
        equal(gocker("ps", "-q")[0], container + "\n")
    gocker("run", "--name", "over", image, "true")
    equal(len(gocker("ps")[0].splitlines()), 1)
    contains(gocker("ps", "-a")[0], "Exited (0)")
    gocker("rm", "over")


@test
def rm_refuses_a_running_container_without_force(gocker, image):
    with gocker.running(image, "sleep", "100") as process:
        contains(gocker.fails("rm", "runner"), "is running; gocker rm -f")
        equal(gocker("rm", "-f", "runner")[0], "runner\n")
        process.communicate(timeout=60)
        equal(process.returncode, 137)
    gocker.check_clean()


@test
def rm_takes_the_beginning_of_an_id(gocker, image):
    gocker("run", image, "true")
    gocker("rm", gocker.containers()[0][:4])
    gocker.check_clean()


@test
def rm_goes_on_after_one_that_is_missing(gocker, image):
    gocker("run", "--name", "there", image, "true")
    out, err = gocker("rm", "absent", "there", code=1)
    equal(out, "there\n")
    equal(err, "gocker: no container 'absent'; gocker ps -a lists them\n")
    contains(gocker.fails("rm", "../etc"), "no container '../etc'")
    gocker.check_clean()


@test
def names_are_unique_while_they_are_used(gocker, image):
    gocker("run", "--name", "once", image, "true")
    contains(gocker.fails("run", "--name", "once", image, "true", code=125), "'once' is taken")
    equal(len(gocker.containers()), 1)
    gocker("rm", "once")
    gocker("run", "--rm", "--name", "once", image, "true")
    contains(gocker.fails("run", "--name", "a/b", image, "true", code=125), "'a/b' is no name")
    gocker.check_clean()


@test
def many_containers_run_at_once(gocker, image):
    running = [gocker.start("run", "--rm", image, "echo", str(i)) for i in range(12)]
    for number, process in enumerate(running):
        out, err = process.communicate(timeout=60)
        equal((out, err, process.returncode), (f"{number}\n", "", 0))
    gocker.check_clean()


@test
def a_killed_wrapper_leaves_what_rm_removes(gocker, image):
    process = gocker.start("run", "--rm", "--name", "orphan", image, "sleep", "100")
    wait_until(lambda: gocker.status("orphan") == "running", "start")
    process.kill()
    process.wait()
    equal(gocker.status("orphan"), "running")
    gocker("rm", "-f", "orphan")
    process.communicate()
    gocker.check_clean()


@test
def what_is_unknown_is_named(gocker, image):
    equal(gocker.fails("rnu"), "gocker: unknown verb 'rnu' (gocker help lists them); "
                               "did you mean 'run'?\n")
    equal(gocker.fails("xyzzyx"), "gocker: unknown verb 'xyzzyx' (gocker help lists them)\n")
    contains(gocker.fails("run", "--nope", image, code=125), 'unknown option "--nope"')
    contains(gocker.fails("run", "-e", code=125), "flag needs an argument: -e")
    contains(gocker.fails("run", code=125), "which image?")
    contains(gocker.fails("pull"), "which image?")
    contains(gocker.fails("../run"), "unknown verb '../run'")


@test
def an_unknown_image_fails_in_one_line(gocker, image):
    missing = image.replace("/demo/busybox", "/demo/missing")
    contains(gocker.fails("pull", missing), "/demo/missing")
    _, err = gocker("run", "--rm", missing, "true", code=125)
    equal(err.count("\n"), 2, err)  # that it pulls, and why it cannot
    gocker.check_clean()


@test
def a_registry_that_is_down_fails_in_one_line(gocker, image):
    with registry.closed_port() as port:
        missing = f"127.0.0.1:{port}/demo/busybox"
        contains(gocker.fails("pull", missing), missing.split("/")[0])
        gocker("run", "--rm", missing, "true", code=125)
    gocker.check_clean()


@test
def every_verb_has_help(gocker, image):
    overview = gocker("help")[0]
    for file in (ROOT / "scripts/gocker.d/verbs").iterdir():
        contains(overview, f"  {file.stem} ")
        text = gocker("help", file.stem)[0]
        contains(text, f"gocker {file.stem}: ")
        contains(text, f"\n  gocker {file.stem}")
        equal(gocker(file.stem, "--help")[0], text)
    equal(gocker()[0], overview)
    contains(gocker.fails("help", "pul"), "did you mean 'pull'?")


@test
def version_names_both_programs(gocker, image):
    out, _ = gocker("version")
    contains(out, "gocker-image ")
    contains(out, "gocker-runtime ")
    equal(gocker("--version")[0], out)


@test
def links_lead_to_the_programs(gocker, image):
    link = gocker.folder / "link"
    link.symlink_to("bin/gocker")
    contains(gocker("version", program=link)[0], "gocker-runtime")
    lonely = gocker.folder / "lonely"
    lonely.mkdir()
    shutil.copy(ROOT / "scripts/gocker", lonely)
    done = subprocess.run([lonely / "gocker", "ps"], capture_output=True, text=True, env=gocker.env)
    equal((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)


@test
def an_installed_gocker_works(gocker, image):
    prefix = gocker.folder / "usr"
    (prefix / "libexec").mkdir(parents=True)
    shutil.copytree(gocker.bin, prefix / "bin")  # the links are followed
    shutil.copytree(ROOT / "scripts/gocker.d", prefix / "libexec/gocker")
    out, _ = gocker("run", "--rm", image, "echo", "installed", program=prefix / "bin/gocker")
    equal(out, "installed\n")


fixture.main()
