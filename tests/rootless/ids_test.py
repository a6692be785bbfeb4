#!/usr/bin/env python3
"""gocker-runtime as an ordinary user: ids, and mounts that belong to them.

    tests/rootless/ids_test.py RUNTIME GOCKER_RUNTIME [NAME...]

RUNTIME may be crun or runc for comparison; GOCKER_RUNTIME writes the configuration to start from.
"""

import json
import os
import pathlib
import shutil
import subprocess

from runtime_machine import run_tests
from user import contains, equal, test, wait_until


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


run_tests()
