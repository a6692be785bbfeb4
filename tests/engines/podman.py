"""podman with conmon and netavark, the cgroupfs manager, and its state in the host's folder."""

import json
import pathlib

import engine

# The defaults of 1,048,576 are more than a machine without CAP_SYS_RESOURCE may have.
CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=10000:10000"]
log_driver = "k8s-file"

[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "{name}"
runtime_supports_json = ["crun", "runc", "gocker-runtime"]
tmp_dir = "/run/libpod"
volume_path = "{folder}/volumes"

[engine.runtimes]
{name} = ["{runtime}"]
"""
STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "/run/containers/storage"
"""


class Podman(engine.Engine):
    name = "podman"

    def __init__(self, runtime):
        super().__init__(runtime)
        values = {"folder": self.folder, "runtime": self.runtime, "name": self.runtime.name}
        for name, text in (("containers.conf", CONTAINERS_CONF), ("storage.conf", STORAGE_CONF)):
            pathlib.Path("/etc/containers", name).write_text(text.format(**values))
        self.env["DISABLE_HC_SYSTEMD"] = "true"
        self.program = ["podman"]
        # For --userns=auto.
        for name in ("subuid", "subgid"):
            pathlib.Path("/etc", name).write_text("containers:500000:1048576\n")

    def version(self):
        return "podman " + self("version", "--format", "{{.Client.Version}}")

    def start(self):
        self("load", "-q", "-i", self.images.oci_archive)
        # What podman makes once and keeps: mounts, groups.
        self("run", "--rm", engine.IMAGE, "true")

    def stop(self):
        self("system", "reset", "--force")

    def reset(self):
        self("pod", "rm", "--all", "--force", "--time", "0")
        self("rm", "--all", "--force", "--time", "0")
        self("volume", "prune", "--force")

    def inspect(self, container):
        return json.loads(self("inspect", container))[0]

    def sleeper(self, *options, name, command=("sleep", "1000")):
        """A container in the background that runs until it is killed; its name."""
        self("run", "-d", "--name", name, *options, engine.IMAGE, *command)
        return name

    def remove(self, *containers):
        self("rm", "--force", "--time", "0", *containers)
