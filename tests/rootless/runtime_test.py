#!/usr/bin/env python3
"""gocker-runtime as an ordinary user: no root anywhere but in the making of that user.

    tests/rootless/runtime_test.py RUNTIME GOCKER_RUNTIME [NAME...]

RUNTIME may be crun or runc for comparison; GOCKER_RUNTIME writes the configuration to start from.
"""

import json
import os
import pathlib
import pty
import resource
import shutil
import signal
import subprocess
import sys

import user
from user import Skip, contains, equal, test, wait_until

UNIFIED = next((place for place in (pathlib.Path("/sys/fs/cgroup"),
                                    pathlib.Path("/sys/fs/cgroup/unified"))
                if (place / "cgroup.procs").exists() and (place / "cgroup.controllers").exists()),
               None)
V1_PIDS = pathlib.Path("/sys/fs/cgroup/pids")


class Machine:
    """A bundle of the user's, and the runtime that the user calls."""

    def __init__(self, folder, owner, poor, runtime, gocker_runtime):
        self.folder, self.user, self.poor = folder, owner, poor
        self.runtime = runtime
        self.bundle = owner.home / "bundle"
        self.rootfs = self.bundle / "rootfs"
        for name in ("bin", "dev", "proc", "sys", "etc", "tmp"):
            (self.rootfs / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), self.rootfs / "bin/busybox")
        for applet in ("sh", "ls", "cat", "id", "mount", "touch", "sleep", "ip", "ps", "true", "stat",
                       "grep", "echo", "tty", "mkdir", "wget", "nc"):
            (self.rootfs / "bin" / applet).symlink_to("busybox")
        subprocess.run(["chown", "-R", "-h", f"{owner.uid}:{owner.uid}", self.bundle], check=True)
        owner(gocker_runtime, "spec", "--rootless", "--bundle", self.bundle)
        self.template = json.loads((self.bundle / "config.json").read_text())
        self.template["ociVersion"] = "1.0.2"  # crun 1.8 knows no later one
        self.template["process"]["terminal"] = False
        self.template["root"]["readonly"] = False
        self.groups = []

    def configure(self, *command, **changes):
        """Writes config.json for a command; the process's fields as changes. Returns the rest to be
        changed further, see save()."""
        self.config = json.loads(json.dumps(self.template))
        self.config["process"]["args"] = list(command)
        self.config["process"].update(changes)
        self.save()
        return self.config

    def save(self):
        (self.bundle / "config.json").write_text(json.dumps(self.config))

    def map_range(self):
        """Root inside is the user, the others are the subordinate ids."""
        for kind, own in (("uidMappings", self.user.uid), ("gidMappings", self.user.uid)):
            self.config["linux"][kind] = [
                {"containerID": 0, "hostID": own, "size": 1},
                {"containerID": 1, "hostID": self.user.first, "size": user.RANGE}]
        self.save()

    def own_network(self):
        self.config["linux"]["namespaces"].append({"type": "network"})
        self.save()

    def __call__(self, *words, **more):
        return self.user(self.runtime, *words, **more)

    def fails(self, *words, **more):
        return self.user.fails(self.runtime, *words, **more)

    def run(self, **more):
        return self("run", "--bundle", self.bundle, "box", **more)[0]

    def create(self):
        """Made and waiting. The container has our files, which unlike pipes nobody waits for."""
        with open(self.folder / "errors", "w+") as errors:
            process = self.user.start(self.runtime, "create", "--bundle", self.bundle, "box",
                                      stdout=subprocess.DEVNULL, stderr=errors)
            code = process.wait(timeout=60)
            errors.seek(0)
            equal(code, 0, errors.read())

    def start(self):
        self.create()
        self("start", "box")

    def pid(self):
        return json.loads(self("state", "box")[0])["pid"]

    def delete(self):
        self("delete", "--force", "box")

    def check_clean(self):
        left = [str(path) for path in self.user.run.rglob("*")
                if path.name != "gocker-runtime" and not path.name.startswith(".")
                and "systemd" not in str(path) and path.name not in ("crun", "runc")]
        equal(left, [], "left in $XDG_RUNTIME_DIR")

    def clean(self):
        subprocess.run([self.runtime, "delete", "--force", "box"], user=self.user.uid,
                       group=self.user.uid, env=self.user.env, capture_output=True)
        for group in reversed(self.groups):
            for below in sorted(group.glob("**/"), reverse=True):  # itself the last
                for pid in (below / "cgroup.procs").read_text().split():
                    os.kill(int(pid), signal.SIGKILL)
                wait_until(lambda: not (below / "cgroup.procs").read_text(), "empty group")
                below.rmdir()
        self.groups = []

    def stop(self):
        self.clean()

    def delegate(self, top):
        """A group that the user may do with as it likes, and one below it for the caller."""
        base = top / f"gocker-rootless-{os.getpid()}"
        for group in (base, base / "inner"):
            group.mkdir()
            self.groups.append(group)
            for path in (group, *group.glob("cgroup.*"), *group.glob("tasks")):
                os.chown(path, self.user.uid, self.user.uid)
        return base / "inner"


