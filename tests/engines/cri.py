"""containerd's CRI plugin, called as the kubelet calls it."""

import contextlib
import dataclasses
import json
import tarfile

import containerd
import engine
import grpc
import grpc_client
import oci_layout
import registry
from engine import equal, wait_until

POD_IMAGE = "localhost/pod:1"
POD, CONTAINER, NODE = range(3)  # namespace modes
RUNTIME_DEFAULT, UNCONFINED, LOCALHOST = range(3)  # seccomp profiles
PRIVATE, HOST_TO_CONTAINER, BIDIRECTIONAL = range(3)  # mount propagation
CREATED, RUNNING, EXITED = range(3)  # states of containers; of pods: ready, not ready

NAMESPACES = {"network": (1, int), "pid": (2, int), "ipc": (3, int)}
NUMBER = {"value": (1, int)}
ID = {"id": (1, str)}

# What the tests need of the messages of runtime.v1, field numbers as in Kubernetes' api.proto.
MESSAGES = {
    "Number": NUMBER,
    "Metadata": {"name": (1, str), "uid": (2, str), "namespace": (3, str)},
    "ContainerMetadata": {"name": (1, str)},
    "Namespaces": NAMESPACES,
    "Seccomp": {"type": (1, int), "file": (2, str)},
    "PodSecurity": {"namespaces": (1, "Namespaces"), "seccomp": (9, "Seccomp"), "privileged": (6, bool)},
    "PodLinux": {"cgroup_parent": (1, str), "security": (2, "PodSecurity"), "sysctls": (3, dict)},
    "Port": {"container": (2, int), "host": (3, int)},
    "Pod": {"metadata": (1, "Metadata"), "hostname": (2, str), "log_directory": (3, str),
            "ports": (5, ["Port"]), "linux": (8, "PodLinux")},
    "Resources": {"cpu_period": (1, int), "cpu_quota": (2, int), "cpu_shares": (3, int),
                  "memory": (4, int), "oom_score_adj": (5, int), "cpus": (6, str)},
    "Capabilities": {"add": (1, [str]), "drop": (2, [str])},
    "Security": {"capabilities": (1, "Capabilities"), "privileged": (2, bool),
                 "namespaces": (3, "Namespaces"), "user": (5, "Number"), "group": (12, "Number"),
                 "user_name": (6, str), "read_only": (7, bool), "groups": (8, [int]),
                 "no_new_privileges": (11, bool), "masked": (13, [str]), "read_only_paths": (14, [str]),
                 "seccomp": (15, "Seccomp")},
    "Linux": {"resources": (1, "Resources"), "security": (2, "Security")},
    "Image": {"image": (1, str)},
    "Variable": {"key": (1, str), "value": (2, bytes)},
    "Mount": {"container": (1, str), "host": (2, str), "read_only": (3, bool), "propagation": (5, int)},
    "Device": {"container": (1, str), "host": (2, str), "permissions": (3, str)},
    "Container": {"metadata": (1, "ContainerMetadata"), "image": (2, "Image"), "command": (3, [str]),
                  "cwd": (5, str), "env": (6, ["Variable"]), "mounts": (7, ["Mount"]),
                  "devices": (8, ["Device"]), "log": (11, str), "tty": (14, bool),
                  "linux": (15, "Linux")},

    "VersionRequest": {"version": (1, str)},
    "VersionResponse": {"runtime": (2, str), "version": (3, str)},
    "Condition": {"type": (1, str), "status": (2, bool), "message": (4, str)},
    "Conditions": {"conditions": (1, ["Condition"])},
    "StatusRequest": {},
    "StatusResponse": {"status": (1, "Conditions")},
    "RunPodSandboxRequest": {"config": (1, "Pod"), "handler": (2, str)},
    "RunPodSandboxResponse": ID,
    "StopPodSandboxRequest": ID,
    "StopPodSandboxResponse": {},
    "RemovePodSandboxRequest": ID,
    "RemovePodSandboxResponse": {},
    "PodNetwork": {"ip": (1, str)},
    "PodStatus": {"state": (3, int), "network": (5, "PodNetwork"), "handler": (9, str)},
    "PodSandboxStatusRequest": {"id": (1, str), "verbose": (2, bool)},
    "PodSandboxStatusResponse": {"status": (1, "PodStatus"), "info": (2, dict)},
    "ListPodSandboxRequest": {},
    "ListPodSandboxResponse": {"items": (1, ["ListItem"])},
    "ListItem": ID,
    "CreateContainerRequest": {"pod": (1, str), "config": (2, "Container"), "pod_config": (3, "Pod")},
    "CreateContainerResponse": ID,
    "StartContainerRequest": ID,
    "StartContainerResponse": {},
    "StopContainerRequest": {"id": (1, str), "timeout": (2, int)},
    "StopContainerResponse": {},
    "RemoveContainerRequest": ID,
    "RemoveContainerResponse": {},
    "ListContainersRequest": {},
    "ListContainersResponse": {"items": (1, ["ListItem"])},
    "ContainerStatus": {"state": (3, int), "exit_code": (7, int), "reason": (10, str)},
    "ContainerStatusRequest": {"id": (1, str), "verbose": (2, bool)},
    "ContainerStatusResponse": {"status": (1, "ContainerStatus"), "info": (2, dict)},
    "UpdateContainerResourcesRequest": {"id": (1, str), "linux": (2, "Resources")},
    "UpdateContainerResourcesResponse": {},
    "ExecSyncRequest": {"id": (1, str), "command": (2, [str]), "timeout": (3, int)},
    "ExecSyncResponse": {"out": (1, bytes), "err": (2, bytes), "exit_code": (3, int)},
    "Memory": {"working_set": (2, "Number")},
    "Stats": {"memory": (3, "Memory")},
    "ContainerStatsRequest": ID,
    "ContainerStatsResponse": {"stats": (1, "Stats")},
}

