"""Cases of containerd: what a container is, driven by ctr."""

import json
import pathlib
import time

import limits
import proc
from engine import case, contains, equal, wait_for_rest, wait_until

# Who comes between two clients, or before there is anything to say, asks again.
SERVER = ("sh", "-c", "while :; do echo hello | nc -l -p 8000; done")


@case("the output of a command, both streams apart")
def output(ctr):
    done = ctr.try_run(*ctr.run_words("--rm", words=("sh", "-c", "echo out; echo err >&2"), name="run"))
    equal((done.returncode, done.stdout, done.stderr), (0, "out\n", "err\n"))


@case("exit codes of a program, and of a signal")
def exit_codes(ctr):
    ctr.run(words=["true"])
    ctr.run(words=("sh", "-c", "exit 7"), code=7)
    with ctr.running():
        ctr("tasks", "kill", "--signal", "KILL", "box")
        wait_until(lambda: ctr.status() == "STOPPED", "the end")
        equal(ctr.exit_code("box"), 137)


@case("the words for a program that is not there or can't be run")
def no_program(ctr):
    for program, words in {"/no/such": 'exec: "/no/such": stat /no/such: no such file or directory',
                           "nosuch": 'exec: "nosuch": executable file not found in $PATH',
                           "/etc/passwd": 'exec: "/etc/passwd": permission denied'}.items():
        ctr.fails(*ctr.run_words("--rm", words=[program], name="run"), code=1, says=words)
    equal(ctr.tasks(), {})


@case("environment and working directory")
def environment(ctr):
    equal(ctr.run("--env", "OWN=1", "--cwd", "/tmp", words=("sh", "-c", "echo $FROM_IMAGE $OWN; pwd")),
          "yes 1\n/tmp")


@case("a terminal of the right size, that follows when it is resized")
def terminal_size(ctr):
    wait = "until stty size | grep '{}'; do :; done"
    script = f"tty; {wait.format('33 111')}; {wait.format('44 99')}; exit 5"
    terminal = ctr.on_terminal(*ctr.run_words("--rm", "--tty", words=("sh", "-c", script), name="run"))
    contains(terminal.read_until("33 111"), "/dev/pts/0")
    terminal.resize(44, 99)
    terminal.read_until("44 99")
    equal(terminal.end(), 5)


@case("a terminal of exec")
def exec_terminal(ctr):
    with ctr.running():
        terminal = ctr.on_terminal("tasks", "exec", "--exec-id", "t", "--tty", "box", "sh", "-c",
                                   "tty; read -r line; echo \\($line\\); exit 3")
        terminal.read_until("/dev/pts/0")
        terminal.type("typed\n")
        terminal.read_until("(typed)")
        equal(terminal.end(), 3)


@case("detached: pid file, list, processes, kill, delete")
def detached(ctr):
    pid_file = ctr.folder / "box.pid"
    with ctr.running("--pid-file", pid_file):
        pid = int(pid_file.read_text())
        equal(ctr.tasks(), {"box": (pid, "RUNNING")})
        contains(proc.words(pid), "sleep 1000")
        ctr.exec("sleep", "1000", options=["--detach"])
        wait_until(lambda: len(ctr("tasks", "ps", "box").splitlines()) == 3, "two processes")
        ctr("tasks", "kill", "--all", "--signal", "SIGKILL", "box")
        wait_until(lambda: ctr.status() == "STOPPED", "the end")
        equal(ctr.exit_code("box"), 137)
        equal(ctr.tasks(), {})


@case("a task that has ended can be started anew")
def second_task(ctr):
    with ctr.running(words=("sh", "-c", "echo more >> /f; wc -l < /f")):
        wait_until(lambda: ctr.status() == "STOPPED", "the end")
        ctr("tasks", "delete", "box")
        equal(ctr("tasks", "start", "box"), "2")


@case("output into a file")
def log_file(ctr):
    log = ctr.folder / "box.log"
    script = "echo out; echo err >&2; sleep 1000"  # the shim may lose the last of what ends at once
    with ctr.running("--log-uri", f"file://{log}", words=("sh", "-c", script)):
        wait_until(lambda: log.exists() and set(log.read_text().split()) == {"out", "err"}, "the log")


@case("signals by name and number")
def signals(ctr):
    log = ctr.folder / "signals.log"
    script = "trap 'echo one' USR1; trap 'echo rt' 36; echo ready; while :; do sleep 0.05; done"
    with ctr.running("--log-uri", f"file://{log}", words=("bash", "-c", script)):
        for number, line in (("", "ready"), ("SIGUSR1", "one"), ("36", "rt")):
            if number:
                ctr("tasks", "kill", "--signal", number, "box")
            wait_until(lambda: log.read_text().endswith(f"{line}\n"), line)


