"""Volumes, bind mounts, tmpfs, secrets, copies."""

import os
import subprocess

from engine import IMAGE, case, contains, equal


def folder_with(podman, name, text="from the host\n"):
    folder = podman.folder / name
    folder.mkdir()
    (folder / "file").write_text(text)
    return folder


@case("volumes: named ones keep data, filled from the image, read-only when asked")
def named(podman):
    podman("volume", "create", "keep")
    podman.sh("echo kept >/data/file", "-v", "keep:/data")
    equal(podman.sh("cat /data/file", "-v", "keep:/data:ro"), "kept", "file")
    podman.sh("touch /data/x", "-v", "keep:/data:ro", code=1)
    contains(podman.sh("ls /etc", "-v", "filled:/etc"), "passwd")
    podman("volume", "rm", "keep", "filled")


@case("bind mounts: read-write, read-only, a single file")
def binds(podman):
    folder = folder_with(podman, "bind")
    equal(podman.sh("cat /b/file; echo new >/b/new", "-v", f"{folder}:/b"), "from the host", "file")
    equal((folder / "new").read_text(), "new\n", "the new file")
    podman.sh("touch /b/x", "-v", f"{folder}:/b:ro", code=1)
    equal(podman.sh("cat /etc/file", "-v", f"{folder}/file:/etc/file"), "from the host", "single file")
    mount = f"type=bind,src={folder},dst=/b,ro"
    equal(podman.sh("cat /b/file", "--mount", mount), "from the host", "--mount")


@case("bind mounts: options noexec, nosuid, nodev")
def bind_options(podman):
    folder = folder_with(podman, "options")
    line = podman.sh("grep ' /b ' /proc/mounts", "-v", f"{folder}:/b:noexec,nosuid,nodev")
    for option in ("noexec", "nosuid", "nodev"):
        contains(line, option)


@case("bind mounts: propagation from the host and back")
def propagation(podman):
    folder = folder_with(podman, "propagation")
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "--make-rshared", folder], check=True)
    for name in ("slave", "shared"):
        (folder / name).mkdir()
    podman.sleeper("-v", f"{folder}:/slave:rslave", "-v", f"{folder}:/shared:rshared",
                   "--cap-add", "sys_admin", "--security-opt", "seccomp=unconfined", name="propagating")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder / "slave"], check=True)
    contains(podman("exec", "propagating", "grep", "/slave/slave", "/proc/mounts"), "tmpfs")
    podman("exec", "propagating", "mount", "-t", "tmpfs", "tmpfs", "/shared/shared")
    assert os.path.ismount(folder / "shared"), "the container's mount is not seen outside"
    podman.remove("propagating")
    subprocess.run(["umount", "--recursive", folder], check=True)


@case("bind mounts: nested, and over what the image has as a symlink")
def nested(podman):
    outer, inner = folder_with(podman, "outer", "outer\n"), folder_with(podman, "inner", "inner\n")
    equal(podman.sh("cat /a/file /a/b/file", "-v", f"{inner}:/a/b", "-v", f"{outer}:/a"),
          "outer\ninner", "files")


@case("tmpfs: size and mode")
def tmpfs(podman):
    equal(podman.sh("stat -c %a /scratch; df -k /scratch | tail -1 | awk '{print $2}'",
                    "--tmpfs", "/scratch:size=8m,mode=1777"), "1777\n8192", "mode and size")
    contains(podman.sh("grep ' /scratch ' /proc/mounts", "--mount", "type=tmpfs,dst=/scratch,tmpfs-size=1m"),
             "size=1024k")


@case("tmpfs: over a folder of the image, with its files and without")
def copied_up(podman):
    contains(podman.sh("ls /etc", "--tmpfs", "/etc"), "passwd")
    equal(podman.sh("ls /home", "--mount", "type=tmpfs,dst=/home,notmpcopyup"), "", "files")


@case("the size of /dev/shm")
def shm(podman):
    equal(podman.sh("df -k /dev/shm | tail -1 | awk '{print $2}'", "--shm-size", "4m"), "4096", "size")


