#!/usr/bin/python3
"""containerd's CRI plugin runs pods with the runtime under test, called as the kubelet calls it.

    tests/engines/cri_test.py RUNTIME [NAME...]

With Debian's own Python, for which there is a package of gRPC.
"""

import json
import pathlib

import cri
import engine
import grpc
import limits
import proc
from cri import Cri
from engine import case, contains, equal, wait_until

SLEEP = ("sleep", "1000")


def fails(kube, method, code, says, **values):
    """A call that must fail so."""
    try:
        answer = kube.call(method, **values)
    except grpc.RpcError as error:
        equal(error.code(), code, error.details())
        contains(error.details(), says)
    else:
        raise AssertionError(f"{method} succeeded: {answer}")


@case("versions and conditions")
def conditions(kube):
    equal(kube.call("Version")["runtime"], "containerd")
    equal({condition["type"] for condition in kube.call("Status")["status"]["conditions"]},
          {"RuntimeReady", "NetworkReady"})


@case("a container's life: created, running, exited; its log and exit code")
def life(kube):
    with kube.pod() as pod:
        script = "echo out; echo err >&2; while [ ! -e /stop ]; do sleep 0.05; done; exit 7"
        box = kube.create(pod, "sh", "-c", script)
        equal(kube.status(box).get("state", 0), cri.CREATED)
        kube.call("StartContainer", id=box)
        equal(kube.status(box)["state"], cri.RUNNING)
        kube.exec(box, "touch", "/stop")
        status = kube.wait(box)
        equal((status["exit_code"], status["reason"]), (7, "Error"))
        lines = (kube.logs / "box.log").read_text().splitlines()  # each begins with the time
        equal(sorted(line.split(" ", 1)[1] for line in lines), ["stderr F err", "stdout F out"])
        kube.call("RemoveContainer", id=box)
        equal(kube.call("ListContainers"), {})


@case("a container stops by its signal, or is killed when its time is up")
def stop(kube):
    with kube.pod() as pod:
        script = "trap '{}' TERM; echo ready; while :; do sleep 0.05; done"
        heeds = kube.run(pod, "sh", "-c", script.format("exit 3"), name="heeds")
        ignores = kube.run(pod, "sh", "-c", script.format(""), name="ignores")
        wait_until(lambda: kube.lines("heeds") and kube.lines("ignores"), "both to be ready")
        kube.call("StopContainer", id=heeds, timeout=40)
        kube.call("StopContainer", id=ignores, timeout=1)
        equal((kube.status(heeds)["exit_code"], kube.status(ignores)["exit_code"]), (3, 137))


@case("exec: streams, exit codes, a time that is up")
def exec_(kube):
    with kube.pod() as pod:
        box = kube.run(pod, *SLEEP)
        done = kube.call("ExecSync", id=box, command=["sh", "-c", "echo out; echo err >&2; exit 9"])
        equal(done, {"out": b"out\n", "err": b"err\n", "exit_code": 9})
        fails(kube, "ExecSync", grpc.StatusCode.DEADLINE_EXCEEDED, "timeout 1s exceeded", id=box,
              command=["sleep", "50"], timeout=1)
        fails(kube, "ExecSync", grpc.StatusCode.UNKNOWN, "executable file not found", id=box,
              command=["nosuch"])
        wait_until(lambda: "sleep 50" not in kube.exec(box, "ps", "-o", "args"),
                   "the end of what took too long")


@case("a program that is not there: the reason is told")
def not_found(kube):
    with kube.pod() as pod:
        box = kube.create(pod, "/no/such")
        fails(kube, "StartContainer", grpc.StatusCode.UNKNOWN, "no such file or directory", id=box)
        status = kube.status(box)
        equal((status["state"], status["exit_code"], status["reason"]), (cri.EXITED, 128, "StartError"))


@case("a terminal")
def terminal(kube):
    with kube.pod() as pod:
        contains(kube.output(pod, "sh", "-c", "tty", tty=True), "/dev/pts/0")


@case("limits at the start, and changed while it runs")
def resources(kube):
    with kube.pod(linux={"cgroup_parent": "/kubepods"}) as pod:
        box = kube.run(pod, *SLEEP, linux={"resources": {
            "memory": 64 << 20, "cpu_period": 100000, "cpu_quota": 50000, "cpu_shares": 512,
            "cpus": "0", "oom_score_adj": 500}})
        pid = kube.pid(box)
        equal((limits.memory(pid), limits.cpus(pid), limits.processor_set(pid)), (64 << 20, 0.5, "0"))
        contains(str(limits.group_file(pid, "memory", "cgroup.procs")), "/kubepods/")
        equal(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text(), "500\n")
        kube.call("UpdateContainerResources", id=box, linux={
            "memory": 128 << 20, "cpu_period": 100000, "cpu_quota": 25000, "cpu_shares": 256})
        equal((limits.memory(pid), limits.cpus(pid), limits.processor_set(pid)), (128 << 20, 0.25, "0"))
    limits.remove_group("kubepods")


