#!/usr/bin/env python3
"""`mounts add` and `mounts remove` in a running container.

    tests/contract/mounts_test.py RUNTIME INSIDE [NAME...]
"""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap

import box as boxes
from box import expect


def start(box, change=lambda config: None):
    config = json.loads((box.bundle / "config.json").read_text())
    change(config)
    (box.bundle / "config.json").write_text(json.dumps(config))
    box.be("running")


def own_user_namespace(config):
    config["linux"]["namespaces"].append({"type": "user"})
    for kind in ("uidMappings", "gidMappings"):
        config["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 1000}]


def folder(box, name, content=None):
    path = box.folder / name
    path.mkdir()
    if content is not None:
        (path / "file").write_text(content)
    return str(path)


def bind(source, destination, *options):
    return {"destination": destination, "type": "bind", "source": source,
            "options": ["bind", *options]}


def mounts(box, action, *entries):
    return box.call(f"--root ROOT mounts {action} ID -", stdin=json.dumps(list(entries)))


def done(result):
    expect((result.code, result.out, result.err) == (0, "", ""), str(result))


def refused(result, reason):
    expect(result.code == 1 and result.err.count("\n") == 1 and reason in result.err, str(result))


def inside(box, path):
    return pathlib.Path(f"/proc/{box.state()['pid']}/root{path}")


def table(box):
    """Point and options of each mount of the container."""
    lines = pathlib.Path(f"/proc/{box.state()['pid']}/mountinfo").read_text().splitlines()
    return {line.split()[4]: line.split()[5].split(",") for line in lines}


def mounts_on_the_host(box):
    """Those that have to do with the box; others come and go."""
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if box.folder.name in line or box.id in line]


def add_and_remove(box):
    start(box)
    before, host = table(box), mounts_on_the_host(box)
    source = folder(box, "source", "hello")
    done(mounts(box, "add", bind(source, "/data", "ro"),
                {"destination": "/data2", "type": "tmpfs", "source": "tmpfs",
                 "options": ["size=1m", "nosuid"]}))
    expect(inside(box, "/data/file").read_text() == "hello", "another content")
    expect("ro" in table(box)["/data"] and "nosuid" in table(box)["/data2"], str(table(box)))
    expect(mounts_on_the_host(box) == host, "the host's mounts changed")
    done(mounts(box, "remove", {"destination": "/data"}, {"destination": "/data2"}))
    expect(table(box) == before, str(table(box)))


def the_file_may_be_a_configuration(box):
    start(box)
    file = box.folder / "mounts.json"
    file.write_text(json.dumps({"mounts": [bind(folder(box, "source", "x"), "/data")]}))
    done(box.call("--root ROOT mounts add ID F/mounts.json"))
    expect("/data" in table(box), str(table(box)))


def a_file_onto_a_file(box):
    start(box)
    source = folder(box, "source", "one") + "/file"
    done(mounts(box, "add", bind(source, "/made/here")))
    expect(inside(box, "/made/here").read_text() == "one", "another content")
    done(mounts(box, "remove", {"destination": "/made/here"}))
    expect(inside(box, "/made/here").read_text() == "", "it is there still")


def its_own_user_namespace(box):
    os.chown(box.bundle / "rootfs", 100000, 100000)  # as engines do
    start(box, own_user_namespace)
    done(mounts(box, "add", bind(folder(box, "source", "x"), "/data", "idmap"),
                {"destination": "/scratch", "type": "tmpfs", "source": "tmpfs"}))
    expect(os.stat(inside(box, "/data/file")).st_uid == 100000, "its owner is not mapped")
    expect(os.stat(inside(box, "/scratch")).st_uid == 100000, "the tmpfs is not its root's")
    done(mounts(box, "remove", {"destination": "/data"}, {"destination": "/scratch"}))
    expect(not {"/data", "/scratch"} & set(table(box)), str(table(box)))


