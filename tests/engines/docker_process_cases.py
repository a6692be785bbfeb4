"""Cases of docker: processes, terminals, limits, rights."""

import json
import time

import limits
import proc
from engine import IMAGE, case, contains, equal, wait_for_rest, wait_until


@case("the output of a command, both streams apart")
def output(docker):
    done = docker.try_run("run", "--rm", IMAGE, "sh", "-c", "echo out; echo err >&2")
    equal((done.returncode, done.stdout, done.stderr), (0, "out\n", "err\n"))


@case("the image's own command and environment")
def image_command(docker):
    equal(docker("run", "--rm", IMAGE), "the image's own command")
    equal(docker("run", "--rm", "--env", "OWN=1", IMAGE, "sh", "-c", "echo $FROM_IMAGE $OWN"), "yes 1")


@case("standard input reaches the program")
def standard_input(docker):
    equal(docker("run", "--rm", "--interactive", IMAGE, "wc", "-c", text="x" * 100000), "100000")


@case("exit codes of a program, and of a signal")
def exit_codes(docker):
    docker("run", "--rm", IMAGE, "true")
    docker("run", "--rm", IMAGE, "sh", "-c", "exit 7", code=7)
    docker("run", "--rm", IMAGE, "sh", "-c", "exit 255", code=255)
    with docker.running():
        docker("kill", "--signal", "KILL", "box")
        equal(docker("wait", "box"), "137")


@case("exit code 127 for a program that is not there")
def not_found(docker):
    for program, words in {"/no/such": 'exec: "/no/such": stat /no/such: no such file or directory',
                           "nosuch": 'exec: "nosuch": executable file not found in $PATH'}.items():
        docker.fails("run", "--rm", IMAGE, program, code=127, says=words)


@case("exit code 126 for a program that can't be run")
def not_executable(docker):
    docker.fails("run", "--rm", IMAGE, "/etc/passwd", code=126, says="permission denied")
    docker.fails("run", "--rm", IMAGE, "/etc", code=126, says='exec: "/etc": ')


@case("a container that can't be made is none")
def cannot_start(docker):
    docker.fails("run", "--rm", "--workdir", "/etc/passwd", IMAGE, "true", code=125,
                 says="not a directory")
    docker.fails("run", "--name", "box", IMAGE, "/no/such", code=127)
    equal(docker.status("box"), "created")
    docker("rm", "box")


@case("a terminal of the right size, that follows when it is resized")
def terminal_size(docker):
    # docker sends the size by a request of its own, some time after the start.
    wait = "until stty size | grep '{}'; do :; done"
    script = f"tty; {wait.format('33 111')}; {wait.format('44 99')}; exit 5"
    terminal = docker.on_terminal("run", "-it", "--rm", IMAGE, "sh", "-c", script)
    contains(terminal.read_until("33 111"), "/dev/pts/0")
    terminal.resize(44, 99)
    terminal.read_until("44 99")
    equal(terminal.end(), 5)


@case("control characters of a terminal")
def terminal_interrupt(docker):
    script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done"
    terminal = docker.on_terminal("run", "-it", "--rm", IMAGE, "sh", "-c", script)
    terminal.read_until("ready")
    terminal.type("\x03")
    terminal.read_until("caught")
    equal(terminal.end(), 9)


@case("a terminal that is left and attached to again")
def terminal_detach(docker):
    script = "while read -r line; do echo \\($line\\); done"
    terminal = docker.on_terminal("run", "-it", "--name", "box", IMAGE, "sh", "-c", script)
    terminal.type("once\n")
    terminal.read_until("(once)")
    terminal.type("\x10\x11")
    equal(terminal.end(), 0)
    equal(docker.status("box"), "running")
    terminal = docker.on_terminal("attach", "box")
    terminal.type("twice\n")
    terminal.read_until("(twice)")
    terminal.type("\x04")
    equal(terminal.end(), 0)
    docker("rm", "box")


@case("a read-only root with a terminal")
def terminal_read_only(docker):
    terminal = docker.on_terminal("run", "-it", "--rm", "--read-only", IMAGE, "sh", "-c", "touch /x; tty")
    contains(terminal.read_until("/dev/pts/0"), "Read-only file system")
    equal(terminal.end(), 0)


