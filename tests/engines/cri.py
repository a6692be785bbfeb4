"""containerd's CRI plugin, called as the kubelet calls it."""

import contextlib
import json
import sys

import engine
import grpc_client
import limits
import oci_layout
import registry
from containerd import Containerd
from engine import wait_until

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
    "ContainerStatus": {"state": (3, int), "exit_code": (7, int), "reason": (10, str), "message": (11, str)},
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
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]], "dataDir": "/run/cni-addresses"}},
    {"type": "portmap", "capabilities": {"portMappings": True}}]}


class Cri(Containerd):
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
        self.call = grpc_client.Service(self.socket, "runtime.v1.RuntimeService", MESSAGES)
        self.pods = 0

    def import_image(self):
        super().import_image()
        layout = self.folder / "pod-image"
        oci_layout.Layout(str(layout)).add_image(POD_IMAGE, "none", {"config": {"Cmd": ["/bin/sleep", "1000000"]}},
                                                 [registry.busybox_layer(["sleep"])])
