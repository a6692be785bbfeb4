#!/usr/bin/env python3
"""Checkpoint and restore, with a CRIU that works on this kernel.

    tests/checkpoint/checkpoint_test.py RUNTIME INSIDE [NAME...]

Each case saves a container that counts, and brings it back. $GOCKER_RUNTIME takes the place of RUNTIME.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "contract")]
import tap
from expect import counted, wait_until

import box as boxes
import criu
from box import expect

COUNTER = "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; echo $i; sleep 0.02; done"
MASKED = ["/proc/keys", "/proc/timer_list", "/proc/scsi"]


class Saved:
    """A container that counts on its stdout and in /tmp/count, its images, and what calls it."""

    options = []  # of the runtime, for each call

    def __init__(self, folder, runtime, inside, program):
        self.box = boxes.Box(folder, runtime, inside)
        self.program = program
        self.group = f"/{self.box.id}"
        self.folder = self.box.folder
        self.images, self.work = self.folder / "images", self.folder / "work"
        self.work.mkdir(mode=0o700)  # crun makes none
        self.output = None
        rootfs = self.box.bundle / "rootfs"
        (rootfs / "bin").mkdir()
        shutil.copy(shutil.which("busybox"), rootfs / "bin/busybox")
        for name in ("sh", "sleep"):
            (rootfs / "bin" / name).symlink_to("busybox")
        self.configure()

    def configure(self, change=lambda config: None, script=COUNTER):
        self.box.write_config(args=["/bin/sh", "-c", script], env=["PATH=/bin"])
        path = self.box.bundle / "config.json"
        config = json.loads(path.read_text())
        config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"})
        config["linux"]["maskedPaths"] = MASKED
        config["linux"]["readonlyPaths"] = ["/proc/sys"]
        change(config)
        path.write_text(json.dumps(config))

    def call(self, words, **streams):
        """The exit code and what was said; the container's own streams are those of the call."""
        said = self.folder / "said"
        with open(said, "wb") as err:
            done = subprocess.run(
                self.command(words), timeout=300, cwd=self.folder,
                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": err} | streams)
        return done.returncode, said.read_text()

    def command(self, words):
        # Not every runtime can be told where it is.
        criu_option = [] if self.program == shutil.which("criu") else ["--criu", self.program]
        return [self.box.runtime, *criu_option, *self.options, "--root", str(self.box.root),
                *self.box.words(words)]

    def must(self, words, **streams):
        code, said = self.call(words, **streams)
        expect((code, said) == (0, ""), f"{words}: exit code {code}: {said}")

    @contextlib.contextmanager
    def piped(self):
        """A pipe for the container's output, as engines give it; what comes lands in a file of its own."""
        self.output = self.folder / f"output-{os.urandom(4).hex()}"
        reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=open(self.output, "wb"))
        try:
            yield {"stdout": reader.stdin, "stderr": reader.stdin}
        finally:
            reader.stdin.close()

    def start(self):
        with self.piped() as streams:
            self.must("create --bundle B ID", **streams)
        self.must("start ID")
        self.wait_for_count(3)

    def checkpoint(self, options=""):
        self.must(f"checkpoint --image-path {self.images} --work-path {self.work} {options} ID")

    def restore(self, options=""):
        with self.piped() as streams:
            self.must(f"restore --detach --bundle B --image-path {self.images} "
                      f"--work-path {self.work} {options} ID", **streams)

    def pid(self):
        return self.box.state()["pid"]

    def inside(self, path):
        return pathlib.Path(f"/proc/{self.pid()}/root{path}")

    def count(self):
        """How far it has counted; 0 where it has not begun."""
        with contextlib.suppress(KeyError):  # it has no pid
            return counted(lambda: self.inside("/tmp/count").read_text())
        return 0

    def wait_for_count(self, least):
        wait_until(lambda: self.count() >= least, f"the count of {least}")

    def first_line(self):
        """Of the output, when it has arrived."""
        return wait_until(lambda: self.output.read_text().split("\n")[:-1], "its output")[0]

    def groups(self):
        """The directories of its groups, in whatever hierarchy."""
        places = pathlib.Path("/sys/fs/cgroup")
        return [group for place in (places, *places.iterdir())
                if (group := pathlib.Path(f"{place}{self.group}")).is_dir()]

    def group_files(self, name):
        """The files of that name in its groups, one at least."""
        found = [group / name for group in self.groups() if (group / name).exists()]
        expect(found, f"no {name} in its groups")
        return found

    def status(self):
        """What a process keeps over a checkpoint."""
        lines = pathlib.Path(f"/proc/{self.pid()}/status").read_text().splitlines()
        kept = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                "NoNewPrivs", "Seccomp", "Umask")
        return [line for line in lines if line.split(":")[0] in kept]

    def mounts(self):
        """Point, filesystem and options of each mount."""
        table = pathlib.Path(f"/proc/{self.pid()}/mountinfo").read_text().splitlines()
        return sorted((line.split()[4], line.split(" - ")[1].split()[0], line.split()[5])
                      for line in table)