@case("detached, logs, stop, start and removal")
def detached(docker):
    script = "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.1; done"
    with docker.running(words=("sh", "-c", script)):
        wait_until(lambda: docker("logs", "box") == "hello", "the first line")
        docker("stop", "box")
        equal(docker.inspect("box", "State", "ExitCode"), 3)
        docker("start", "box")
        wait_until(lambda: docker("logs", "box") == "hello\nbye\nhello", "the second start")
        docker("restart", "box")
        equal(docker.status("box"), "running")
        docker("rm", "--force", "box")
        equal(docker("ps", "--all", "--quiet"), "")


@case("logs that are followed end with the container")
def follow_logs(docker):
    with docker.running(words=("sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done")):
        equal(docker("logs", "--follow", "box"), "1\n2\n3")
        equal(docker("logs", "--tail", "1", "box"), "3")


@case("stop kills what does not heed it, by the signal that was asked for")
def stop_signals(docker):
    script = "trap '{}' {}; echo ready; while :; do sleep 0.1; done"
    with docker.running("--stop-signal", "INT", words=("sh", "-c", script.format("exit 6", "INT"))):
        wait_until(lambda: docker("logs", "box") == "ready", "the program")
        docker("stop", "--time", "20", "box")
        equal(docker.inspect("box", "State", "ExitCode"), 6)
    with docker.running(words=("sh", "-c", script.format("", "TERM"))):
        docker("stop", "--time", "1", "box")
        equal(docker.inspect("box", "State", "ExitCode"), 137)


@case("signals by name and number")
def signals(docker):
    script = "trap 'echo one' USR1; trap 'echo rt' 36; echo ready; while :; do sleep 0.05; done"
    with docker.running(words=("bash", "-c", script)):
        wait_until(lambda: docker("logs", "box") == "ready", "the first line")
        docker("kill", "--signal", "SIGUSR1", "box")
        wait_until(lambda: docker("logs", "box").endswith("one"), "the first signal")
        docker("kill", "--signal", "36", "box")
        wait_until(lambda: docker("logs", "box").endswith("rt"), "the second signal")


@case("exec: output, exit codes, standard input")
def exec_(docker):
    with docker.running():
        done = docker.try_run("exec", "box", "sh", "-c", "echo out; echo err >&2; exit 9")
        equal((done.returncode, done.stdout, done.stderr), (9, "out\n", "err\n"))
        equal(docker("exec", "--interactive", "box", "wc", "-c", text="x" * 100000), "100000")
        docker("exec", "box", "sh", "-c", "kill -KILL $$", code=137)


@case("exec: user, environment, working directory")
def exec_options(docker):
    with docker.running("--env", "A=1"):
        text = docker("exec", "--user", "1000:50", "--env", "B=2", "--workdir", "/tmp", "box",
                      "sh", "-c", "id -u; id -g; pwd; echo $A $B")
        equal(text, "1000\n50\n/tmp\n1 2")


@case("exec: programs that are not there or can't be run")
def exec_errors(docker):
    with docker.running():
        docker("exec", "box", "nosuch", code=126)
        contains(docker("exec", "box", "/no/such", code=126), "no such file or directory")
        contains(docker("exec", "box", "/etc/passwd", code=126), "permission denied")
        equal(docker("exec", "box", "echo", "still"), "still")


@case("exec: a terminal of the right size")
def exec_terminal(docker):
    with docker.running():
        script = "tty; while ! stty size | grep '33 111'; do :; done; exit 3"
        terminal = docker.on_terminal("exec", "-it", "box", "sh", "-c", script)
        contains(terminal.read_until("33 111"), "/dev/pts/0")
        equal(terminal.end(), 3)


@case("exec: in the background")
def exec_detached(docker):
    with docker.running():
        docker("exec", "--detach", "box", "sh", "-c", "sleep 0.1; echo done > /tmp/f; sleep 1000")
        wait_until(lambda: docker.try_run("exec", "box", "cat", "/tmp/f").stdout == "done\n", "the file")
        contains(docker("top", "box"), "sleep 1000")