def all_or_none(box):
    start(box)
    before = table(box)
    refused(mounts(box, "add", bind(folder(box, "one"), "/one"), bind(folder(box, "two"), "/inside")),
            "is a file, but the source")
    expect(table(box) == before, str(table(box)))
    refused(mounts(box, "add", bind(folder(box, "three"), "/three"), bind("/no/such", "/four")),
            "/no/such")
    expect(table(box) == before, str(table(box)))


def a_link_leads_nowhere_outside(box):
    canary = folder(box, "canary")
    (box.bundle / "rootfs/link").symlink_to(canary)
    (box.bundle / "rootfs/up").symlink_to("../../../../../../../.." + canary)
    start(box)
    done(mounts(box, "add", bind(folder(box, "source", "x"), "/link/made"),
                bind(folder(box, "other", "y"), "/up/too")))
    expect(os.listdir(canary) == [], f"{os.listdir(canary)} was made on the host")
    expect(canary + "/made" in table(box), str(table(box)))


def proc_is_no_place(box):
    start(box)
    refused(mounts(box, "add", bind(folder(box, "source"), "/proc/sys")), "only a procfs")
    (box.bundle / "rootfs/proc2").symlink_to("proc/sys")
    refused(mounts(box, "add", bind(folder(box, "other"), "/proc2")), "only a procfs")


def other_filesystems_are_refused(box):
    start(box)
    refused(mounts(box, "add", {"destination": "/p", "type": "proc", "source": "proc"}),
            "only bind mounts and tmpfs")
    refused(mounts(box, "add", bind("/", "/tmp", "remount")), "only bind mounts and tmpfs")
    refused(mounts(box, "add", {"destination": "/t", "type": "tmpfs", "source": "tmpfs",
                                "options": ["nonsense=1"]}), "nonsense")


def what_is_no_mount_stays(box):
    start(box)
    refused(mounts(box, "remove", {"destination": "/run"}), "nothing is mounted there")
    refused(mounts(box, "remove", {"destination": "/no/such"}), "No such file")
    refused(mounts(box, "remove", {"destination": "/"}), "can't be unmounted")


def bad_documents(box):
    start(box)
    for stdin, reason in (("{", "line 1"), ("{}", "mounts"), ('[{"source": "x"}]', "destination"),
                          ('[{"destination": "/d", "options": 7}]', "/mounts/0/options")):
        refused(box.call("--root ROOT mounts add ID -", stdin=stdin), reason)
    refused(box.call("--root ROOT mounts swap ID -", stdin="[]"), "neither add nor remove")


def only_where_it_runs(box):
    refused(mounts(box, "add"), "does not exist")
    box.be("stopped")
    refused(mounts(box, "add"), "container not running")


def nobody_inside_sees_the_process(box):
    """It joins no pid namespace, so it can't be traced from there."""
    start(box)
    seen = f"/proc/{box.state()['pid']}/root/proc"
    source = folder(box, "source")
    adding = subprocess.Popen([box.runtime, *box.words("--root ROOT mounts add ID -")],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    entries = [bind(source, f"/m{i}") for i in range(200)]
    adding.stdin.write(json.dumps(entries).encode())
    adding.stdin.close()
    pids = set()
    while adding.poll() is None:
        pids |= {name for name in os.listdir(seen) if name.isdigit()}
    expect(adding.returncode == 0 and pids <= {"1"}, f"{adding.returncode}: pids {pids}")


CASES = [
    add_and_remove, the_file_may_be_a_configuration, a_file_onto_a_file, its_own_user_namespace,
    all_or_none, a_link_leads_nowhere_outside, proc_is_no_place, other_filesystems_are_refused,
    what_is_no_mount_stays, bad_documents, only_where_it_runs, nobody_inside_sees_the_process,
]


def main():
    runtime, inside_program, *names = sys.argv[1:]
    boxes.adopt_orphans()
    tap.run_cases(CASES, names, lambda: boxes.fresh(runtime, inside_program))


if __name__ == "__main__":
    main()