@case("out of memory is told as the reason")
def out_of_memory(kube):
    with kube.pod() as pod:
        script = "while [ ! -e /eat ]; do sleep 0.05; done; exec tail /dev/zero"
        box = kube.run(pod, "sh", "-c", script, linux={"resources": {"memory": 16 << 20}})
        (limits.root_of(kube.pid(box)) / "eat").touch()
        equal(kube.wait(box)["exit_code"], 137)
        wait_until(lambda: kube.status(box)["reason"] == "OOMKilled", "the reason")


@case("statistics")
def statistics(kube):
    with kube.pod() as pod:
        box = kube.run(pod, *SLEEP)
        used = kube.call("ContainerStats", id=box)["stats"]["memory"]["working_set"]["value"]
        equal(4096 <= used < 64 << 20, True, f"{used} bytes")


@case("users and groups, by number and name")
def users(kube):
    def of(pod, **security):
        return kube.output(pod, "sh", "-c", "id -u; id -g; id -G", linux={"security": security}).split("\n")
    with kube.pod() as pod:
        equal(of(pod), ["0", "0", "0"])
        equal(of(pod, user={"value": 4000}, group={"value": 50}, groups=[7]), ["4000", "50", "50 7"])
        equal(of(pod, user_name="ann"), ["1000", "1001", "1001 1002"])


@case("a read-only root, capabilities, no new privileges")
def rights(kube):
    with kube.pod() as pod:
        security = {"read_only": True, "no_new_privileges": True,
                    "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}}
        text = kube.output(pod, "sh", "-c", "cat /proc/self/status; touch /x || true",
                           linux={"security": security})
        equal((proc.field(text, "CapEff"), proc.field(text, "NoNewPrivs")), ("0000000000001000", "1"))
        contains(text, "Read-only file system")
        equal(proc.field(kube.output(pod, "cat", "/proc/self/status"), "CapEff"), "00000000a80425fb")


@case("seccomp: the default profile, none, one from a file")
def seccomp(kube):
    profile = kube.folder / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}))

    def of(pod, script, **seccomp):
        return kube.output(pod, "sh", "-c", script, linux={"security": {"seccomp": seccomp}})
    with kube.pod() as pod:
        mode = "grep Seccomp: /proc/self/status"
        contains(of(pod, mode, type=cri.RUNTIME_DEFAULT), "2")
        contains(of(pod, mode, type=cri.UNCONFINED), "0")
        contains(of(pod, "mkdir /x || true", type=cri.LOCALHOST, file=f"localhost/{profile}"),
                 "Function not implemented")


@case("masked and read-only paths")
def masked(kube):
    with kube.pod() as pod:
        security = {"masked": ["/proc/version", "/etc/passwd"], "read_only_paths": ["/tmp"]}
        text = kube.output(pod, "sh", "-c", "cat /proc/version /etc/passwd | wc -c; touch /tmp/x 2>&1 || true",
                           linux={"security": security})
        equal(text.split("\n")[0], "0")
        contains(text, "Read-only file system")


@case("volumes: read-only, and what the host mounts in them later")
def volumes(kube):
    folder = kube.folder / "volume"
    folder.mkdir()
    (folder / "file").write_text("from the host\n")
    proc.run("mount", "--bind", folder, folder)
    proc.run("mount", "--make-shared", folder)
    try:
        with kube.pod() as pod:
            mounts = [{"container": "/plain", "host": str(folder)},
                      {"container": "/fixed", "host": str(folder), "read_only": True},
                      {"container": "/follows", "host": str(folder), "propagation": cri.HOST_TO_CONTAINER}]
            box = kube.run(pod, *SLEEP, mounts=mounts)
            equal(kube.exec(box, "cat", "/plain/file"), "from the host")
            kube.exec(box, "sh", "-c", "touch /fixed/x", code=1)
            (folder / "later").mkdir()
            proc.run("mount", "-t", "tmpfs", "tmpfs", folder / "later")
            (folder / "later/file").write_text("here\n")
            equal(kube.exec(box, "cat", "/follows/later/file"), "here")
            equal(kube.exec(box, "ls", "/plain/later"), "")
    finally:
        proc.run("umount", "--recursive", folder)


@case("what a container mounts in a volume appears on the host")
def mounts_from_inside(kube):
    folder = kube.folder / "both-ways"
    folder.mkdir()
    proc.run("mount", "-t", "tmpfs", "tmpfs", folder)
    proc.run("mount", "--make-shared", folder)
    try:
        with kube.pod(linux={"security": {"privileged": True}}) as pod:
            box = kube.run(pod, *SLEEP, linux={"security": {"privileged": True}}, mounts=[
                {"container": "/v", "host": str(folder), "propagation": cri.BIDIRECTIONAL}])
            kube.exec(box, "sh", "-c",
                      "mkdir /v/in && mount -t tmpfs tmpfs /v/in && echo inside > /v/in/file")
            equal((folder / "in/file").read_text(), "inside\n")
    finally:
        proc.run("umount", "--recursive", folder)


