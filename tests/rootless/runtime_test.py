#!/usr/bin/env python3
"""gocker-runtime as an ordinary user: a container from its making to its end.

    tests/rootless/runtime_test.py RUNTIME GOCKER_RUNTIME [NAME...]

RUNTIME may be crun or runc for comparison; GOCKER_RUNTIME writes the configuration to start from.
"""

import json
import os
import pty
import shutil
import signal

import user
from runtime_machine import run_tests
from user import Skip, contains, equal, test, wait_until


@test
def run_as_root_of_one_id(machine):
    machine.configure("sh", "-c", "id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map "
                                  "/proc/self/setgroups; echo $$")
    words = machine.run().split()
    uid = str(machine.user.uid)
    equal(words, ["0", "0", "0", uid, "1", "0", uid, "1", "deny", "1"])


@test
def exit_code_is_the_programs(machine):
    machine.configure("sh", "-c", "exit 42")
    machine("run", "--bundle", machine.bundle, "box", code=42)


@test
def create_start_exec_kill_delete(machine):
    machine.configure("sh", "-c", "trap 'exit 7' TERM; touch /tmp/ready; sleep 1000 & wait")
    machine.create()
    equal(json.loads(machine("state", "box")[0])["status"], "created")
    machine("start", "box")
    ready = machine.rootfs / "tmp/ready"
    wait_until(ready.exists, "the program")  # before its trap, it heeds no TERM as a first process
    ready.unlink()
    equal(machine("exec", "box", "sh", "-c", "id -u; echo $PPID")[0].split(), ["0", "0"])
    machine("exec", "box", "sh", "-c", "exit 3", code=3)
    contains(machine("exec", "box", "cat", "/proc/self/status")[0], "NoNewPrivs:\t1")
    machine("kill", "box", "TERM")
    wait_until(lambda: json.loads(machine("state", "box")[0])["status"] == "stopped", "end")
    machine("delete", "box")


@test
def exec_in_a_created_container(machine):
    machine.configure("sleep", "1000")
    machine.create()
    equal(machine("exec", "box", "id", "-u")[0], "0\n")
    machine.delete()


@test
def ps_and_kill_all_without_control_groups(machine):
    machine.configure("sh", "-c", "sleep 1000 & sleep 1000 & wait")
    machine.start()
    pids = wait_until(lambda: [found for found in [json.loads(machine("ps", "--format", "json",
                                                                      "box")[0])]
                               if len(found) == 3], "three processes")[0]
    contains(str(pids), str(machine.pid()))
    machine("kill", "--all", "box", "KILL")
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "their end")
    machine("delete", "box")


@test
def exec_with_a_terminal(machine):
    machine.configure("sleep", "1000")
    machine.start()
    pid, terminal = pty.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(machine.user.uid)
        os.setuid(machine.user.uid)
        os.execve(machine.runtime, ["runtime", "exec", "-t", "box", "tty"], machine.user.env)
    output = b""
    try:
        while piece := os.read(terminal, 4096):
            output += piece
    except OSError:  # EIO: the other side is closed
        pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    equal(os.waitstatus_to_exitcode(status), 0, output)
    equal(output.decode().strip(), "/dev/pts/0")
    machine.delete()


@test
def delete_force_ends_a_running_one(machine):
    machine.configure("sleep", "1000")
    machine.start()
    pid = machine.pid()
    machine.delete()
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "end")


@test
def state_is_below_xdg_runtime_dir(machine):
    machine.configure("sleep", "1000")
    machine.start()
    found = list(machine.user.run.rglob("box"))
    equal(len(found), 1, "places of the state")
    equal(found[0].parent.stat().st_mode & 0o777, 0o700, "mode of the state root")
    machine.delete()


@test
def hooks_see_the_namespaces_of_the_created_container(machine):
    hook = machine.user.home / "hook"
    hook.write_text("#!/bin/sh\npid=$(sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p')\n"
                    f"readlink /proc/$pid/ns/net >{machine.user.home}/seen\n")
    hook.chmod(0o755)
    config = machine.configure("true")
    machine.own_network()
    config["hooks"] = {"createRuntime": [{"path": str(hook)}]}
    machine.save()
    machine.run()
    contains((machine.user.home / "seen").read_text(), "net:[")
    (machine.user.home / "seen").unlink()


@test
def pasta_gives_it_the_network(machine):
    if shutil.which("pasta") is None:
        raise Skip("no pasta on this machine")
    provide_tun(machine.folder)
    machine.configure("sleep", "1000")
    machine.own_network()
    machine.create()
    pid_file = machine.user.home / "pasta.pid"
    machine.user("pasta", "--config-net", "--quiet", "--pid", pid_file, "--userns",
                 f"/proc/{machine.pid()}/ns/user", "--netns", f"/proc/{machine.pid()}/ns/net")
    machine("start", "box")
    contains(machine("exec", "box", "ip", "addr")[0], "inet ", "UP")
    os.kill(int(pid_file.read_text()), signal.SIGTERM)
    machine.delete()
    pid_file.unlink(missing_ok=True)


def provide_tun(folder):
    """Where this machine's own is for root alone; elsewhere everybody may open it."""
    if os.stat("/dev/net/tun").st_mode & 0o006 == 0o006:
        return
    node = folder / "tun"
    if not node.exists():
        os.mknod(node, 0o020666, os.makedev(10, 200))
        node.chmod(0o666)
    user.mount(node, "/dev/net/tun", flags=user.MS_BIND)


@test
def namespaces_of_another_container_are_joined(machine):
    machine.configure("sleep", "1000")
    machine.own_network()
    machine.start()
    pid = machine.pid()
    config = machine.configure("sh", "-c", "id -u; cat /proc/self/uid_map")
    for each in config["linux"]["namespaces"]:
        if each["type"] in ("user", "ipc"):
            each["path"] = f"/proc/{pid}/ns/{each['type']}"
    config["linux"]["namespaces"].append({"type": "network", "path": f"/proc/{pid}/ns/net"})
    for key in ("uidMappings", "gidMappings"):
        del config["linux"][key]
    machine.save()
    out = machine("run", "--bundle", machine.bundle, "second")[0]
    equal(out.split(), ["0", "0", str(machine.user.uid), "1"])
    machine.delete()


@test
def check_finds_nothing_wrong(machine):
    machine.configure("sh")
    contains(machine("check", "--bundle", machine.bundle)[0], "works")


@test
def root_of_a_user_namespace_runs_containers(machine):
    """As podman and gocker-image call it: euid 0, but not the host's root."""
    config = machine.configure("sh", "-c", "id -u; cat /proc/self/uid_map")
    config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"]
                                     if each["type"] not in ("user", "cgroup")]
    for key in ("uidMappings", "gidMappings"):
        del config["linux"][key]
    config["mounts"] = [each for each in config["mounts"] if each["destination"] != "/sys/fs/cgroup"]
    machine.save()
    out = machine.user("unshare", "--user", "--map-root-user", "--mount", machine.runtime, "run",
                       "--bundle", machine.bundle, "box")[0]
    equal(out.split(), ["0", "0", str(machine.user.uid), "1"])


run_tests()