@case("exec: 30 at once, each with its own exit code")
def exec_many(docker):
    with docker.running():
        calls = [docker.background("exec", "box", "sh", "-c", f"sleep 0.1; exit {n}") for n in range(30)]
        for call in calls:
            call.communicate(timeout=60)
        equal([call.returncode for call in calls], list(range(30)))


@case("pause and unpause")
def pause(docker):
    with docker.running(words=("sh", "-c", "while :; do echo x; sleep 0.05; done")):
        docker("pause", "box")
        equal(docker.status("box"), "paused")
        before = wait_for_rest(lambda: docker("logs", "box"), "logs of a paused container")
        contains(docker.fails("exec", "box", "true", code=1), "is paused")
        docker("unpause", "box")
        wait_until(lambda: len(docker("logs", "box")) > len(before), "the next line")
        docker("pause", "box")
        docker("rm", "--force", "box")


@case("limits of memory, processors and processes")
def run_limits(docker):
    with docker.running("--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--cpuset-cpus", "0"):
        pid = docker.pid("box")
        equal((limits.memory(pid), limits.cpus(pid), limits.pids(pid), limits.processor_set(pid)),
              (64 << 20, 0.5, 50, "0"))


@case("limits are changed while it runs")
def update(docker):
    with docker.running("--memory", "64m", "--memory-swap", "64m"):
        pid = docker.pid("box")
        docker("update", "--memory", "128m", "--memory-swap", "128m", "box")
        docker("update", "--cpus", "0.25", "box")
        docker("update", "--pids-limit", "33", "box")
        docker("update", "--cpuset-cpus", "0", "box")
        equal((limits.memory(pid), limits.cpus(pid), limits.pids(pid), limits.processor_set(pid)),
              (128 << 20, 0.25, 33, "0"))
        equal(docker("exec", "box", "echo", "still"), "still")


@case("the limit of memory kills, and docker tells so")
def out_of_memory(docker):
    with docker.running("--memory", "16m", "--memory-swap", "16m", words=limits.EATER):
        root = limits.root_of(docker.pid("box"))
        begin = int(time.time())
        (root / "eat").touch()
        wait_until(lambda: docker("events", "--since", begin, "--until", int(time.time()) + 1,
                                  "--filter", "container=box", "--filter", "event=oom"), "docker's notice")
        (root / "end").write_text("now\n")
        equal(docker("wait", "box"), "3")
        equal(docker.inspect("box", "State", "OOMKilled"), True)


@case("the limit of processes is in force")
def pids_limit(docker):
    done = docker.try_run("run", "--rm", "--pids-limit", "3", IMAGE, "sh", "-c",
                          "sleep 20 & sleep 20 & sleep 20 & sleep 20 & wait")
    contains(done.stderr, "can't fork")


@case("a parent for the control group")
def cgroup_parent(docker):
    with docker.running("--cgroup-parent", "/parent-of-box", "--memory", "32m"):
        file = limits.group_file(docker.pid("box"), "memory", "cgroup.procs")
        contains(str(file), "/parent-of-box/")
    limits.remove_group("parent-of-box")


@case("a control group namespace of its own, or the host's")
def cgroup_namespace(docker):
    private = docker("run", "--rm", "--cgroupns", "private", IMAGE, "cat", "/proc/self/cgroup")
    equal([line for line in private.splitlines() if not line.endswith(":/")], [])
    contains(docker("run", "--rm", "--cgroupns", "host", IMAGE, "cat", "/proc/self/cgroup"), "/docker/")


@case("a read-only root with a tmpfs in it")
def read_only(docker):
    script = "touch /x 2>&1; touch /scratch/x && echo made; grep ' /scratch ' /proc/mounts"
    text = docker("run", "--rm", "--read-only", "--tmpfs", "/scratch:size=1m,mode=1777,noexec", IMAGE,
                  "sh", "-c", script)
    for part in ("Read-only file system", "made", "noexec", "size=1024k"):
        contains(text, part)


