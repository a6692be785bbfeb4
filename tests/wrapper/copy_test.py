#!/usr/bin/env python3
"""Files that are copied between containers and the host.

    tests/wrapper/copy_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import io
import os
import subprocess
import tarfile

import fixture
from fixture import contains, equal, test


def tree(folder):
    """{path: content, link target or None for a directory}"""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found[name] = (os.readlink(path) if path.is_symlink() else
                       None if path.is_dir() else path.read_text())
    return found


def make_tree(folder):
    (folder / "sub").mkdir(parents=True)
    (folder / "file").write_text("content")
    (folder / "sub/deep").write_text("deep")
    (folder / "link").symlink_to("sub/deep")
    os.link(folder / "file", folder / "sub/same")
    (folder / "file").chmod(0o640)
    return folder


def for_running_and_stopped(gocker, image, work, options=()):
    for command, run in ((["sleep", "100"], ["run", "-d"]), (["true"], ["create"])):
        gocker(*run, "--name", "box", *options, image, *command)
        work(run[0])
        gocker("rm", "-f", "box")
    gocker.check_clean()


def inside(gocker, *words):
    """What a program in the box prints; one that is stopped becomes an image for that."""
    if gocker.status("box") == "running":
        return gocker("exec", "box", *words)[0]
    gocker("commit", "box", "look")
    out, _ = gocker("run", "--rm", "look", *words)
    gocker("rmi", "look")
    return out


@test
def cp_brings_files_into_a_container(gocker, image):
    source = make_tree(gocker.folder / "into")

    def work(_):
        gocker("cp", source / "file", "box:/tmp")
        gocker("cp", source / "file", "box:/tmp/renamed")
        gocker("cp", source, "box:/new")
        gocker("cp", source, "box:/new")
        gocker("cp", f"{source}/.", "box:tmp/content2")
        look = "cat /tmp/file /tmp/renamed /new/file /new/link /new/into/sub/deep /tmp/content2/file;" \
               "echo; stat -c '%a %u %h' /tmp/file /new/file; cat /bin/wc | wc -c"
        out = inside(gocker, "sh", "-c", look)
        equal(out.split("\n")[:3], ["contentcontentcontentdeepdeepcontent", "640 0 1", "640 0 2"])

    for_running_and_stopped(gocker, image, work)


@test
def cp_brings_files_out_of_a_container(gocker, image):
    source = make_tree(gocker.folder / "first")

    def work(way):
        target = gocker.folder / f"out-{way}"
        target.mkdir()
        gocker("cp", source, "box:/files")
        gocker("cp", "box:/files", target)
        gocker("cp", "box:/files/.", target / "content")
        gocker("cp", "box:files/link", target / "link")
        gocker("cp", "-L", "box:/files/link", target / "followed")
        gocker("cp", "box:/files/file", target)
        wanted = tree(source)
        equal(tree(target / "files"), wanted)
        equal(tree(target / "content"), wanted)
        equal(os.stat(target / "files/file").st_nlink, 2)
        equal(os.stat(target / "files/file").st_mode & 0o777, 0o640)
        equal((os.readlink(target / "link"), (target / "followed").read_text()), ("sub/deep", "deep"))
        equal((target / "file").read_text(), "content")

    for_running_and_stopped(gocker, image, work)


@test
def cp_speaks_tar(gocker, image):
    source = make_tree(gocker.folder / "tar")
    gocker("create", "--name", "box", image, "true")
    gocker("cp", source, "box:/files")
    told = subprocess.run([gocker.program, "cp", "box:/files", "-"], env=gocker.env, check=True,
                          capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(told)) as archive:
        equal(sorted(archive.getnames()), ["files", "files/file", "files/link", "files/sub",
                                           "files/sub/deep", "files/sub/same"])
    for mode in ("w", "w:gz"):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode=mode) as archive:
            entry = tarfile.TarInfo("deep/down/file")
            entry.size, entry.uid, entry.gid, entry.mode = 5, 1000, 1000, 0o600
            archive.addfile(entry, io.BytesIO(b"hello"))
        subprocess.run([gocker.program, "cp", "-", "box:/tmp"], env=gocker.env, check=True,
                       input=packed.getvalue())
        equal(inside(gocker, "sh", "-c", "cat /tmp/deep/down/file; stat -c ' %u %a' /tmp/deep/down/file"),
              "hello 1000 600\n")
    broken = subprocess.run([gocker.program, "cp", "-", "box:/tmp"], env=gocker.env, text=True,
                            input="no archive " * 100, capture_output=True)
    equal((broken.returncode, broken.stderr.count("\n")), (1, 1), broken.stderr)
    contains(gocker.fails("cp", "-", "box:/no/such"), "/no/such")
    gocker("rm", "box")
    gocker.check_clean()


@test
def cp_stays_below_the_containers_root(gocker, image):
    outside = gocker.folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text("the host's")
    file = gocker.folder / "brought"
    file.write_text("from the host")

    def work(way):
        evil = gocker.folder / f"evil-{way}"
        evil.mkdir()
        (evil / "out").symlink_to(outside)
        (evil / "up").symlink_to("../../../../../../../.." + str(outside))
        gocker("cp", f"{evil}/.", "box:/evil")
        for link in ("out", "up"):
            contains(gocker.fails("cp", f"box:/evil/{link}/secret", gocker.folder / "stolen"),
                     "No such file or directory")
            contains(gocker.fails("cp", file, f"box:/evil/{link}/written"), "there is no such directory")
        gocker.fails("cp", "box:/../../../.." + str(outside / "secret"), gocker.folder / "stolen")
        # A symlink that stands at the host's target is not gone through either.
        target = gocker.folder / f"target-{way}"
        (target / "evil").mkdir(parents=True)
        (target / "evil/sub").symlink_to(outside)
        sub = gocker.folder / f"with-sub-{way}" / "evil/sub"
        sub.mkdir(parents=True)
        (sub / "written").write_text("x")
        gocker("cp", sub.parent, "box:/tmp/evil")
        contains(gocker.fails("cp", "box:/tmp/evil", target), "is no directory")

    for_running_and_stopped(gocker, image, work)
    equal(tree(outside), {"secret": "the host's"})
    equal((gocker.folder / "stolen").exists(), False, "stolen")


@test
def cp_knows_the_containers_users(gocker, image):
    file = gocker.folder / "owned"
    file.write_text("x")
    os.chown(file, 1000, 1000)

    def work(way):
        gocker("cp", file, "box:/tmp/roots")
        gocker("cp", "-a", file, "box:/tmp/anns")
        equal(inside(gocker, "stat", "-c", "%u", "/tmp/roots", "/tmp/anns"), "0\n1000\n")
        gocker("cp", "box:/tmp/anns", gocker.folder / f"roots-{way}")
        gocker("cp", "-a", "box:/tmp/anns", gocker.folder / f"anns-{way}")
        equal([os.stat(gocker.folder / f"{name}-{way}").st_uid for name in ("roots", "anns")], [0, 1000])
        os.unlink(gocker.folder / f"roots-{way}")
        os.unlink(gocker.folder / f"anns-{way}")

    for_running_and_stopped(gocker, image, work)
    for_running_and_stopped(gocker, image, work, ["--userns", "auto"])


@test
def cp_reaches_what_is_mounted_while_it_runs(gocker, image):
    file = gocker.folder / "for-volume"
    file.write_text("kept")
    gocker("run", "-d", "--name", "box", "-v", "data:/data", "--tmpfs", "/t", image, "sleep", "100")
    gocker("cp", file, "box:/data/file")
    gocker("cp", file, "box:/t/file")
    equal(gocker("exec", "box", "cat", "/t/file")[0], "kept")
    equal(gocker("run", "--rm", "-v", "data:/d", image, "cat", "/d/file")[0], "kept")
    gocker("rm", "-f", "box")
    gocker("volume", "rm", "data")


@test
def cp_tells_what_is_wrong_in_one_line(gocker, image):
    gocker("create", "--name", "box", image, "true")
    file = gocker.folder / "plain"
    file.write_text("x")
    contains(gocker.fails("cp", "box:/no/such", gocker.folder), "/no/such")
    contains(gocker.fails("cp", gocker.folder / "nothing", "box:/"), "nothing")
    contains(gocker.fails("cp", gocker.folder, "box:/etc/passwd"), "cannot take the place of")
    contains(gocker.fails("cp", file, "box:/no/such/"), "there is no such directory")
    contains(gocker.fails("cp", file, "box:/no/such/file"), "there is no such directory")
    contains(gocker.fails("cp", file, "nobody:/tmp"), "no container 'nobody'")
    contains(gocker.fails("cp", file, gocker.folder, code=2), "CONTAINER:PATH")
    contains(gocker.fails("cp", "box:/a", "box:/b", code=2), "from one container to another")
    gocker("rm", "box")
    gocker.check_clean()


fixture.main()
