#!/usr/bin/env python3
"""Devices by the Container Device Interface: --device VENDOR/CLASS=NAME, --gpus, gocker cdi list.

    tests/wrapper/cdi_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json
import os
import subprocess

import fixture
from fixture import contains, equal, test

# What a vendor's tool would write, in YAML as most do: a device of the host under another
# name, for reading only, a variable, a file, a group, and a hook that leaves a trace on the host.
VENDOR = """---
cdiVersion: 0.7.0
kind: vendor.example/accelerator
containerEdits:
  env:
  - VENDOR_DRIVER=7
  hooks:
  - hookName: createRuntime
    path: /bin/sh
    args: [sh, -c, 'cat > {trace}']
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - path: /dev/accelerator0
      hostPath: /dev/loop-control
      permissions: r
    mounts:
    - hostPath: {library}
      containerPath: /usr/lib/vendor.so
      options: [ro, nosuid, nodev, rbind]
    additionalGids: [4242]
- name: all
  containerEdits:
    env: [ALL=yes]
"""


def offer(gocker, name="vendor.yaml", text=VENDOR):
    """A folder with one file of a vendor."""
    folder = gocker.folder / "cdi"
    folder.mkdir(exist_ok=True)
    library = gocker.folder / "vendor.so"
    library.write_text("the vendor's\n")
    trace = gocker.folder / "trace"
    (folder / name).write_text(text.replace("{trace}", str(trace)).replace("{library}", str(library)))
    return folder, trace


def clear(gocker):
    for file in (gocker.folder / "cdi").iterdir():
        file.unlink()
    (gocker.folder / "trace").unlink(missing_ok=True)


@test
def a_device_comes_with_all_that_its_vendor_says(gocker, image):
    folder, trace = offer(gocker)
    script = ("(: < /dev/accelerator0) && echo readable; (: >> /dev/accelerator0) 2>&1;"
              "echo $VENDOR_DRIVER; cat /usr/lib/vendor.so; id -G;"
              "touch /usr/lib/vendor.so 2>/dev/null || echo read-only")
    out, err = gocker("run", "--rm", "--name", "cdi", "--cdi-spec-dir", str(folder), "-e", "VENDOR_DRIVER=1",
                      "--device", "vendor.example/accelerator=0", image, "sh", "-c", script)
    lines = out.splitlines()
    equal(lines[0], "readable", err)
    contains(lines[1], "Operation not permitted")
    equal(lines[2:4], ["7", "the vendor's"])
    contains(lines[4].split(), "4242")
    equal(lines[5:], ["read-only"])
    contains(json.loads(trace.read_text())["bundle"], str(gocker.root))
    gocker.check_clean()
    clear(gocker)


@test
def a_created_container_keeps_its_devices(gocker, image):
    folder, _ = offer(gocker)
    gocker("create", "--name", "kept", "--cdi-spec-dir", str(folder),
           "--device=vendor.example/accelerator=0", image, "ls", "/dev/accelerator0")
    clear(gocker)
    for _ in range(2):
        equal(gocker("start", "-a", "kept")[0], "/dev/accelerator0\n")
    gocker("rm", "kept")
    clear(gocker)


@test
def gpus_are_the_devices_of_that_class(gocker, image):
    text = VENDOR.replace("vendor.example/accelerator", "vendor.example/gpu")
    folder, _ = offer(gocker, text=text)
    show = [image, "sh", "-c", "echo $ALL; ls /dev | grep accelerator"]
    common = ["run", "--rm", "--cdi-spec-dir", str(folder)]
    equal(gocker(*common, "--gpus", "all", *show, code=None)[0], "yes\n")
    equal(gocker(*common, "--gpus", "1", *show)[0], "\naccelerator0\n")
    equal(gocker(*common, "--gpus", '"device=all,0"', *show)[0], "yes\naccelerator0\n")
    contains(gocker.fails(*common, "--gpus", "2", *show, code=125), "no CDI device vendor.example/gpu=1: ")
    clear(gocker)


@test
def an_unknown_device_is_told_with_those_that_are_known(gocker, image):
    folder, _ = offer(gocker)
    common = ["run", "--rm", "--cdi-spec-dir", str(folder)]
    line = gocker.fails(*common, "--device", "vendor.example/accelerator=1", image, "true", code=125)
    contains(line, "no CDI device vendor.example/accelerator=1: there are "
                   "vendor.example/accelerator=0, vendor.example/accelerator=all\n")
    line = gocker.fails(*common, "--gpus", "all", image, "true", code=125)
    contains(line, "no CDI device nvidia.com/gpu=all: ")
    contains(line, "'nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml' writes one\n")
    contains(gocker.fails(*common, "--gpus", "some", image, "true", code=125),
             "--gpus: 'some' is neither all")
    contains(gocker.fails(*common, "--device", "vendor", image, "true", code=125), "VENDOR/CLASS=NAME")
    offer(gocker, "copy.yaml")
    contains(gocker.fails(*common, "--device", "vendor.example/accelerator=0", image, "true", code=125),
             "vendor.yaml have it; remove one of the files\n")
    gocker.check_clean()
    clear(gocker)


@test
def the_devices_are_listed(gocker, image):
    folder, _ = offer(gocker)
    offer(gocker, "broken.json", "{")
    out, err = gocker("cdi", "list", "--cdi-spec-dir", str(folder))
    equal([line.split() for line in out.splitlines()],
          [["DEVICE", "FILE"], ["vendor.example/accelerator=0", f"{folder}/vendor.yaml"],
           ["vendor.example/accelerator=all", f"{folder}/vendor.yaml"]])
    contains(err, f"gocker: warning: a file cannot be used: {folder}/broken.json: ")
    out, _ = gocker("cdi", "list", "--format", "json", "--cdi-spec-dir", str(folder))
    equal([entry["name"] for entry in json.loads(out)],
          ["vendor.example/accelerator=0", "vendor.example/accelerator=all"])
    clear(gocker)


@test
def bundles_take_them_and_the_usual_folders_are_looked_at(gocker, image):
    folder, _ = offer(gocker)
    bundle = gocker.folder / "bundle"
    words = [str(gocker.bin / "gocker-image"), "bundle", image, str(bundle),
             "--device", "vendor.example/accelerator=0"]
    # In a mount namespace of its own, where the folder is /etc/cdi; the bundle itself needs no mount.
    script = ("mount --make-rprivate / && mount -t tmpfs none /etc && mkdir /etc/cdi && "
              f"cp {folder}/vendor.yaml /etc/cdi && exec \"$@\" --flat")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", *words], env=gocker.env,
                          capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""))
    config = json.loads((bundle / "config.json").read_text())
    contains([device["path"] for device in config["linux"]["devices"]], "/dev/accelerator0")
    contains(config["process"]["env"], "VENDOR_DRIVER=7")
    equal(len(config["hooks"]["createRuntime"]), 1)
    subprocess.run([gocker.bin / "gocker-image", "unbundle", bundle], env=gocker.env, check=True)
    equal(os.path.exists(bundle), False)
    clear(gocker)


fixture.main()