@case("capabilities: docker's own, none, one more")
def capabilities(docker):
    def of(*options):
        return docker("run", "--rm", *options, IMAGE, "cat", "/proc/self/status")
    equal(proc.field(of(), "CapEff"), "00000000a80425fb")
    none = of("--cap-drop", "ALL")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        equal(proc.field(none, name), "0" * 16, name)
    equal(proc.field(of("--cap-drop", "ALL", "--cap-add", "NET_ADMIN"), "CapEff"), "0000000000001000")
    equal(proc.field(of("--user", "1000"), "CapEff"), "0" * 16)


@case("no new privileges")
def no_new_privileges(docker):
    text = docker("run", "--rm", "--security-opt", "no-new-privileges", IMAGE, "cat", "/proc/self/status")
    equal(proc.field(text, "NoNewPrivs"), "1")


@case("seccomp: docker's profile, none, one of our own")
def seccomp(docker):
    def mode(*options):
        return proc.field(docker("run", "--rm", *options, IMAGE, "cat", "/proc/self/status"), "Seccomp")
    equal((mode(), mode("--security-opt", "seccomp=unconfined")), ("2", "0"))
    docker("run", "--rm", IMAGE, "unshare", "-m", "true", code=1)
    profile = docker.folder / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}))
    contains(docker("run", "--rm", "--security-opt", f"seccomp={profile}", IMAGE, "sh", "-c",
                    "mkdir /x 2>&1; touch /y && echo touched"), "Function not implemented\ntouched")


@case("users by number and name, with more groups")
def users(docker):
    def of(*options):
        return docker("run", "--rm", *options, IMAGE, "sh", "-c", "id -u; id -g; id -G").split("\n")
    equal(of(), ["0", "0", "0"])
    equal(of("--user", "4000"), ["4000", "0", "0"])
    equal(of("--user", "4000:50", "--group-add", "7"), ["4000", "50", "50 7"])
    equal(of("--user", "root:7"), ["0", "7", "7"])
    docker.fails("run", "--rm", "--user", "unheard-of", IMAGE, "true", code=125,
                 says="unable to find user")


@case("volumes: a folder, a file, read-only, by name")
def volumes(docker):
    folder = docker.folder / "volume"
    folder.mkdir(exist_ok=True)
    (folder / "file").write_text("from the host\n")
    docker("run", "--rm", "--volume", f"{folder}:/v", IMAGE, "sh", "-c", "cat /v/file > /v/copy")
    equal((folder / "copy").read_text(), "from the host\n")
    text = docker("run", "--rm", "--volume", f"{folder}:/v:ro", IMAGE, "sh", "-c", "touch /v/x 2>&1",
                  code=1)
    contains(text, "Read-only file system")
    equal(docker("run", "--rm", "--volume", f"{folder}/file:/etc/motd:ro", IMAGE, "cat", "/etc/motd"),
          "from the host")
    docker("run", "--rm", "--volume", "kept:/etc", IMAGE, "sh", "-c", "echo more > /etc/more")
    contains(docker("run", "--rm", "--volume", "kept:/v", IMAGE, "ls", "/v"), "passwd")
    docker("volume", "rm", "kept")


@case("mounts made on the host appear in a volume that asks for it")
def propagation(docker):
    folder = docker.folder / "shared"
    folder.mkdir(exist_ok=True)
    proc.run("mount", "-t", "tmpfs", "tmpfs", folder)
    proc.run("mount", "--make-shared", folder)
    try:
        with docker.running("--mount", f"type=bind,src={folder},dst=/v,bind-propagation=rslave"):
            (folder / "later").mkdir()
            proc.run("mount", "-t", "tmpfs", "tmpfs", folder / "later")
            (folder / "later/file").write_text("here\n")
            equal(docker("exec", "box", "cat", "/v/later/file"), "here")
    finally:
        proc.run("umount", "--recursive", folder)


@case("devices: those that were given, and no others")
def devices(docker):
    with docker.running("--device", "/dev/fuse:/dev/given:rw", "--cap-add", "MKNOD"):
        docker("exec", "box", "sh", "-c", "exec 3<>/dev/given")
        contains(limits.devices(docker.pid("box")), "c 10:229 rw")
        contains(docker("exec", "box", "sh", "-c", "mknod /kmsg c 1 11 && cat /kmsg 2>&1", code=1),
                 "Operation not permitted")


