#!/usr/bin/env python3
"""crun's annotations, which podman and CRI-O set.

    tests/contract/annotations_test.py RUNTIME INSIDE [NAME...]
"""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap

import box as boxes
from box import expect

RUN = "--root ROOT run --bundle B ID"
WITH_GROUPS = ["setpriv", "--groups", "71,72"]


def annotate(box, change=lambda config: None, **annotations):
    path = box.bundle / "config.json"
    config = json.loads(path.read_text())
    config["annotations"] |= {f"run.oci.{name}": value for name, value in annotations.items()}
    change(config)
    path.write_text(json.dumps(config))


def groups(result):
    expect((result.code, result.err) == (0, ""), str(result))
    return sorted(json.loads(result.out)["groups"])


def the_callers_groups_are_kept(box):
    box.write_config(args=["/inside", "report"])
    expect(groups(box.call(RUN, prefix=WITH_GROUPS)) == [], "they are kept without being asked")
    annotate(box, keep_original_groups="1")
    expect(groups(box.call(RUN, prefix=WITH_GROUPS)) == [71, 72], "they are not kept")


def exec_keeps_the_callers_groups(box):
    annotate(box, keep_original_groups="1")
    box.be("running")
    found = groups(box.call("--root ROOT exec ID /inside report", prefix=WITH_GROUPS))
    expect(found == [71, 72], f"{found}")


def hooks_write_into_files(box):
    out, err = box.folder / "hooks.out", box.folder / "hooks.err"
    out.write_text("before\n")

    def hooks(config):
        config["hooks"] = {kind: [{"path": "/bin/sh",
                                   "args": ["sh", "-c", f"echo {kind}; echo e-{kind} >&2"]}]
                           for kind in ("prestart", "createRuntime", "poststart", "poststop")}

    box.write_config(args=["/inside", "exit", "0"])
    annotate(box, hooks, **{"hooks.stdout": str(out), "hooks.stderr": str(err)})
    result = box.call(RUN)
    expect((result.code, result.out, result.err) == (0, "", ""), str(result))
    expect(out.read_text().split() == ["before", "prestart", "createRuntime", "poststart", "poststop"],
           out.read_text())
    expect(err.read_text().split() == ["e-prestart", "e-createRuntime", "e-poststart", "e-poststop"],
           err.read_text())


def a_failing_hook_is_kept_too(box):
    out = box.folder / "hooks.out"
    annotate(box, lambda config: config.update(hooks={"prestart": [
        {"path": "/bin/sh", "args": ["sh", "-c", "echo words; exit 3"]}]}),
        **{"hooks.stdout": str(out)})
    result = box.call(RUN)
    expect(result.code == 1 and "exit code 3: words" in result.err, str(result))
    expect(out.read_text() == "words\n", out.read_text())


def the_seccomp_receiver_gets_the_listener(box):
    box.write_config(args=["/inside", "exit", "0"])

    def notify(config):
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["sched_getattr"], "action": "SCMP_ACT_NOTIFY"}]}

    with box.socket("receiver") as listener:
        annotate(box, notify, **{"seccomp.receiver": str(box.folder / "receiver")})
        result = box.call("--root ROOT create --bundle B ID")
        expect((result.code, result.err) == (0, ""), str(result))
        data, fds = listener.receive()
    expect(json.loads(data)["fds"] == ["seccompFd"] and len(fds) == 1, f"{data}, {fds}")
    os.close(fds[0])


def what_is_not_heeded_is_told(box):
    for name in ("handler", "delegate-cgroup"):
        box.write_config(args=["/inside", "exit", "0"])
        annotate(box, **{name: "krun"})
        result = box.call("--strict " + RUN)
        expect(result.code == 1 and f"/annotations/run.oci.{name}" in result.err, str(result))
        expect(result.err.count("\n") == 1, str(result))
        result = box.call(RUN)
        expect((result.code, result.err) == (0, ""), str(result))


def a_subgroup_is_one_name(box):
    for name in ("a/b", "..", "cgroup.procs", "x" * 300):
        annotate(box, **{"systemd.subgroup": name})
        result = box.call(RUN)
        expect(result.code == 1 and "/annotations/run.oci.systemd.subgroup: " in result.err, str(result))
        expect(result.err.count("\n") == 1, str(result))


CASES = [
    the_callers_groups_are_kept, exec_keeps_the_callers_groups, hooks_write_into_files,
    a_failing_hook_is_kept_too, the_seccomp_receiver_gets_the_listener, what_is_not_heeded_is_told,
    a_subgroup_is_one_name,
]


def main():
    runtime, inside, *names = sys.argv[1:]
    boxes.adopt_orphans()
    tap.run_cases(CASES, names, lambda: boxes.fresh(runtime, inside))


if __name__ == "__main__":
    main()