# --- the cases ------------------------------------------------------------------------------------

def a_container_goes_on_where_it_was(saved):
    saved.start()
    before = saved.status(), saved.mounts()
    saved.checkpoint()
    expect(not saved.box.state(), "the container is there after its checkpoint")
    expect((saved.work / "dump.log").exists(), "no dump.log in the work path")
    saved.restore("--pid-file PID")
    expect(int(saved.box.pid_file.read_bytes()) == saved.pid(), "another pid in the pid file")
    first = saved.count()
    expect(first >= 3, f"it counts anew from {first}")
    saved.wait_for_count(first + 3)
    expect(int(saved.first_line()) > 1, f"its output begins with {saved.first_line()}")
    expect(saved.status() == before[0], f"{before[0]} became {saved.status()}")
    expect(saved.mounts() == before[1], f"{before[1]} became {saved.mounts()}")
    code, said = saved.call("exec ID /inside exit 3")
    expect((code, said) == (3, ""), f"exec: {code} {said}")


def leave_running_leaves_it_running(saved):
    saved.start()
    pid = saved.pid()
    saved.work.rmdir()
    saved.checkpoint("--leave-running")
    saved.wait_for_count(saved.count() + 3)
    expect(saved.pid() == pid, "another process runs")


def a_pre_dump_is_the_parent_of_a_dump(saved):
    if subprocess.run([saved.program, "check", "--feature", "mem_dirty_track"],
                      capture_output=True).returncode != 0:
        raise tap.NotHere("this kernel doesn't tell which pages were written to (CONFIG_MEM_SOFT_DIRTY)")
    saved.start()
    saved.must(f"checkpoint --pre-dump --image-path {saved.folder}/before --work-path {saved.work} ID")
    saved.wait_for_count(saved.count() + 3)
    saved.checkpoint("--parent-path ../before")
    expect((saved.images / "parent").is_symlink(), "the dump has no parent")
    saved.restore()
    saved.wait_for_count(saved.count() + 3)


def the_foreground_has_its_exit_code(saved):
    saved.configure(script=f"trap 'exit 9' TERM; {COUNTER}")
    saved.start()
    saved.checkpoint()
    words = f"restore --bundle B --image-path {saved.images} --work-path {saved.work} ID"
    with saved.piped() as streams:
        running = subprocess.Popen(saved.command(words), stdin=subprocess.DEVNULL, **streams)
    saved.first_line()  # it runs again
    running.terminate()
    expect(running.wait(timeout=60) == 9, f"exit code {running.returncode}")
    expect(not saved.box.state(), "it was not deleted")


