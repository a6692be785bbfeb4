#!/usr/bin/env python3
"""In two seconds: do the three programs start, and does a container run?

    tests/wrapper/smoke_test.py GOCKER_RUNTIME GOCKER_IMAGE
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import tap


def check_version(report, program):
    name = pathlib.Path(program).name
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    good = done.returncode == 0 and done.stdout.startswith(name + " ") and not done.stderr
    report.result(f"{name} tells its version", [] if good else [repr(done)])


def check_wrapper(report, folder, runtime, image):
    for program in (runtime, image):
        (folder / pathlib.Path(program).name).symlink_to(os.path.abspath(program))
    (folder / "gocker").symlink_to(ROOT / "scripts/gocker")
    done = subprocess.run([folder / "gocker", "version"], capture_output=True, text=True)
    good = done.returncode == 0 and "gocker-image" in done.stdout and "gocker-runtime" in done.stdout
    report.result("gocker finds its programs", [] if good else [repr(done)])


def check_container(report, folder, runtime):
    name = "a container runs"
    if os.geteuid() != 0:
        report.skipped(name, "needs root")
        return
    bundle = folder / "bundle"
    (bundle / "rootfs/bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", bundle / "rootfs/bin/busybox")
    subprocess.run([runtime, "spec", "-b", bundle], check=True)
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/bin/busybox", "sh", "-c", "echo I am $$; exit 7"]
    (bundle / "config.json").write_text(json.dumps(config))
    done = subprocess.run([runtime, "--root", folder / "state", "run", "-b", bundle,
                           f"smoke-{os.getpid()}"], capture_output=True, text=True, timeout=60)
    good = (done.returncode, done.stdout, done.stderr) == (7, "I am 1\n", "")
    report.result(name, [] if good else [repr(done)])


def main():
    runtime, image = sys.argv[1:3]
    report = tap.Tap()
    check_version(report, runtime)
    check_version(report, image)
    with tempfile.TemporaryDirectory(prefix="gocker-smoke-") as name:
        folder = pathlib.Path(name)
        check_wrapper(report, folder, runtime, image)
        check_container(report, folder, runtime)
    report.finish()


main()