@case("limits of open files, and of what the kernel counts else")
def ulimits(docker):
    text = docker("run", "--rm", "--ulimit", "nofile=100:200", "--ulimit", "core=0", IMAGE, "bash", "-c",
                  "ulimit -Sn; ulimit -Hn; ulimit -c")
    equal(text, "100\n200\n0")


@case("kernel parameters")
def sysctl(docker):
    equal(docker("run", "--rm", "--sysctl", "net.ipv4.ip_unprivileged_port_start=7",
                 "--sysctl", "kernel.msgmax=9000", IMAGE, "cat",
                 "/proc/sys/net/ipv4/ip_unprivileged_port_start", "/proc/sys/kernel/msgmax"), "7\n9000")


@case("what of /proc and /sys is masked or read-only")
def masked(docker):
    script = "cat /proc/kcore | wc -c; echo 1 > /proc/sys/kernel/panic; touch /sys/x"
    done = docker.try_run("run", "--rm", IMAGE, "sh", "-c", script)
    equal(done.stdout, "0\n")
    equal(done.stderr.count("Read-only file system"), 2, done.stderr)


@case("names: host, domain, addresses")
def names(docker):
    text = docker("run", "--rm", "--hostname", "inside", "--add-host", "other:10.1.2.3", IMAGE, "sh", "-c",
                  "hostname; cat /etc/hosts")
    contains(text, "inside")
    contains(text, "10.1.2.3\tother")


@case("namespaces shared with another container, or with the host")
def shared_namespaces(docker):
    def namespace(kind, *options):
        return docker("run", "--rm", *options, IMAGE, "readlink", f"/proc/self/ns/{kind}")
    with docker.running("--ipc", "shareable"):
        for kind in ("pid", "ipc"):
            of_box = docker("exec", "box", "readlink", f"/proc/1/ns/{kind}")
            equal(namespace(kind, f"--{kind}", "container:box"), of_box)
        equal(namespace("net", "--network", "container:box"),
              docker("exec", "box", "readlink", "/proc/1/ns/net"))
    equal(namespace("uts", "--uts", "host"), proc.run("readlink", "/proc/self/ns/uts"))
    equal(namespace("ipc", "--ipc", "host"), proc.run("readlink", "/proc/self/ns/ipc"))
    equal(namespace("pid", "--pid", "host"), proc.run("readlink", "/proc/self/ns/pid"))


@case("shared memory of a given size")
def shared_memory(docker):
    text = docker("run", "--rm", "--shm-size", "1m", IMAGE, "grep", " /dev/shm ", "/proc/mounts")
    contains(text, "size=1024k")


@case("an adjusted score for the out-of-memory killer")
def oom_score(docker):
    equal(docker("run", "--rm", "--oom-score-adj", "500", IMAGE, "cat", "/proc/self/oom_score_adj"), "500")


@case("an init that forwards signals and reaps")
def init(docker):
    with docker.running("--init", words=("sh", "-c", "(sleep 0.1 &) ; exec sleep 1000")):
        contains(docker("exec", "box", "cat", "/proc/1/cmdline"), "init")
        wait_until(lambda: " Z " not in docker("exec", "box", "ps", "-o", "stat"), "reaping")
        docker("kill", "--signal", "TERM", "box")
        equal(docker("wait", "box"), "143")


@case("privileged")
def privileged(docker):
    docker("run", "--rm", "--privileged", IMAGE, "mount", "-t", "tmpfs", "tmpfs", "/tmp")
    contains(docker("run", "--rm", "--privileged", IMAGE, "grep", " /sys ", "/proc/mounts"), "sysfs rw")


@case("a runtime chosen for one container")
def other_runtime(docker):
    equal(docker("run", "--rm", "--runtime", "tested", IMAGE, "echo", "mine"), "mine")
    equal(docker("run", "--rm", "--runtime", "debian", IMAGE, "echo", "theirs"), "theirs")
    docker.fails("run", "--rm", "--runtime", "unheard-of", IMAGE, "true", code=125, says="unheard-of")
    contains(docker("info"), "Default Runtime: tested")