@case("exec: output, exit codes, programs that are not there")
def exec_(ctr):
    with ctr.running():
        equal(ctr.exec("sh", "-c", "echo out; exit 9", code=9), "out")
        ctr.exec("sh", "-c", "kill -KILL $$", code=137)
        for program, words in {"nosuch": "executable file not found in $PATH",
                               "/etc/passwd": "permission denied"}.items():
            ctr.fails("tasks", "exec", "--exec-id", "none", "box", program, code=1, says=words)
        equal(ctr.exec("pwd", options=["--cwd", "/tmp"]), "/tmp")


@case("exec: in the background, ended by a signal of its own")
def exec_detached(ctr):
    with ctr.running():
        ctr("tasks", "exec", "--exec-id", "later", "--detach", "box", "sleep", "2000")
        contains(ctr.exec("ps", "-o", "args"), "sleep 2000")
        ctr("tasks", "kill", "--signal", "KILL", "--exec-id", "later", "box")
        wait_until(lambda: "sleep 2000" not in ctr.exec("ps", "-o", "args"), "the end")
        equal(ctr.status(), "RUNNING")


@case("pause and resume")
def pause(ctr):
    log = ctr.folder / "pause.log"
    script = "while :; do echo x; sleep 0.05; done"
    with ctr.running("--log-uri", f"file://{log}", words=("sh", "-c", script)):
        ctr("tasks", "pause", "box")
        equal(ctr.status(), "PAUSED")
        size = wait_for_rest(lambda: log.stat().st_size, "a log of a paused container")
        ctr("tasks", "resume", "box")
        wait_until(lambda: log.stat().st_size > size, "the next line")
        ctr("tasks", "pause", "box")
        ctr("tasks", "resume", "box")


@case("limits of memory and processors, and what is used of them")
def run_limits(ctr):
    with ctr.running("--memory-limit", str(64 << 20), "--cpus", "0.5"):
        equal((limits.memory(ctr.pid()), limits.cpus(ctr.pid())), (64 << 20, 0.5))
        contains(ctr("tasks", "metrics", "box"), str(64 << 20))


@case("the limit of memory kills, and an event tells so")
def out_of_memory(ctr):
    told = ctr.folder / "events"
    with open(told, "wb") as file:
        events = ctr.background("events", stdout=file)

    def tell(topic):
        wait_until(lambda: topic in told.read_text(), f"the event {topic}")

    def is_told():
        ctr("namespaces", "label", ctr.namespace, f"at={time.monotonic()}")
        return told.read_text()

    wait_until(is_told, "the first event")
    with ctr.running("--memory-limit", str(16 << 20), words=limits.EATER):
        root = limits.root_of(ctr.pid())
        (root / "eat").touch()
        tell("/tasks/oom")
        (root / "end").write_text("now\n")
        wait_until(lambda: ctr.status() == "STOPPED", "the end")
        equal(ctr.exit_code("box"), 3)
    for topic in ("/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"):
        tell(topic)
    events.terminate()
    events.communicate(timeout=60)


@case("a control group of a given name")
def cgroup(ctr):
    with ctr.running("--cgroup", "/own-group/box"):
        contains(str(limits.group_file(ctr.pid(), "memory", "cgroup.procs")), "/own-group/box/")
    limits.remove_group("own-group")


@case("a read-only root")
def read_only(ctr):
    contains(ctr.run("--read-only", words=("sh", "-c", "touch /x 2>&1"), code=1), "Read-only file system")


@case("capabilities: one more, one less; no new privileges")
def capabilities(ctr):
    def of(*options):
        return proc.field(ctr.run(*options, words=("cat", "/proc/self/status")), "CapEff")
    usual = int(of(), 16)
    equal(int(of("--cap-add", "CAP_NET_ADMIN"), 16), usual | 1 << 12)
    equal(int(of("--cap-drop", "CAP_CHOWN"), 16), usual & ~1)
    text = ctr.run(words=("cat", "/proc/self/status"))
    equal(proc.field(text, "NoNewPrivs"), "1")
    equal(proc.field(ctr.run("--allow-new-privs", words=("cat", "/proc/self/status")), "NoNewPrivs"), "0")


@case("privileged")
def privileged(ctr):
    script = "mount -t tmpfs tmpfs /tmp && grep ' /sys ' /proc/mounts"
    contains(ctr.run("--privileged", words=("sh", "-c", script)), "sysfs rw")


@case("seccomp: none, containerd's profile, one of our own")
def seccomp(ctr):
    def mode(*options):
        return proc.field(ctr.run(*options, words=("cat", "/proc/self/status")), "Seccomp")
    equal((mode(), mode("--seccomp")), ("0", "2"))
    profile = ctr.folder / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}))
    text = ctr.run("--seccomp", "--seccomp-profile", profile, words=("sh", "-c", "mkdir /x 2>&1"), code=1)
    contains(text, "Function not implemented")