def mounts_from_outside_are_given_anew(saved):
    data, more = saved.folder / "data", saved.folder / "more"
    for folder in (data, more / "below"):
        folder.mkdir(parents=True)
    (data / "file").write_text("first")

    def bind(config):
        config["mounts"] += [
            {"destination": "/data", "type": "bind", "source": str(data), "options": ["bind", "ro"]},
            {"destination": "/link/data", "source": str(data / "file"), "options": ["bind"]},
            {"destination": "/tmp/inner", "source": str(data), "options": ["rbind"]}]

    (saved.box.bundle / "rootfs/link").symlink_to("run")
    saved.configure(bind)
    saved.start()
    saved.checkpoint()
    (data / "file").write_text("second")
    saved.restore()
    for path in ("/data/file", "/link/data", "/tmp/inner/file"):
        expect(saved.inside(path).read_text() == "second", f"{path} is what was saved")
    options = {point: options for point, _, options in saved.mounts()}
    expect("ro" in options["/data"].split(","), f"/data is mounted {options['/data']}")
    expect("/run/data" in options, f"the link's mount is in {list(options)}")


def mounts_below_a_recursive_bind_come_along(saved):
    tree = saved.folder / "tree"
    (tree / "below").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(tree / "below")], check=True)
    try:
        (tree / "below/file").write_text("x")
        saved.configure(lambda config: config["mounts"].append(
            {"destination": "/tree", "type": "bind", "source": str(tree), "options": ["rbind"]}))
        saved.start()
        saved.checkpoint()
        saved.restore()
        expect(saved.inside("/tree/below/file").read_text() == "x", "another filesystem")
        saved.call("delete --force ID")
    finally:
        subprocess.run(["umount", "-l", str(tree / "below")], check=True)


def a_network_by_path_is_joined_again(saved):
    with subprocess.Popen(["unshare", "-n", "sleep", "600"]) as holder:
        try:
            own = os.readlink("/proc/self/ns/net")
            path = f"/proc/{holder.pid}/ns/net"
            wait_until(lambda: os.readlink(path) != own, "the network namespace")

            def join(config):
                namespaces = config["linux"]["namespaces"]
                next(n for n in namespaces if n["type"] == "network")["path"] = path

            saved.configure(join)
            saved.start()
            saved.checkpoint()
            saved.restore()
            joined = os.readlink(f"/proc/{saved.pid()}/ns/net")
            expect(joined == os.readlink(path), f"it is in {joined}")
        finally:
            holder.kill()


def its_own_network_has_a_loopback(saved):
    saved.start()
    saved.checkpoint()
    saved.restore()
    flags = int(saved.inside("/sys/class/net/lo/flags").read_text(), 16) \
        if saved.inside("/sys/class/net/lo").exists() else None
    if flags is None:
        shown = subprocess.run(["nsenter", "-t", str(saved.pid()), "-n", "ip", "-o", "link", "show",
                                "lo"], capture_output=True, text=True, check=True).stdout
        flags = 1 if "UP" in shown else 0
    expect(flags & 1, "lo is down")


def another_ones_ipc_is_refused(saved):
    saved.configure(lambda config: next(
        n for n in config["linux"]["namespaces"] if n["type"] == "ipc").update(
            path="/proc/self/ns/ipc"))
    saved.start()
    code, said = saved.call(f"checkpoint --image-path {saved.images} ID")
    expect(code == 1 and "its ipc namespace is another's" in said, f"{code}: {said}")
    saved.wait_for_count(saved.count() + 3)


def a_terminal_is_handed_over_anew(saved):
    def terminal(config):
        config["process"]["terminal"] = True

    saved.configure(terminal, script="i=0; while read line; do i=$((i+1)); echo $i > /tmp/count; "
                                     "echo got $i $line; done")
    with saved.box.socket("first") as listener:
        saved.must(f"create --bundle B --console-socket {saved.folder}/first ID")
        _, [first] = listener.receive()
    saved.must("start ID")
    os.write(first, b"one\ntwo\n")
    saved.wait_for_count(2)
    saved.checkpoint()
    os.close(first)
    with saved.box.socket("second") as listener:
        saved.restore(f"--console-socket {saved.folder}/second")
        _, [second] = listener.receive()
    os.write(second, b"three\n")
    saved.wait_for_count(3)
    said = b""
    while b"got 3 three" not in said:
        said += os.read(second, 4096)
    os.close(second)


