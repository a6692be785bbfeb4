#!/usr/bin/env python3
"""What a container gets from whoever calls the runtime besides its streams: descriptors
(--preserve-fds, LISTEN_FDS) and the socket of a service manager (NOTIFY_SOCKET).

    tests/contract/inheritance_test.py RUNTIME INSIDE [NAME...]
"""

import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap
from expect import wait_until

import box as boxes
from box import expect

REPORT = ["/inside", "report"]


def with_descriptors(count, variables=""):
    """A program that opens so many, from 3 on, and executes what follows."""
    opened = "".join(f" {fd}</dev/zero" for fd in range(3, 3 + count))
    return ["sh", "-c", f'{variables} exec "$@"{opened}', "sh"]


def reported(result):
    expect((result.code, result.err) == (0, ""), str(result))
    return json.loads(result.out)


def variables(report):
    return dict(entry.split("=", 1) for entry in report["env"])


def descriptors(report):
    """Beside the one by which the report looked at them."""
    return sorted(int(entry["fd"]) for entry in report["fds"])


def run_preserves(box):
    box.write_config(args=REPORT)
    report = reported(box.call("--root ROOT run --preserve-fds 2 --bundle B ID",
                               prefix=with_descriptors(4)))
    expect(descriptors(report) == [0, 1, 2, 3, 4], f"{report['fds']}")
    expect("LISTEN_FDS" not in variables(report), "LISTEN_FDS came from nowhere")