def status_line(text, name):
    return next(line.split(":", 1)[1].strip() for line in text.splitlines()
                if line.startswith(name + ":"))


# --- life ---------------------------------------------------------------------------------------


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
    machine.configure("sh", "-c", "trap 'exit 7' TERM; sleep 1000 & wait")
    machine.create()
    equal(json.loads(machine("state", "box")[0])["status"], "created")
    machine("start", "box")
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


# --- ids ----------------------------------------------------------------------------------------


@test
def subordinate_ids_by_newuidmap(machine):
    machine.configure("sh", "-c", "id; touch /tmp/mine; cat /proc/self/uid_map /proc/self/setgroups",
                      user={"uid": 1000, "gid": 1001, "additionalGids": [5, 65535]})
    machine.map_range()
    (machine.rootfs / "tmp").chmod(0o1777)
    out = machine.run()
    contains(out, "uid=1000 gid=1001 groups=5,65535", "allow", str(machine.user.first))
    made = (machine.rootfs / "tmp/mine").stat()
    equal((made.st_uid, made.st_gid), (machine.user.first + 999, machine.user.first + 1000), "owner")
    (machine.rootfs / "tmp/mine").unlink()


@test
def exec_as_another_user(machine):
    machine.configure("sleep", "1000")
    machine.map_range()
    machine.start()
    equal(machine("exec", "--user", "7:8", "box", "id")[0], "uid=7 gid=8\n")
    machine.delete()


@test
def container_of_a_subordinate_user_is_killed_and_deleted(machine):
    machine.configure("sleep", "1000", user={"uid": 1000, "gid": 1000})
    machine.map_range()
    machine.create()
    equal(machine("exec", "--user", "0:0", "box", "id", "-u")[0], "0\n")
    machine("start", "box")
    machine("exec", "box", "true")
    machine("kill", "box", "KILL")
    wait_until(lambda: json.loads(machine("state", "box")[0])["status"] == "stopped", "end")
    machine("delete", "box")


@test
def groups_are_refused_where_setgroups_is_denied(machine):
    machine.configure("id", user={"uid": 0, "gid": 0, "additionalGids": [0]})
    contains(machine.fails("run", "--bundle", machine.bundle, "box"), "groups")


@test
def no_range_is_told_with_the_remedy(machine):
    machine.configure("id")
    machine.map_range()
    machine.bundle.parent.chmod(0o755)
    done = machine.poor.fails(machine.runtime, "run", "--bundle", machine.bundle, "box")
    machine.bundle.parent.chmod(0o700)
    contains(done, "newuidmap", "/etc/subuid", f"{machine.poor.uid}:100000:65536")
    equal(list((machine.poor.run / "gocker-runtime").glob("*")), [], "left")


@test
def missing_newuidmap_is_told_with_the_remedy(machine):
    machine.configure("id")
    machine.map_range()
    layers = machine.folder / "no-newuidmap"
    for name in ("upper", "work"):
        (layers / name).mkdir(parents=True)
    os.mknod(layers / "upper/newuidmap", 0o020000, 0)  # an overlay's whiteout
    mount = f"mount -t overlay overlay -o lowerdir=/usr/bin,upperdir={layers}/upper," \
            f"workdir={layers}/work /usr/bin"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount + ' && exec "$@"', "sh", "setpriv",
         f"--reuid={machine.user.uid}", f"--regid={machine.user.uid}", "--clear-groups",
         machine.runtime, "run", "--bundle", machine.bundle, "box"],
        env=machine.user.env, capture_output=True, text=True)
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, "newuidmap, which is not installed", "uidmap")


@test
def user_namespaces_that_are_switched_off_are_told(machine):
    machine.configure("id")
    uid = machine.user.uid
    # In a user namespace of root's, whose own limit is 0.
    script = 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --reuid=%d ' \
             '--regid=%d --clear-groups "$@"' % (uid, uid)
    process = subprocess.Popen(
        ["unshare", "--user", "sh", "-c", 'read go; exec "$@"', "sh",  # root once it is mapped
         "sh", "-c", script, "sh", machine.runtime, "run", "--bundle",
         machine.bundle, "box"], env=machine.user.env, text=True,
        **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE))
    own = os.readlink("/proc/self/ns/user")
    wait_until(lambda: os.readlink(f"/proc/{process.pid}/ns/user") != own, "its user namespace")
    for kind in ("uid", "gid"):
        pathlib.Path(f"/proc/{process.pid}/{kind}_map").write_text("0 0 65536")
    _, err = process.communicate("go\n", timeout=60)
    equal(process.returncode, 1, err)
    contains(err, "user.max_user_namespaces is 0", "sysctl")
    equal(err.count("\n"), 1, err)


