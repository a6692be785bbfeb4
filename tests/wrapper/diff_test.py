#!/usr/bin/env python3
"""What has changed and what it takes: gocker diff and gocker system df.

    tests/wrapper/diff_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json

import fixture
from fixture import contains, equal, test

CHANGE = ("mkdir -p /new/dir; echo x > /new/dir/file; rm /bin/wc; chmod 700 /home/ann; mkdir -p /etc/conf.d;"
          "ln -s /x /etc/conf.d/link; echo ann2 >> /etc/passwd; touch /data/in-a-volume;"
          "touch /tmp/gone; rm /tmp/gone; rm -r /home/ann; mkdir /home/ann; echo y > /home/ann/only")


def changes(gocker, *names):
    return gocker("diff", *names)[0].splitlines()


@test
def a_containers_changes_are_listed(gocker, image):
    gocker("run", "--name", "box", "-v", "/data", "-v", "/etc/passwd:/srv/point", image, "sh", "-c", CHANGE)
    lines = changes(gocker, "box")
    equal(lines, ["C /bin", "D /bin/wc", "C /etc", "A /etc/conf.d", "A /etc/conf.d/link",
                  "C /etc/passwd", "C /home", "C /home/ann", "A /home/ann/only", "A /new", "A /new/dir",
                  "A /new/dir/file"])
    found = json.loads(gocker("diff", "--format", "json", "box")[0])
    equal(found["deleted"], ["/bin/wc"])
    equal(found["changed"], [line[2:] for line in lines if line[0] == "C"])
    equal(found["added"], [line[2:] for line in lines if line[0] == "A"])
    gocker("rm", "-v", "box")


@test
def what_runs_can_be_compared_and_what_is_untouched_has_no_changes(gocker, image):
    gocker("create", "--name", "new", image)
    equal(changes(gocker, "new"), [])
    gocker("rm", "new")
    with gocker.running(image, "sh", "-c", "echo x > /file; echo ready; sleep 100") as process:
        equal(process.stdout.readline(), "ready\n")
        equal(changes(gocker, "runner"), ["A /file"])
    gocker.check_clean()


@test
def images_are_compared(gocker, image):
    gocker("run", "--name", "box", image, "sh", "-c",
           "echo 1 > /one; echo 1 > /two; chmod 700 /home/ann; touch /bin/busybox; echo x > /home/ann/x")
    gocker("commit", "box", "first")
    gocker("rm", "box")
    # The same file again has another time, another one the same size, and a directory becomes opaque.
    gocker("run", "--name", "box", "first", "sh", "-c",
           "echo 1 > /one; echo 2 > /two; rm -r /home/ann; mkdir -m 755 /home/ann; rm /etc/group")
    gocker("commit", "box", "second")
    gocker("rm", "box")
    equal(changes(gocker, image, "first"), ["C /home", "C /home/ann", "A /home/ann/x", "A /one", "A /two"])
    equal(changes(gocker, "first", "second"),
          ["C /etc", "D /etc/group", "C /home", "C /home/ann", "D /home/ann/x", "C /two"])
    equal(changes(gocker, "second", "first"),
          ["C /etc", "A /etc/group", "C /home", "C /home/ann", "A /home/ann/x", "C /two"])
    equal(changes(gocker, "second", "second"), [])
    contains(changes(gocker, "first"), "A /one")
    contains(changes(gocker, image), "A /bin/busybox")
    gocker("rmi", "first", "second")
    contains(gocker.fails("diff", "nobody-here"), "no container 'nobody-here'")
    contains(gocker.fails("diff", image, "nobody-here"), "nobody-here")


def usage(gocker):
    return {row["type"]: row for row in json.loads(gocker("system", "df", "--format", "json")[0])}


@test
def df_tells_what_takes_the_disk(gocker, image):
    before = usage(gocker)
    equal([before["Containers"]["total"], before["Images"]["active"]], [0, 0])
    equal(before["Images"]["reclaimable"], before["Images"]["size"])
    gocker("run", "-d", "--name", "runs", "-v", "data:/data", image, "sh", "-c",
           "dd if=/dev/zero of=/big bs=1M count=3; dd if=/dev/zero of=/data/big bs=1M count=2; sleep 100")
    fixture.wait_until(lambda: usage(gocker)["Volumes"]["size"] > 2_000_000, "the files")
    gocker("create", "--name", "idle", image)
    after = usage(gocker)
    equal([after["Containers"]["total"], after["Containers"]["active"]], [2, 1])
    equal([after["Images"]["active"], after["Volumes"]["active"]], [1, 1])
    size, reclaimable = after["Containers"]["size"], after["Containers"]["reclaimable"]
    equal((size > 3_000_000, 0 < reclaimable < 1_000_000), (True, True), f"{size}, {reclaimable}")
    equal(after["Images"]["reclaimable"] < before["Images"]["reclaimable"], True, "images in use stay")
    table, _ = gocker("system", "df")
    equal(table.splitlines()[0].split(), ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"])
    equal([line.split("  ")[0] for line in table.splitlines()[1:]],
          ["Images", "Containers", "Volumes", "Build cache", "Partial downloads"])
    gocker("rm", "-f", "runs", "idle")
    equal(usage(gocker)["Volumes"]["reclaimable"] > 2_000_000, True)
    gocker("volume", "rm", "data")


@test
def df_counts_the_cache_of_builds_until_it_is_pruned(gocker, image):
    before = usage(gocker)
    folder = gocker.folder / "context"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM {image}\nRUN dd if=/dev/urandom of=/file bs=1M count=1\n")
    gocker("build", "-t", "built", str(folder))
    with_image = usage(gocker)
    equal(with_image["Build cache"]["total"] > before["Build cache"]["total"], True)
    equal(with_image["Images"]["total"], before["Images"]["total"] + 1)
    equal(with_image["Images"]["size"] - before["Images"]["size"] > 2_000_000, True, "packed and unpacked")
    gocker("tag", image, "built")  # the image loses its name, its layer is the cache's now
    equal(usage(gocker)["Build cache"]["size"] > 2_000_000, True)
    gocker("rmi", "built")
    gocker("system", "prune")
    equal([usage(gocker)["Build cache"][key] for key in ("total", "size")], [0, 0])


fixture.main()