@case("devices")
def devices(kube):
    with kube.pod() as pod:
        box = kube.run(pod, *SLEEP, devices=[
            {"container": "/dev/given", "host": "/dev/fuse", "permissions": "rw"}])
        kube.exec(box, "sh", "-c", "exec 3<>/dev/given")
        contains(limits.devices(kube.pid(box)), "c 10:229 rw")


@case("environment, working directory, host name, kernel parameters")
def environment(kube):
    with kube.pod(hostname="inside", linux={"sysctls": {"kernel.msgmax": "9000"}}) as pod:
        text = kube.output(pod, "sh", "-c", "echo $OWN; pwd; hostname; cat /proc/sys/kernel/msgmax",
                           env=[{"key": "OWN", "value": b"1"}], cwd="/tmp")
        equal(text, "1\n/tmp\ninside\n9000")


@case("the containers of a pod share its network, and processes where they are to")
def shared(kube):
    with kube.pod(linux={"security": {"namespaces": {"pid": cri.POD}}}) as pod:
        linux = {"security": {"namespaces": {"pid": cri.POD}}}
        kube.run(pod, "sh", "-c", "while :; do echo hello | nc -l -p 8000; done", name="server", linux=linux)
        box = kube.run(pod, *SLEEP, linux=linux)

        def asked():
            return kube.call("ExecSync", id=box, command=["nc", "127.0.0.1", "8000"]).get("out")
        equal(wait_until(asked, "an answer"), b"hello\n")
        contains(kube.exec(box, "ps", "-o", "args"), "1000000")  # the pod's own process
    with kube.pod() as pod:
        box = kube.run(pod, *SLEEP, linux={"security": {"namespaces": {"pid": cri.CONTAINER}}})
        equal(kube.exec(box, "cat", "/proc/1/cmdline").split("\0")[0], "sleep")


@case("the host's namespaces")
def host_namespaces(kube):
    modes = {"network": cri.NODE, "pid": cri.NODE, "ipc": cri.NODE}
    with kube.pod(linux={"security": {"namespaces": modes}}) as pod:
        box = kube.run(pod, *SLEEP, linux={"security": {"namespaces": modes}})
        for kind in ("net", "pid", "ipc"):
            link = f"/proc/self/ns/{kind}"
            equal(kube.exec(box, "readlink", link), proc.run("readlink", link))


@case("two pods reach each other, and the host a port of theirs")
def networks(kube):
    ports = [{"container": 8000, "host": 8124}]
    script = "while :; do echo hello from $(hostname) | nc -l -p 8000; done"
    with kube.pod(hostname="server", ports=ports) as server, kube.pod() as client:
        kube.run(server, "sh", "-c", script, name="server")
        box = kube.run(client, *SLEEP)
        address = kube.address(server)

        def asked():
            return kube.call("ExecSync", id=box, command=["nc", "-w", "2", address, "8000"]).get("out")
        equal(wait_until(asked, "an answer to the pod"), b"hello from server\n")
        # The host's end of the pods' bridge.
        ask = ("sh", "-c", "busybox nc -w 2 10.88.0.1 8124 || true")
        equal(wait_until(lambda: proc.run(*ask), "an answer to the host"), "hello from server")


@case("a runtime handler chosen for a pod, as a RuntimeClass does")
def handlers(kube):
    for handler in ("tested", "debian"):
        with kube.pod(handler=handler) as pod:
            equal(kube.call("PodSandboxStatus", id=pod.id)["status"]["handler"], handler)
            equal(kube.output(pod, "echo", "hello"), "hello")
    fails(kube, "RunPodSandbox", grpc.StatusCode.UNKNOWN, "unheard-of", handler="unheard-of",
          config={"metadata": {"name": "none", "uid": "none", "namespace": "default"}})


@case("pods outlive the daemon, which finds them again")
def daemon_restart(kube):
    with kube.pod() as pod:
        box = kube.run(pod, "sh", "-c", "while [ ! -e /stop ]; do echo line; sleep 0.05; done; exit 4")
        pid = kube.pid(box)
        kube.stop_daemon()
        kube.start_daemon()
        wait_until(kube.is_ready, "the CRI plugin")
        equal((kube.status(box)["state"], kube.pid(box)), (cri.RUNNING, pid))
        before = len(kube.lines("box"))
        wait_until(lambda: len(kube.lines("box")) > before, "more lines")
        kube.exec(box, "touch", "/stop")
        equal(kube.wait(box)["exit_code"], 4)


@case("a pod is removed with what runs in it")
def removal(kube):
    with kube.pod() as pod:
        pids = [kube.pid(kube.run(pod, *SLEEP, name=f"box{number}")) for number in range(3)]
        kube.remove_pod(pod.id)
        equal([pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()], [])
        equal(kube.call("ListContainers"), {})


engine.main(Cri)