@test
def no_user_namespace_is_told_with_the_remedy(machine):
    config = machine.configure("id")
    config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"]
                                     if each["type"] != "user"]
    for key in ("uidMappings", "gidMappings"):
        del config["linux"][key]
    machine.save()
    contains(machine.fails("run", "--bundle", machine.bundle, "box"), "/linux/namespaces",
             "spec --rootless")


# --- mounts -------------------------------------------------------------------------------------


@test
def devpts_without_the_group_that_is_not_mapped(machine):
    config = machine.configure("mount")
    for each in config["mounts"]:
        if each["type"] == "devpts":
            each["options"].append("gid=5")
    machine.save()
    log = machine.user.home / "log"
    out = machine("--debug", "--log", log, "run", "--bundle", machine.bundle, "box")[0]
    contains(out, "devpts on /dev/pts")
    contains(log.read_text(), "gid=5 left out")
    machine.fails("--strict", "run", "--bundle", machine.bundle, "box")
    log.unlink()


@test
def devpts_with_the_group_that_is_mapped(machine):
    config = machine.configure("mount")
    machine.map_range()
    for each in config["mounts"]:
        if each["type"] == "devpts":
            each["options"].append("gid=5")
    machine.save()
    contains(machine.run(), f"gid={machine.user.first + 4}")


def with_new_sysfs(machine):
    machine.config["mounts"] = [
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec"]}
        if each["destination"] == "/sys" else each for each in machine.config["mounts"]
        if each["destination"] != "/sys/fs/cgroup"]
    machine.save()


@test
def sysfs_is_bound_where_it_cant_be_mounted(machine):
    machine.configure("sh", "-c", "ls /sys/kernel >/dev/null && mount | grep ' /sys'")
    with_new_sysfs(machine)
    for line in machine.run().splitlines():
        contains(line, "ro,")


@test
def sysfs_is_mounted_with_a_network_namespace(machine):
    machine.configure("ls", "/sys/class/net")
    with_new_sysfs(machine)
    machine.own_network()
    contains(machine.run(), "lo")


@test
def devices_are_the_hosts(machine):
    machine.configure("sh", "-c", "echo x >/dev/null && cat /dev/zero | head -c 3 | wc -c; "
                                  "stat -c %t:%T /dev/full")
    (machine.rootfs / "bin/head").symlink_to("busybox")
    (machine.rootfs / "bin/wc").symlink_to("busybox")
    equal(machine.run().split(), ["3", "1:7"])


@test
def bind_mounts_of_the_users_files(machine):
    data = machine.user.home / "data"
    data.mkdir()
    (data / "file").write_text("content")
    os.chown(data, machine.user.uid, machine.user.uid)
    config = machine.configure("sh", "-c", "cat /data/file; touch /data/new; touch /ro/no")
    config["mounts"] += [
        {"destination": "/data", "type": "bind", "source": str(data), "options": ["rbind", "rw"]},
        {"destination": "/ro", "type": "bind", "source": str(data), "options": ["bind", "ro"]}]
    machine.save()
    out, err = machine("run", "--bundle", machine.bundle, "box", code=1)
    contains(out, "content")
    contains(err, "Read-only file system")
    equal((data / "new").stat().st_uid, machine.user.uid, "owner")
    shutil.rmtree(data)


@test
def masked_and_readonly_paths(machine):
    machine.configure("sh", "-c", "ls /proc/acpi /sys/firmware | wc -l; echo x >/proc/sys/kernel/x")
    if not (machine.rootfs / "bin/wc").exists():
        (machine.rootfs / "bin/wc").symlink_to("busybox")
    contains(machine("run", "--bundle", machine.bundle, "box", code=1)[1], "can't create")


@test
def binding_what_has_mounts_below_needs_rbind(machine):
    config = machine.configure("id")
    config["mounts"].append({"destination": "/host", "type": "bind", "source": "/",
                             "options": ["bind", "ro"]})
    machine.save()
    contains(machine.fails("run", "--bundle", machine.bundle, "box"), "mount /host", "rbind")


# --- limits -------------------------------------------------------------------------------------


