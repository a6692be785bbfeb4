#!/usr/bin/env python3
"""gocker-runtime --systemd-cgroup where systemd is the first process; run in the virtual machine.

    tests/vm/systemd_test.py RUNTIME [NAME...]

$GOCKER_RUNTIME takes the place of RUNTIME.
"""

from scope import SCOPE_CASES, Scope, command, expect, program_under_test, refused, run_cases

FUSE = ("/tmp/fuse", "c", "10", "229")  # a device that the default rules of containers don't allow


def can_open_fuse(box):
    box.exec("mknod", *FUSE, check=False)
    said = box.exec("dd", f"if={FUSE[0]}", "of=/dev/null", "count=0", check=False)
    return "Operation not permitted" not in said


def path_may_be_empty(box):
    del box.config["linux"]["cgroupsPath"]
    box.unit = f"gocker-{box.id}.scope"
    box.run()
    expect(box.property("ControlGroup"), f"/system.slice/{box.unit}", "group")


def device_access_survives_a_reload(box):
    box.config["process"]["capabilities"]["bounding"].append("CAP_MKNOD")
    box.config["process"]["capabilities"]["permitted"].append("CAP_MKNOD")
    box.config["process"]["capabilities"]["effective"].append("CAP_MKNOD")
    box.resources(devices=[{"allow": False, "access": "rwm"}])
    box.run()
    expect(can_open_fuse(box), False, "a device that is not allowed")
    command("systemctl", "daemon-reload")
    expect(can_open_fuse(box), False, "the same, after daemon-reload")
    rules = box.bundle / "rules.json"
    rules.write_text('{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 229, '
                     '"access": "rwm"}]}')
    box.call("update", "--resources", str(rules), box.id)
    expect(can_open_fuse(box), True, "allowed by update")
    command("systemctl", "daemon-reload")
    expect(can_open_fuse(box), True, "the same, after daemon-reload")


def subgroup_has_the_limits(box):
    box.config["annotations"] = {"run.oci.systemd.subgroup": "payload"}
    box.resources(memory={"limit": 64 << 20}, pids={"limit": 1})
    box.run()
    group = box.group() / "payload"
    expect((group / "cgroup.procs").read_text().split(), [str(pid) for pid in box.pids()],
           "processes")
    for value in (str(64 << 20), str(100 << 20)):
        expect((group / "memory.max").read_text().strip(), value, "the kernel's")
        expect(box.property("MemoryMax"), value, "systemd's")
        command("systemctl", "daemon-reload")
        expect((group / "memory.max").read_text().strip(), value, "after daemon-reload")
        box.call("update", "--memory", "100m", "--pids-limit", "20", box.id)
    expect(box.exec("cat", "/proc/self/cgroup"), "0::/", "what exec's process sees as its group")
    box.call("pause", box.id)
    expect((group / "cgroup.freeze").read_text().strip(), "1", "freeze")
    box.remove()
    expect(box.is_loaded(), False, "the unit is still known")


def subgroup_is_one_name(box):
    box.config["annotations"] = {"run.oci.systemd.subgroup": "../outside"}
    refused(box, "/annotations/run.oci.systemd.subgroup")


def nonsense_in_a_property_leaves_nothing(box):
    box.config["annotations"] = {"org.systemd.property.KillSignal": "{15}"}
    refused(box, "org.systemd.property.KillSignal")


def program_that_is_missing_leaves_nothing(box):
    box.config["process"]["args"] = ["/no/such/program"]
    refused(box, "/no/such/program")


def path_of_the_other_form_is_refused(box):
    box.config["linux"]["cgroupsPath"] = "/some/path"
    refused(box, "SLICE:PREFIX:NAME")


def name_in_use_is_refused(box):
    command("systemd-run", "--scope", "--quiet", f"--unit={box.unit}", "sh", "-c",
            "sleep 1000 >/dev/null 2>&1 &")
    try:
        code, said = box.run(check=False)
        if code == 0 or box.unit not in said:
            raise AssertionError(f"exit code {code}, said {said!r}")
        expect(box.property("ActiveState"), "active", "the other's unit")
    finally:
        command("systemctl", "stop", box.unit)


CASES = (
    *SCOPE_CASES,
    path_may_be_empty, device_access_survives_a_reload, subgroup_has_the_limits, subgroup_is_one_name,
    nonsense_in_a_property_leaves_nothing, program_that_is_missing_leaves_nothing,
    path_of_the_other_form_is_refused, name_in_use_is_refused,
)

run_cases(CASES, lambda folder, rootfs: Scope(program_under_test(), folder, rootfs))
