"""podman with conmon and netavark, the cgroupfs manager, and its state in the host's folder."""

import json
import pathlib
import re

import engine
import host

# The default limits of 1,048,576 are more than a machine without CAP_SYS_RESOURCE may have. Without a
# network a start takes half the time; the cases of networks ask for one.
CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=10000:10000"]
log_driver = "k8s-file"
netns = "none"

[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "{name}"
runtime_supports_json = ["crun", "runc", "gocker-runtime"]
runtime_supports_nocgroup = ["crun", "gocker-runtime"]
tmp_dir = "/run/libpod"
volume_path = "{folder}/volumes"

[engine.runtimes]
{name} = ["{runtime}"]
unlisted = ["{runtime}"]
"""
STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "/run/containers/storage"
"""


def write_containers_conf(user):
    """The host's configuration of podman and buildah, for an engine's runtime and folder."""
    values = {"folder": user.folder, "runtime": user.runtime, "name": user.runtime.name}
    for name, text in (("containers.conf", CONTAINERS_CONF), ("storage.conf", STORAGE_CONF)):
        pathlib.Path("/etc/containers", name).write_text(text.format(**values))


class Podman(engine.Engine):
    name = "podman"

    def __init__(self, runtime):
        super().__init__(runtime)
        write_containers_conf(self)
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
        self("run", "--rm", "--network", "bridge", engine.IMAGE, "true")

    def stop(self):
        self("system", "reset", "--force")

    def reset(self):
        self("pod", "rm", "--all", "--force", "--time", "0")
        self("rm", "--all", "--force", "--time", "0")
        self("volume", "prune", "--force")

    def sh(self, script, *options, **more):
        """The output of a shell script in a container that is gone afterwards."""
        return self("run", "--rm", *options, engine.IMAGE, "sh", "-c", script, **more)

    def status(self, container):
        return self.inspect(container)["State"]["Status"]

    def pid(self, container):
        return self.inspect(container)["State"]["Pid"]

    def keeps_group(self, path):
        return re.fullmatch(r"/libpod_parent(/conmon|/[0-9a-f]{64}(/conmon)?)?", path)

    def inspect(self, container):
        return json.loads(self("inspect", container))[0]

    def sleeper(self, *options, name, command=("sleep", "1000")):
        """A container in the background that runs until it is killed; its name."""
        self("run", "-d", "--name", name, *options, engine.IMAGE, *command)
        return name

    def traces_of(self, identifier):
        """What there is of a container beside podman's own record: groups, their processes, state."""
        groups = [group for group in host.control_groups() if identifier in group]
        pids = [f"process {pid}" for group in groups for pid in host.pids_in(group)]
        states = [folder for folder in self.state_folders() if pathlib.Path(folder, identifier).exists()]
        return groups + pids + states

    def remove(self, *containers):
        self.remove_with("rm", "--force", "--time", "0", *containers)

    def remove_pod(self, pod):
        self.remove_with("pod", "rm", "--force", "--time", "0", pod)

    def remove_with(self, *words):
        """Tries it again where podman's own cleanup was at it just then: its race, with any runtime."""
        try:
            self(*words)
        except AssertionError as failure:
            if "device or resource busy" not in str(failure):
                raise
            self(*words)