@case("mounts: a folder, read-only, a tmpfs")
def mounts(ctr):
    folder = ctr.folder / "mounted"
    folder.mkdir()
    (folder / "file").write_text("from the host\n")
    bind = f"type=bind,src={folder},dst=/v,options=rbind"
    ctr.run("--mount", f"{bind}:rw", words=("cp", "/v/file", "/v/copy"))
    equal((folder / "copy").read_text(), "from the host\n")
    contains(ctr.run("--mount", f"{bind}:ro", words=("sh", "-c", "touch /v/x 2>&1"), code=1),
             "Read-only file system")
    contains(ctr.run("--mount", "type=tmpfs,src=tmpfs,dst=/v,options=size=1m:noexec",
                     words=("grep", " /v ", "/proc/mounts")), "noexec,relatime,size=1024k")


@case("devices: those that were given, and no others")
def devices(ctr):
    with ctr.running("--device", "/dev/fuse"):
        ctr.exec("sh", "-c", "exec 3<>/dev/fuse")
        contains(limits.devices(ctr.pid()), "c 10:229 rwm")
        contains(ctr.exec("sh", "-c", "mknod /kmsg c 1 11 && cat /kmsg 2>&1", code=1),
                 "Operation not permitted")


@case("the host's network, and a network that two containers share")
def networks(ctr):
    equal(ctr.run("--net-host", words=("ls", "/sys/class/net")).split(),
          sorted(path.name for path in pathlib.Path("/sys/class/net").iterdir()))
    with ctr.running(words=SERVER):
        shared = f"network:/proc/{ctr.pid()}/ns/net"
        asked = ctr.run_words("--rm", "--with-ns", shared, words=("nc", "127.0.0.1", "8000"), name="run")
        equal(wait_until(lambda: ctr.try_run(*asked).stdout, "an answer"), "hello\n")


@case("two containers reach each other through a bridge")
def bridge(ctr):
    proc.run("ip", "link", "add", "bridge0", "type", "bridge")
    proc.run("ip", "link", "set", "bridge0", "up")
    for number in (1, 2):
        proc.run("ip", "netns", "add", f"n{number}")
        proc.run("ip", "link", "add", f"v{number}", "type", "veth", "peer", "eth0", "netns", f"n{number}")
        proc.run("ip", "link", "set", f"v{number}", "master", "bridge0", "up")
        proc.run("ip", "-n", f"n{number}", "addr", "add", f"10.9.0.{number}/24", "dev", "eth0")
        proc.run("ip", "-n", f"n{number}", "link", "set", "eth0", "up")
    try:
        with ctr.running("--with-ns", "network:/run/netns/n1", words=SERVER):
            asked = ctr.run_words("--rm", "--with-ns", "network:/run/netns/n2",
                                  words=("nc", "-w", "2", "10.9.0.1", "8000"), name="run")
            equal(wait_until(lambda: ctr.try_run(*asked).stdout, "an answer"), "hello\n")
    finally:
        for words in ("ip netns del n1", "ip netns del n2", "ip link del bridge0", "umount /run/netns"):
            proc.run(*words.split())


@case("a user namespace")
def user_namespace(ctr):
    with ctr.running("--uidmap", "0:300000:65536", "--gidmap", "0:400000:65536"):
        equal(ctr.exec("cat", "/proc/self/uid_map", "/proc/self/gid_map").split(),
              ["0", "300000", "65536", "0", "400000", "65536"])
        equal(proc.status(ctr.pid(), "Uid"), "300000")
        ctr.exec("sh", "-c", "touch /own && chown 1000:1000 /own")


@case("a configuration of our own: user, limits, kernel parameters, pids, names, hooks")
def configuration(ctr):
    marks = ctr.folder / "hook"
    with ctr.root_folder() as root:
        config = json.loads(ctr("oci", "spec"))
        config["root"] = {"path": str(root)}
        config["hostname"] = "inside"
        config["linux"]["cgroupsPath"] = "/tests/run"
        config["process"].update(
            args=["/bin/sh", "-c", "id -u; id -G; ulimit -n; cat /proc/sys/kernel/msgmax; hostname; umask"],
            user={"uid": 4000, "gid": 50, "additionalGids": [7], "umask": 0o27},
            rlimits=[{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}], oomScoreAdj=100)
        config["linux"]["sysctl"] = {"kernel.msgmax": "9000"}
        config["linux"]["resources"]["pids"] = {"limit": 30}
        config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat > {marks}"]}]}
        file = ctr.folder / "config.json"
        file.write_text(json.dumps(config))
        equal(ctr("run", "--rm", "--runc-binary", ctr.runtime, "--config", file, "run").split("\n"),
              ["4000", "50 7", "100", "9000", "inside", "0027"])
    equal(json.loads(marks.read_text())["id"], "run")


@case("a root folder of one's own, and a state folder of one's own")
def own_folders(ctr):
    state = ctr.folder / "runc-root"
    with ctr.root_folder() as root:
        equal(ctr("run", "--rm", "--runc-binary", ctr.runtime, "--runc-root", state, "--rootfs", root,
                  "run", "/bin/sh", "-c", "touch /made; echo done"), "done")
        equal((root / "made").exists(), True)
    equal([path.name for path in state.glob("*/[!.]*")], [])


@case("exec as another user")
def exec_user(ctr):
    with ctr.running():
        equal(ctr.exec("id", "-u", options=["--user", "4000"]), "4000")