def file_locks_need_their_option(saved):
    saved.configure(script=f"/inside lock /tmp/lock & {COUNTER}")
    saved.start()
    wait_until(lambda: boxes.is_locked(saved.inside("/tmp/lock")), "the lock")
    code, said = saved.call(f"checkpoint --image-path {saved.images} --work-path {saved.work} ID")
    expect(code == 1 and "lock" in said and said.count("\n") == 1, f"{code}: {said}")
    saved.wait_for_count(saved.count() + 3)  # a failed one leaves it running
    saved.checkpoint("--file-locks")
    saved.restore("--file-locks")
    with open(saved.inside("/tmp/lock")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    raise AssertionError("the lock is lost")


def hooks_of_the_runtime_run(saved):
    log = saved.folder / "hooks"
    hook = {"path": "/bin/sh", "args": ["sh", "-c", f"cat >> {log}; echo >> {log}"]}
    saved.configure(lambda config: config.update(hooks={"createRuntime": [hook], "poststop": [hook]}))
    saved.start()
    saved.checkpoint()
    saved.restore()
    states = [json.loads(line) for line in log.read_text().splitlines()]
    expect(len(states) == 3, f"{len(states)} hooks ran")  # create, checkpoint's end, restore
    expect(states[2]["pid"] == saved.pid(), f"the hook saw pid {states[2]['pid']}")


def a_user_namespace_is_kept(saved):
    def user(config):
        config["linux"]["namespaces"].append({"type": "user"})
        for kind in ("uidMappings", "gidMappings"):
            config["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 1000}]

    saved.configure(user)
    saved.start()
    saved.checkpoint()
    saved.restore()
    maps = pathlib.Path(f"/proc/{saved.pid()}/uid_map").read_text().split()
    expect(maps == ["0", "100000", "1000"], f"{maps}")
    saved.wait_for_count(saved.count() + 3)


def it_comes_back_elsewhere_from_a_fresh_root(saved):
    data = saved.folder / "data"
    data.mkdir()
    saved.configure(lambda config: config["mounts"].append(
        {"destination": "/made/by/mount", "source": str(data), "options": ["bind"]}))
    saved.start()
    saved.checkpoint()
    copy = saved.folder / "copy"
    shutil.copytree(saved.box.bundle, copy, symlinks=True)
    shutil.rmtree(copy / "rootfs/made")
    shutil.rmtree(saved.box.bundle)
    saved.box.bundle = copy
    saved.restore()
    saved.wait_for_count(saved.count() + 3)
    expect(saved.inside("/made/by/mount").is_dir(), "the mount is missing")


def limits_are_those_of_the_bundle(saved):
    saved.configure(lambda config: config["linux"]["resources"].update(pids={"limit": 41}))
    saved.start()
    saved.checkpoint()
    saved.restore()
    for file in saved.group_files("pids.max"):
        expect(file.read_text().strip() == "41", f"{file}: {file.read_text()}")
    groups = pathlib.Path(f"/proc/{saved.pid()}/cgroup").read_text().split()
    outside = [group for group in groups if not group.endswith(saved.group)]
    expect(not outside, f"it is in {outside}")


def the_smallest_limit_of_processes_is_kept(saved):
    saved.configure(lambda config: config["linux"]["resources"].update(pids={"limit": 1}),
                    script="i=0; while :; do i=$((i+1)); echo $i > /tmp/count; done")
    saved.start()
    saved.checkpoint()
    saved.restore()
    for file in saved.group_files("pids.max"):
        expect(file.read_text().strip() == "1", f"{file}: {file.read_text()}")
    saved.wait_for_count(saved.count() + 3)


def refused(saved, words, reason):
    code, said = saved.call(words)
    expect(code == 1 and said.count("\n") == 1 and reason in said, f"{code}: {said}")
    expect(not saved.box.state(), "something is left")
    table = pathlib.Path("/proc/self/mountinfo").read_text()
    expect(str(saved.box.root) not in table, "a mount is left on the host")


def a_link_among_the_images_is_refused(saved):
    saved.start()
    saved.checkpoint()
    secret = saved.folder / "secret"
    secret.write_text("the host's")
    pages = saved.images / "pages-1.img"
    pages.unlink()
    pages.symlink_to(secret)
    refused(saved, f"restore -d --bundle B --image-path {saved.images} ID",
            "pages-1.img is not a plain file")


def a_planted_link_is_not_written_through(saved):
    saved.start()
    canary = saved.folder / "canary"
    canary.write_text("kept")
    saved.images.mkdir(mode=0o700)
    (saved.images / "pages-1.img").symlink_to(canary)
    code, said = saved.call(f"checkpoint --image-path {saved.images} ID")
    expect(code == 1 and "is not a plain file" in said, f"{code}: {said}")
    expect(canary.read_text() == "kept", "it was written over")
    saved.wait_for_count(saved.count() + 3)


def images_that_others_may_write_are_refused(saved):
    saved.start()
    saved.checkpoint()
    saved.images.chmod(0o777)
    refused(saved, f"restore -d --bundle B --image-path {saved.images} ID", "others may write to it")


def damaged_images_leave_nothing(saved):
    saved.start()
    saved.checkpoint()
    (saved.images / "pstree.img").write_bytes(b"nonsense")
    refused(saved, f"restore -d --bundle B --image-path {saved.images} --work-path {saved.work} ID",
            "restore.log in the work path")
    wait_until(lambda: not saved.groups(), "the end of its groups")


def no_images_at_all(saved):
    refused(saved, f"restore -d --bundle B --image-path {saved.folder}/none ID", "No such file")


def no_criu_at_all(saved):
    saved.program = "no-such-criu"
    refused(saved, f"restore -d --bundle B --image-path {saved.folder} ID",
            "no-such-criu is in no folder of $PATH")


def a_created_container_is_refused(saved):
    saved.must("create --bundle B ID")
    code, said = saved.call(f"checkpoint --image-path {saved.images} ID")
    expect(code == 1 and "it is created, not running" in said, f"{code}: {said}")


CASES = [
    a_container_goes_on_where_it_was, leave_running_leaves_it_running,
    a_pre_dump_is_the_parent_of_a_dump, the_foreground_has_its_exit_code,
    mounts_from_outside_are_given_anew, mounts_below_a_recursive_bind_come_along,
    a_network_by_path_is_joined_again, its_own_network_has_a_loopback, another_ones_ipc_is_refused,
    a_terminal_is_handed_over_anew, file_locks_need_their_option,
    hooks_of_the_runtime_run, a_user_namespace_is_kept,
    it_comes_back_elsewhere_from_a_fresh_root, limits_are_those_of_the_bundle,
    the_smallest_limit_of_processes_is_kept,
    a_link_among_the_images_is_refused, a_planted_link_is_not_written_through,
    images_that_others_may_write_are_refused, damaged_images_leave_nothing, no_images_at_all,
    no_criu_at_all, a_created_container_is_refused,
]


@contextlib.contextmanager
def fresh(kind, runtime, inside, program, reason):
    if program is None:
        raise tap.NotHere(reason)
    with tempfile.TemporaryDirectory(prefix="gocker-checkpoint") as folder:
        saved = kind(folder, runtime, inside, program)
        try:
            yield saved
        finally:
            saved.box.close()


def main(cases, kind):
    runtime, inside, *names = sys.argv[1:]
    program, reason = criu.find()
    boxes.adopt_orphans()
    tap.run_cases(cases, names,
                  lambda: fresh(kind, os.path.abspath(runtime), inside, program, reason))


if __name__ == "__main__":
    main(CASES, Saved)