CONFIG = """\
version = 2
root = "{folder}/containerd"
state = "/run/containerd-state"
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pod_image}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "tested"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested.options]
BinaryName = "{runtime}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.debian]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.debian.options]
BinaryName = "{runc}"
"""
NETWORK = {"cniVersion": "0.4.0", "name": "pods", "plugins": [
    {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]],
              "dataDir": "/run/cni-addresses"}},
    {"type": "portmap", "capabilities": {"portMappings": True}}]}


@dataclasses.dataclass
class Pod:
    id: str
    config: dict


class Cri(containerd.Daemon):
    """Pods and containers are given and told as the dicts of MESSAGES; both are known by their IDs."""
    name = "containerd CRI"
    namespace = "k8s.io"

    def __init__(self, runtime):
        super().__init__(runtime)
        self.config = CONFIG.format(folder=self.folder, socket=self.socket, runtime=self.runtime,
                                    runc=engine.RUNC, pod_image=POD_IMAGE)
        (self.folder / "cni").mkdir()
        (self.folder / "cni/pods.conflist").write_text(json.dumps(NETWORK))
        self.logs = self.folder / "logs"
        self.call = None
        self.count = 0  # of pods, for their names

    def start(self):
        super().start()
        layout = self.folder / "pod-image"
        oci_layout.Layout(str(layout)).add_image(
            POD_IMAGE, "none", {"config": {"Cmd": ["/bin/sleep", "1000000"]}},
            [registry.busybox_layer(["sleep"])])
        with tarfile.open(self.folder / "pod.tar", "w") as archive:
            archive.add(layout, ".")
        self.import_image(POD_IMAGE, self.folder / "pod.tar")
        wait_until(self.is_ready, "the CRI plugin and its network")
        with self.pod():
            pass  # makes the group for all, and the bridge

    def start_daemon(self):
        super().start_daemon()
        self.call = grpc_client.Service(self.socket, "runtime.v1.RuntimeService", MESSAGES)

    def is_ready(self):
        try:
            conditions = self.call("Status")["status"]["conditions"]
        except grpc.RpcError:  # the plugin is still looking for what runs
            return False
        return all(condition.get("status") for condition in conditions)

    def reset(self):
        for pod in self.pods():
            self.remove_pod(pod)

    def pods(self):
        return [pod["id"] for pod in self.call("ListPodSandbox").get("items", [])]

    def remove_pod(self, pod):
        self.call("StopPodSandbox", id=pod)
        self.call("RemovePodSandbox", id=pod)

    @contextlib.contextmanager
    def pod(self, handler="", linux=None, **config):
        """A running pod, until the end of the block; what create() wants of it."""
        self.count += 1
        metadata = {"name": f"pod{self.count}", "uid": f"uid{self.count}", "namespace": "default"}
        config = {"metadata": metadata, "log_directory": str(self.logs), "linux": linux or {}, **config}
        made = self.call("RunPodSandbox", config=config, handler=handler)["id"]
        try:
            yield Pod(made, config)
        finally:
            if made in self.pods():
                self.remove_pod(made)

    def create(self, pod, *command, name="box", linux=None, **config):
        """A container that is not started; its ID."""
        return self.call("CreateContainer", pod=pod.id, pod_config=pod.config, config={
            "metadata": {"name": name}, "image": {"image": engine.IMAGE}, "command": list(command),
            "log": f"{name}.log", "linux": linux or {}, **config})["id"]

    def run(self, pod, *command, **config):
        """A running container; its ID."""
        container = self.create(pod, *command, **config)
        self.call("StartContainer", id=container)
        return container

    def output(self, pod, *command, name="box", code=0, **config):
        """What a container printed that ran to its end, and is removed."""
        container = self.run(pod, *command, name=name, **config)
        status = self.wait(container)
        equal(status.get("exit_code", 0), code, f"exit code of {command}: {self.lines(name)}")
        self.call("RemoveContainer", id=container)
        lines = self.lines(name)
        (self.logs / f"{name}.log").unlink(missing_ok=True)
        return "\n".join(lines)

    def lines(self, name):
        """The lines of a container's log, which has the time, the stream and a flag before each."""
        file = self.logs / f"{name}.log"
        return [line.split(" ", 3)[3] for line in file.read_text().splitlines()] if file.exists() else []

    def status(self, container):
        return self.call("ContainerStatus", id=container)["status"]

    def wait(self, container):
        """The status of a container once it has ended."""
        wait_until(lambda: self.status(container).get("state") == EXITED, "the end of the container")
        return self.status(container)

    def exec(self, container, *command, code=0, timeout=50):
        """What a command prints in a container."""
        done = self.call("ExecSync", id=container, command=list(command), timeout=timeout)
        out, err = done.get("out", b"").decode(), done.get("err", b"").decode()
        equal(done.get("exit_code", 0), code, f"exit code of {command}, which printed {out!r}, {err!r}")
        return out.rstrip("\n")

    def pid(self, container):
        info = self.call("ContainerStatus", id=container, verbose=True)["info"]["info"]
        return json.loads(info)["pid"]

    def address(self, pod):
        return self.call("PodSandboxStatus", id=pod.id)["status"]["network"]["ip"]