def run_hands_sockets_over(box):
    box.write_config(args=REPORT, env=["PATH=/", "LISTEN_FDS=7", "LISTEN_PID=7"])
    report = reported(box.call(
        "--root ROOT run --preserve-fds=1 --bundle B ID",
        prefix=with_descriptors(3, "export LISTEN_FDS=2 LISTEN_PID=$$ LISTEN_FDNAMES=web:admin;")))
    expect(descriptors(report) == [0, 1, 2, 3, 4, 5], f"{report['fds']}")
    env = variables(report)
    told = {name: env.get(name) for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")}
    expect(told == {"LISTEN_FDS": "2", "LISTEN_PID": "1", "LISTEN_FDNAMES": "web:admin"}, f"{told}")
    expect(len([entry for entry in report["env"] if entry.startswith("LISTEN_FDS=")]) == 1,
           "LISTEN_FDS stands there twice")


def sockets_of_another_process_are_not_taken(box):
    box.write_config(args=REPORT)
    report = reported(box.call("--root ROOT run --bundle B ID",
                               prefix=with_descriptors(2, "export LISTEN_FDS=2 LISTEN_PID=1;")))
    expect(descriptors(report) == [0, 1, 2], f"{report['fds']}")
    expect("LISTEN_FDS" not in variables(report), "LISTEN_FDS was passed on")


def create_keeps_them_for_start(box):
    box.write_config(args=REPORT)
    out = box.folder / "report"
    with open(out, "wb") as stream:
        done = subprocess.run(
            [*with_descriptors(2, "export LISTEN_FDS=1 LISTEN_PID=$$;"), box.runtime,
             *box.words("--root ROOT create --preserve-fds=1 --bundle B ID")],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, timeout=60)
    expect(done.returncode == 0, out.read_text())
    result = box.call("--root ROOT start ID")
    expect((result.code, result.err) == (0, ""), str(result))
    box.wait_for("stopped")
    report = json.loads(out.read_text())
    expect(descriptors(report) == [0, 1, 2, 3, 4], f"{report['fds']}")
    expect(variables(report).get("LISTEN_FDS") == "1", "LISTEN_FDS is missing")


def exec_preserves(box):
    box.be("running")
    report = reported(box.call("--root ROOT exec --preserve-fds 1 ID /inside report",
                               prefix=with_descriptors(2)))
    expect(descriptors(report) == [0, 1, 2, 3], f"{report['fds']}")


def exec_hands_sockets_over(box):
    box.be("running")
    report = reported(box.call("--root ROOT exec ID /inside report",
                               prefix=with_descriptors(2, "export LISTEN_FDS=1 LISTEN_PID=$$;")))
    expect(descriptors(report) == [0, 1, 2, 3], f"{report['fds']}")
    env = variables(report)
    expect(env.get("LISTEN_FDS") == "1", f"{env}")
    expect(env.get("LISTEN_PID") == str(report["pid"]), f"{env}")


def a_descriptor_that_is_not_open_is_refused(box):
    for vector, code in (("--root ROOT run --preserve-fds 3 --bundle B ID", 1),
                         ("--root ROOT create --preserve-fds 3 --bundle B ID", 1)):
        result = box.call(vector, prefix=with_descriptors(2))
        expect(result.code == code and result.err.count("\n") == 1, str(result))
        expect("descriptor 5 is not open" in result.err, str(result))
        expect(not box.state(), "something is left")


# --- NOTIFY_SOCKET --------------------------------------------------------------------------------

class Manager:
    """The service manager's end."""

    def __init__(self, box):
        self.address = str(box.folder / "manager.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.env = {"NOTIFY_SOCKET": self.address}

    def next_lines(self):
        expect(select.select([self.socket], [], [], 60)[0], "nothing came")
        data, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(16))
        for _, _, fds in ancillary:
            os.close(int.from_bytes(fds[:4], sys.byteorder))
        return data.decode().split("\n")

    def has_more(self):
        return bool(select.select([self.socket], [], [], 0.2)[0])


def serve(box, uid=0):
    """A container that waits for a name in /tmp/say and sends its content."""
    rootfs = box.bundle / "rootfs"
    (rootfs / "bin").mkdir()
    shutil.copy(shutil.which("busybox"), rootfs / "bin/busybox")
    box.write_config(args=["/bin/busybox", "sh", "-c", "echo $NOTIFY_SOCKET > /tmp/where; "
                           "while :; do /bin/busybox sleep 1; done"], env=["PATH=/"],
                     user={"uid": uid, "gid": uid})
    (rootfs / "tmp").chmod(0o1777)


def say(box, *messages, uid=0):
    """From inside the container: as its user, in its mount namespace."""
    pid = box.state()["pid"]
    program = ("import os, socket, sys\n"
               "os.chroot(f'/proc/{sys.argv[1]}/root'); os.chdir('/')\n"
               "os.setuid(int(sys.argv[2]))\n"
               "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
               "for message in sys.argv[3:]: s.sendto(message.encode(), '/run/notify/notify.sock')\n")
    subprocess.run([sys.executable, "-c", program, str(pid), str(uid), *messages], check=True)


def wait_for_service(box):
    where = box.bundle / "rootfs/tmp/where"
    wait_until(lambda: where.exists() and where.read_text(), "the service")
    expect(where.read_text().strip() == "/run/notify/notify.sock", where.read_text())


def calling(box, vector, manager):
    return subprocess.Popen([box.runtime, *box.words(vector)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env={**boxes.ENGINE_ENV, **manager.env})


def start_waits_for_readiness(box):
    manager = Manager(box)
    serve(box, uid=1000)
    result = box.call("--root ROOT create --bundle B ID", env=manager.env)
    expect((result.code, result.err) == (0, ""), str(result))
    starting = calling(box, "--root ROOT start ID", manager)
    wait_for_service(box)
    say(box, "STATUS=loading\nMAINPID=7", uid=1000)
    expect(manager.next_lines() == ["STATUS=loading", ""], "the status did not come alone")
    expect(starting.poll() is None, "start did not wait")
    say(box, "READY=1", uid=1000)
    expect(manager.next_lines() == ["READY=1", f"MAINPID={box.state()['pid']}", ""], "no main pid")
    expect(manager.next_lines() == ["BARRIER=1"], "no barrier")
    expect(starting.wait(timeout=60) == 0, f"exit code {starting.returncode}")
    expect(box.state()["status"] == "running", "it does not run")


def others_can_stop_what_is_not_ready(box):
    manager = Manager(box)
    serve(box)
    box.call("--root ROOT create --bundle B ID", env=manager.env)
    starting = calling(box, "--root ROOT start ID", manager)
    wait_for_service(box)
    result = box.call("--root ROOT kill ID KILL")
    expect((result.code, result.err) == (0, ""), str(result))
    expect(starting.wait(timeout=60) == 0, f"exit code {starting.returncode}")
    expect(not manager.has_more(), "something was told")


def run_in_the_background_waits(box):
    manager = Manager(box)
    serve(box)
    running = calling(box, "--root ROOT run --detach --bundle B ID", manager)
    wait_for_service(box)
    say(box, "READY=1")
    expect(manager.next_lines() == ["READY=1", f"MAINPID={box.state()['pid']}", ""], "no main pid")
    manager.next_lines()
    expect(running.wait(timeout=60) == 0, f"exit code {running.returncode}")


def run_in_the_foreground_goes_on_telling(box):
    manager = Manager(box)
    serve(box)
    running = calling(box, "--root ROOT run --bundle B ID", manager)
    wait_for_service(box)
    say(box, "READY=1", "x" * 40000, "FDSTORE=1\nWATCHDOG=1", "STOPPING=1")
    told = [manager.next_lines() for _ in range(3)]
    expect(told == [["READY=1", ""], ["WATCHDOG=1", ""], ["STOPPING=1", ""]], f"{told}")
    box.call("--root ROOT kill ID KILL")
    expect(running.wait(timeout=60) == 137, f"exit code {running.returncode}")
    expect(not box.state(), "it was not deleted")


def exec_knows_nothing_of_it(box):
    manager = Manager(box)
    box.be("running")
    report = reported(box.call("--root ROOT exec ID /inside report", env=manager.env))
    expect("NOTIFY_SOCKET" not in variables(report), "the host's socket came along")


def a_manager_that_is_gone_is_an_error(box):
    env = {"NOTIFY_SOCKET": str(box.folder / "nobody")}
    result = box.call("--root ROOT run --detach --bundle B ID", env=env)
    expect(result.code == 1 and result.err.count("\n") == 1, str(result))
    expect("$NOTIFY_SOCKET" in result.err, str(result))
    expect(not box.state(), "something is left")


CASES = [
    run_preserves, run_hands_sockets_over, sockets_of_another_process_are_not_taken,
    create_keeps_them_for_start, exec_preserves, exec_hands_sockets_over,
    a_descriptor_that_is_not_open_is_refused, start_waits_for_readiness,
    others_can_stop_what_is_not_ready, run_in_the_background_waits,
    run_in_the_foreground_goes_on_telling, exec_knows_nothing_of_it,
    a_manager_that_is_gone_is_an_error,
]


def main():
    runtime, inside, *names = sys.argv[1:]
    boxes.adopt_orphans()
    tap.run_cases(CASES, names, lambda: boxes.fresh(runtime, inside))


if __name__ == "__main__":
    main()