@case("volumes: from another container, from an image, with an overlay of their own")
def other_volumes(podman):
    podman("create", "--name", "owner", "-v", "shared:/shared", IMAGE, "true")
    podman.sh("echo x >/shared/file", "--volumes-from", "owner")
    equal(podman.sh("cat /shared/file", "--volumes-from", "owner:ro"), "x", "file")
    podman.remove("owner")
    podman("volume", "rm", "shared")
    contains(podman.sh("cat /i/etc/passwd", "--mount", f"type=image,source={IMAGE},destination=/i"), "ann")
    folder = folder_with(podman, "below")
    podman.sh("echo changed >/o/file", "-v", f"{folder}:/o:O")
    equal((folder / "file").read_text(), "from the host\n", "the file below the overlay")


@case("volumes: idmapped, and handed over by :U")
def idmapped(podman):
    folder = folder_with(podman, "owned")
    os.chown(folder / "file", 1000, 1001)
    equal(podman.sh("stat -c %u:%g /d/file", "-v", f"{folder}:/d:idmap", "--uidmap", "0:200000:5000"),
          "1000:1001", "owner through an idmapped mount")
    podman.sh("true", "-v", f"{folder}:/d:U", "--user", "ann")
    equal(os.stat(folder / "file").st_uid, 1000, "owner")


@case("secrets")
def secrets(podman):
    podman("secret", "create", "word", "-", text="xyzzy")
    equal(podman.sh("cat /run/secrets/word", "--secret", "word"), "xyzzy", "secret")
    equal(podman.sh("echo $word", "--secret", "word,type=env"), "xyzzy", "secret in the environment")
    podman("secret", "rm", "word")


@case("cp: into a container and out of it, running and stopped")
def copies(podman):
    folder = folder_with(podman, "copies")
    podman.sleeper("--tmpfs", "/scratch", name="copied")
    podman("cp", folder / "file", "copied:/home/file")
    equal(podman("exec", "copied", "cat", "/home/file"), "from the host", "file inside")
    podman("cp", folder / "file", "copied:/scratch/file")
    equal(podman("exec", "copied", "cat", "/scratch/file"), "from the host", "file in a tmpfs")
    podman("cp", "copied:/etc/passwd", folder / "passwd")
    contains((folder / "passwd").read_text(), "ann")
    podman("stop", "-t", "0", "copied")
    podman("cp", "copied:/home/file", folder / "back")
    equal((folder / "back").read_text(), "from the host\n", "file outside")
    podman("rm", "copied")


@case("mount: the root file system of a container, from the host")
def mounted(podman):
    podman.sleeper(name="open")
    point = podman("mount", "open")
    with open(f"{point}/from-outside", "w", encoding="utf-8") as file:
        file.write("hello\n")
    equal(podman("exec", "open", "cat", "/from-outside"), "hello", "file")
    podman("unmount", "open")
    podman.remove("open")


@case("a root file system without an image: --rootfs")
def rootfs(podman):
    podman("create", "--name", "source", IMAGE, "true")
    folder = podman.folder / "rootfs"
    folder.mkdir()
    podman("export", "-o", podman.folder / "rootfs.tar", "source")
    subprocess.run(["tar", "-xf", podman.folder / "rootfs.tar", "-C", folder], check=True)
    podman("rm", "source")
    equal(podman("run", "--rm", "--rootfs", folder, "/bin/echo", "bare"), "bare", "output")
    words = ("--rootfs", f"{folder}:O", "/bin/sh", "-c", "echo x >/y; cat /y")
    equal(podman("run", "--rm", *words), "x", "overlay")
    assert not (folder / "y").exists(), "written below the overlay"


@case("/etc/hosts, resolv.conf and hostname are the container's own")
def etc_files(podman):
    contains(podman.sh("cat /etc/hosts", "--add-host", "peer:10.9.8.7"), "10.9.8.7\tpeer")
    contains(podman.sh("cat /etc/resolv.conf", "--network", "bridge", "--dns", "10.9.8.6"), "nameserver 10.9.8.6")
    equal(podman.sh("cat /etc/hostname", "--hostname", "box"), "box", "host name")