@test
def limits_without_a_control_group_are_refused(machine):
    config = machine.configure("id")
    config["linux"]["resources"] = {"memory": {"limit": 64 << 20}}
    machine.save()
    contains(machine.fails("run", "--bundle", machine.bundle, "box"),
             "/linux/resources/memory/limit", "delegated")


@test
def device_rules_are_no_obstacle(machine):
    config = machine.configure("id", "-u")
    config["linux"]["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
    machine.save()
    equal(machine.run(), "0\n")


@test
def control_groups_that_are_asked_for_by_path_are_refused(machine):
    config = machine.configure("id")
    config["linux"]["cgroupsPath"] = "/not-for-you"
    machine.save()
    contains(machine.fails("run", "--bundle", machine.bundle, "box"), "control group", "not-for-you")


@test
def a_delegated_group_of_v2_is_used(machine):
    if UNIFIED is None:
        raise Skip("no cgroup2 is mounted")
    inner = machine.delegate(UNIFIED)
    machine.configure("sh", "-c", "trap exit TERM; sleep 1000 & wait")
    script = f'echo $$ >{inner}/cgroup.procs; exec setpriv --reuid={machine.user.uid} ' \
             f'--regid={machine.user.uid} --clear-groups "$@"'

    def call(*words):
        with open(machine.folder / "output", "w+") as output:
            done = subprocess.run(["sh", "-c", script, "sh", machine.runtime, *words], timeout=60,
                                  cwd=machine.user.home, env=machine.user.env,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            output.seek(0)
            text = output.read()
        equal(done.returncode, 0, text)
        return text

    call("run", "--detach", "--bundle", machine.bundle, "box")
    group = inner.parent / "box"
    equal((group / "cgroup.procs").read_text().split()[0], str(machine.pid()), "who is in it")
    call("pause", "box")
    equal(json.loads(call("state", "box"))["status"], "paused")
    call("resume", "box")
    call("exec", "box", "true")
    equal(call("exec", "box", "sh", "-c", "mkdir /sys/fs/cgroup/x /sys/fs/cgroup/unified/x 2>&1; "
                                          "ls -d /sys/fs/cgroup/x /sys/fs/cgroup/unified/x 2>/dev/null"
                                          "; true").count("\n/sys"), 0, "CVE-2023-25809")
    call("delete", "--force", "box")
    equal(group.exists(), False, "the group is left")
    machine.clean()


@test
def a_delegated_group_of_v1_takes_limits(machine):
    if not (V1_PIDS / "cgroup.procs").exists():
        raise Skip("no pids controller of cgroup v1")
    inner = machine.delegate(V1_PIDS)
    for group in (inner.parent, inner):
        os.chown(group / "pids.max", machine.user.uid, machine.user.uid)
    config = machine.configure("sh", "-c", "cat /proc/self/cgroup; true")
    config["linux"]["namespaces"] = [each for each in config["linux"]["namespaces"]
                                     if each["type"] != "cgroup"]
    config["linux"]["resources"] = {"pids": {"limit": 20}}
    machine.save()
    script = f'echo $$ >{inner}/cgroup.procs; exec setpriv --reuid={machine.user.uid} ' \
             f'--regid={machine.user.uid} --clear-groups "$@"'
    done = subprocess.run(["sh", "-c", script, "sh", machine.runtime, "run", "--bundle",
                           machine.bundle, "box"], env=machine.user.env, text=True,
                          capture_output=True)
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, f"pids:/{inner.parent.name}/inner/box")
    machine.clean()


@test
def limits_beyond_the_own_ones_are_lowered(machine):
    machine.configure("sh", "-c", "ulimit -n", rlimits=[
        {"type": "RLIMIT_NOFILE", "soft": 1 << 30, "hard": 1 << 30}])
    log = machine.user.home / "log"
    out = machine("--debug", "--log", log, "run", "--bundle", machine.bundle, "box")[0]
    own = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    equal(out.strip(), str(own))
    contains(log.read_text(), "RLIMIT_NOFILE")
    log.unlink()


@test
def oom_score_is_raised_and_not_lowered(machine):
    machine.configure("cat", "/proc/self/oom_score_adj", oomScoreAdj=300)
    equal(machine.run(), "300\n")
    machine.configure("cat", "/proc/self/oom_score_adj", oomScoreAdj=-300)
    equal(machine.run(), "0\n")
    contains(machine.fails("--strict", "run", "--bundle", machine.bundle, "box"),
             "/process/oomScoreAdj")


# --- around it ----------------------------------------------------------------------------------


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


def main():
    runtime, gocker_runtime = map(os.path.abspath, sys.argv[1:3])

    def prepare(folder, owner, poor):
        return Machine(folder, owner, poor, runtime, gocker_runtime)

    user.run_tests(prepare, sys.argv[3:])


main()
