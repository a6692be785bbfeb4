#!/usr/bin/env python3
"""Checkpoint and restore of containers below systemd; run in the virtual machine.

    tests/vm/checkpoint_systemd_test.py RUNTIME INSIDE [NAME...]

Some cases of tests/checkpoint with --systemd-cgroup, and what concerns systemd alone.
"""

import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "checkpoint"), str(TESTS / "contract"), str(TESTS)]
import checkpoint_test as checkpoint
from box import expect
from scope import command


class Scoped(checkpoint.Saved):
    """A container in a scope of systemd's."""

    options = ["--systemd-cgroup"]

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.unit = f"gk-{self.box.id}.scope"
        self.group = f"/system.slice/{self.unit}"

    def configure(self, change=lambda config: None, script=checkpoint.COUNTER):
        def below_systemd(config):
            config["linux"]["cgroupsPath"] = f"system.slice:gk:{self.box.id}"
            change(config)

        super().configure(below_systemd, script)

    def property(self, name):
        return command("systemctl", "show", "--value", "-p", name, self.unit)

    def is_loaded(self):
        return command("systemctl", "list-units", "--all", "--no-legend", self.unit) != ""


def it_comes_back_in_a_scope_of_its_own(saved):
    saved.start()
    first = saved.property("InvocationID")
    saved.checkpoint()
    expect(not saved.is_loaded(), "the scope outlives the checkpoint")
    saved.restore()
    expect(saved.property("InvocationID") not in ("", first), "it is the same scope")
    expect(saved.property("Slice") == "system.slice", saved.property("Slice"))
    expect(saved.property("Delegate") == "yes", "it is not delegated")
    own = pathlib.Path(f"/proc/{saved.pid()}/cgroup").read_text().strip()
    expect(own == f"0::{saved.group}", f"it is in {own}")
    inside = (pathlib.Path(f"/sys/fs/cgroup{saved.group}") / "cgroup.procs").read_text().split()
    expect(str(saved.pid()) in inside and len(inside) <= 2, f"in the scope are {inside}")


def systemd_knows_the_limits_of_the_bundle(saved):
    saved.configure(lambda config: config["linux"]["resources"].update(
        pids={"limit": 41}, memory={"limit": 64 << 20}, cpu={"quota": 50000, "period": 100000}))
    saved.start()
    saved.checkpoint()
    saved.restore()
    properties = {"TasksMax": "41", "MemoryMax": str(64 << 20), "CPUQuotaPerSecUSec": "500ms"}
    files = {"pids.max": "41", "memory.max": str(64 << 20), "cpu.max": "50000 100000"}
    for when in ("at once", "after daemon-reload"):
        found = {name: saved.property(name) for name in properties}
        expect(found == properties, f"{when}, systemd's: {found}")
        for name, value in files.items():
            [file] = saved.group_files(name)
            expect(file.read_text().strip() == value, f"{when}, {name}: {file.read_text()}")
        command("systemctl", "daemon-reload")


def it_may_go_to_another_slice(saved):
    saved.start()
    saved.checkpoint()
    path = saved.box.bundle / "config.json"
    path.write_text(path.read_text().replace("system.slice:gk:", "gk-moved.slice:gk:"))
    saved.restore()
    saved.group = f"/gk.slice/gk-moved.slice/{saved.unit}"
    expect(saved.property("ControlGroup") == saved.group, saved.property("ControlGroup"))
    own = pathlib.Path(f"/proc/{saved.pid()}/cgroup").read_text().strip()
    expect(own == f"0::{saved.group}", f"it is in {own}")
    saved.wait_for_count(saved.count() + 3)


def its_scope_goes_with_it(saved):
    saved.start()
    for _ in range(2):
        saved.checkpoint()
        saved.restore()
    saved.must("kill ID KILL")
    saved.box.wait_for("stopped")
    saved.must("delete ID")
    expect(not saved.is_loaded(), "the scope is left")


def a_failed_restore_leaves_no_scope(saved):
    saved.start()
    saved.checkpoint()
    (saved.images / "pstree.img").write_bytes(b"nonsense")
    code, said = saved.call(f"restore -d --bundle B --image-path {saved.images} ID")
    expect(code == 1 and said.count("\n") == 1, f"{code}: {said}")
    expect(not saved.is_loaded(), "the scope is left")
    expect(not saved.box.state(), "the container is left")


CASES = [
    it_comes_back_in_a_scope_of_its_own, systemd_knows_the_limits_of_the_bundle,
    it_may_go_to_another_slice, its_scope_goes_with_it, a_failed_restore_leaves_no_scope,
    checkpoint.a_container_goes_on_where_it_was, checkpoint.leave_running_leaves_it_running,
    checkpoint.the_foreground_has_its_exit_code, checkpoint.a_user_namespace_is_kept,
    checkpoint.the_smallest_limit_of_processes_is_kept,
]

if __name__ == "__main__":
    checkpoint.main(CASES, Scoped)
