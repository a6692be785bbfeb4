"""Bundles to measure with, and the programs that measuring takes."""

import json
import pathlib
import platform
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SECCOMP_PROFILE = pathlib.Path("/usr/share/containers/seccomp.json")  # golang-github-containers-common
# Ends at once, with the number that it is given: so a first run proves that it is run at all. With
# "wait" it lives until it is killed.
PROGRAM = """
#include <unistd.h>
int main(int count, char** words) {
  if (count > 1 && words[1][0] == 'w') pause();
  return count > 1 ? words[1][0] - '0' : 0;
}
"""


def compile_c(source, target):
    """A small static program; `source` is a path, or a text."""
    command = ["gcc", "-x", "c", "-O2", "-Wall", "-static", "-o", str(target)]
    if isinstance(source, pathlib.Path):
        subprocess.run(command + [str(source)], check=True)
    else:
        subprocess.run(command + ["-"], input=source, text=True, check=True)
    return str(target)


def default_profile():
    """The engines' default seccomp profile, as they resolve it for this machine and no capability."""
    profile = json.loads(SECCOMP_PROFILE.read_text())
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    native = {"amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64"}[machine]
    chosen = next(entry for entry in profile["archMap"] if entry["architecture"] == native)
    rules = []
    for rule in profile["syscalls"]:
        includes, excludes = rule.get("includes", {}), rule.get("excludes", {})
        if includes.get("caps") or machine not in includes.get("arches", [machine]):
            continue
        if machine in excludes.get("arches", []):
            continue
        rules.append({key: rule[key] for key in ("names", "action", "args", "errnoRet")
                      if rule.get(key)})
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": 1,
            "architectures": [native] + chosen["subArchitectures"], "syscalls": rules}


class Bundle:
    """A bundle as `gocker-runtime spec` makes it, without a terminal, for a program of ours."""

    def __init__(self, folder, runtime, resources=True, seccomp=False):
        self.folder = folder
        self.rootfs = folder / "rootfs"
        (self.rootfs / "bin").mkdir(parents=True)
        for name in ("dev", "proc", "sys"):
            (self.rootfs / name).mkdir()
        compile_c(PROGRAM, self.rootfs / "bin/true")
        subprocess.run([runtime, "spec", "-b", str(folder)], check=True)
        self.config = json.loads((folder / "config.json").read_text())
        self.config["ociVersion"] = "1.0.2"  # older peers refuse what they don't know
        self.config["process"]["terminal"] = False
        if not resources:
            del self.config["linux"]["resources"]
        if seccomp:
            self.config["linux"]["seccomp"] = default_profile()
        self.set_args("/bin/true")

    def set_args(self, *args):
        self.config["process"]["args"] = list(args)
        (self.folder / "config.json").write_text(json.dumps(self.config, indent=1))


def groups_of_floor(name):
    """What floor.c is told to make: one directory a hierarchy that is mounted here."""
    words = []
    seen = set()
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        point, kind = fields.split()[4], rest.split()[0]
        if kind not in ("cgroup", "cgroup2") or not point.startswith("/sys/fs/cgroup"):
            continue
        if point not in seen and is_filesystem(point, f"{kind}fs"):
            seen.add(point)
            words.append(("v1:" if kind == "cgroup" else "") + f"{point}/{name}")
    return words


def is_filesystem(point, wanted):
    """Not what another mount hides, nor a group there of the same name."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", point], capture_output=True, text=True).stdout
    return kind.strip() == wanted
