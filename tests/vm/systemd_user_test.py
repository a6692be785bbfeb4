#!/usr/bin/env python3
"""gocker-runtime --systemd-cgroup as an ordinary user, whose own systemd makes the scopes; run in the
virtual machine, as root, which makes the places that the user calls from.

    tests/vm/systemd_user_test.py RUNTIME [NAME...]

$GOCKER_RUNTIME takes the place of RUNTIME.
"""

import json
import pathlib
import subprocess

from scope import (SCOPE_CASES, OrdinaryUser, Scope, expect, logged_in_user, managed_user,
                   program_under_test, refused, run_cases, wait_until)

RUNTIME = program_under_test()
MANAGED, LOGIN = managed_user(), logged_in_user()


def from_login(box):
    """The same box, called from a login session."""
    box.caller = LOGIN
    return box


def scope_is_the_users(box):
    box.run()
    expect(box.property("ControlGroup").removeprefix("/user.slice/user-1000.slice"),
           f"/user@1000.service/user.slice/{box.unit}", "group")
    expect(box.property("Delegate"), "yes", "Delegate")
    expect(box.pids_in_group(), box.pids(), "processes")
    expect(box.exec("cat", "/proc/self/cgroup"), "0::/", "seen inside")
    expect(box.group().stat().st_uid, OrdinaryUser.uid, "owner of the group")


def device_rules_are_roots(box):
    rules = {"devices": [{"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rwm"}]}
    box.resources(**rules)
    box.run()
    resources = box.bundle / "rules.json"
    resources.write_text(json.dumps(rules))
    box.call("update", "--resources", str(resources), box.id)
    said = box.caller(RUNTIME, "--strict", "update", "--resources", str(resources), box.id,
                      check=False)
    if "/linux/resources/devices" not in said:
        raise AssertionError(said)


def login_session_is_as_good(box):
    from_login(box).resources(pids={"limit": 20})
    box.run()
    expect(len(box.pids_in_group()), 1, "processes")
    expect(box.exec("cat", "/proc/self/cgroup"), "0::/", "exec is in the group")
    expect(box.limits()["pids.max"], "20", "limit")
    box.call("pause", box.id)
    expect((box.group() / "cgroup.freeze").read_text().strip(), "1", "freeze")
    box.call("resume", box.id)
    box.call("kill", box.id, "KILL")
    box.remove()
    expect(box.is_loaded(), False, "the unit is still known")


def exec_from_a_login_goes_where_init_is(box):
    box.config["process"]["args"] = [
        "sh", "-c", "mkdir /sys/fs/cgroup/below; echo $$ >/sys/fs/cgroup/below/cgroup.procs;"
        "echo done >/ready; exec sleep 1000"]
    for mount in box.config["mounts"]:
        if mount["destination"] == "/sys/fs/cgroup":
            mount.update(type="cgroup", source="cgroup", options=["nosuid", "noexec", "nodev"])
    ready = box.rootfs / "ready"
    from_login(box).run()
    wait_until(ready.exists, "the container's own group")
    ready.unlink()
    expect(box.exec("cat", "/proc/self/cgroup"), "0::/below", "beside init")


def user_namespace_of_ones_own_asks_the_users_systemd(box):
    """As podman calls it: root, but of a user namespace."""
    linux = box.config["linux"]
    linux["namespaces"] = [each for each in linux["namespaces"] if each["type"] != "user"]
    for key in ("uidMappings", "gidMappings"):
        del linux[key]
    box.resources(pids={"limit": 7})
    holder = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sleep", "1000"],
                              **MANAGED.options)
    wait_until(lambda: pathlib.Path(f"/proc/{holder.pid}/comm").read_text() == "sleep\n", "unshare")
    box.prefix = ("nsenter", "--preserve-credentials", "--user", "--mount", f"--target={holder.pid}")
    for caller in (MANAGED, LOGIN):
        box.caller = caller
        box.run()
        expect(box.limits()["pids.max"], "7", "limit")
        expect(box.property("TasksMax"), "7", "TasksMax")
        expect(box.pids_in_group() != set(), True, "somebody is in it")
        expect(box.exec("cat", "/proc/self/cgroup"), "0::/", "exec is in the group")
        box.remove()
        expect(box.is_loaded(), False, "the unit is still known")
    box.prefix = ()
    holder.kill()
    holder.wait()


def program_that_is_missing_leaves_nothing(box):
    box.config["process"]["args"] = ["/no/such/program"]
    for caller in (MANAGED, LOGIN):
        box.caller = caller
        refused(box, "/no/such/program")


def mount_that_fails_leaves_nothing(box):
    box.config["mounts"].append({"destination": "/x", "type": "bind", "source": "/no/such/place",
                                 "options": ["rbind"]})
    refused(box, "/no/such/place")


def limit_that_the_kernel_refuses_leaves_nothing(box):
    box.resources(unified={"cpu.weight": "70000"})
    refused(box, "/linux/resources/unified/cpu.weight")


def controller_that_is_not_delegated_is_told(box):
    box.resources(hugepageLimits=[{"pageSize": "2MB", "limit": 0}])
    refused(box, "no hugetlb controller")


def no_systemd_of_the_user_is_told_with_the_remedy(box):
    box.save()
    for missing in ({"XDG_RUNTIME_DIR": "/nowhere", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"},
                    {"XDG_RUNTIME_DIR": "/nowhere"}):
        env = {name: value for name, value in MANAGED.environment.items()
               if name != "DBUS_SESSION_BUS_ADDRESS"} | missing
        done = subprocess.run([RUNTIME, "--root", "/home/user/.state", "--systemd-cgroup", "run",
                               "--bundle", box.bundle, box.id], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, **{**MANAGED.options, "env": env})
        said = done.stderr
        if done.returncode != 1 or "loginctl enable-linger" not in said or said.count("\n") != 1:
            raise AssertionError(f"exit code {done.returncode}: {said!r}")


def features_say_so(box):
    cgroup = json.loads(box.caller(RUNTIME, "features"))["linux"]["cgroup"]
    expect((cgroup["systemd"], cgroup["systemdUser"]), (True, True), "features")


CASES = (
    *SCOPE_CASES,
    scope_is_the_users, device_rules_are_roots, login_session_is_as_good,
    exec_from_a_login_goes_where_init_is, user_namespace_of_ones_own_asks_the_users_systemd,
    program_that_is_missing_leaves_nothing, mount_that_fails_leaves_nothing,
    limit_that_the_kernel_refuses_leaves_nothing, controller_that_is_not_delegated_is_told,
    no_systemd_of_the_user_is_told_with_the_remedy, features_say_so,
)

run_cases(CASES, lambda folder, rootfs: Scope(RUNTIME, folder, rootfs, MANAGED))
