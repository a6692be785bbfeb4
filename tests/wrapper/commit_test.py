#!/usr/bin/env python3
"""Images that are made of what containers have changed.

    tests/wrapper/commit_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import fixture
from fixture import contains, equal, test, wait_until

CHANGE = "echo more > /srv/new; rm /bin/wc; chmod 700 /home/ann; mkdir -p /etc/conf.d; " \
         "echo x > /etc/conf.d/x; ln -s /srv/new /link; echo volume > /data/file; echo ready; "
LOOK = "cat /srv/new /link /etc/conf.d/x; test -e /bin/wc || echo no wc; stat -c %a /home/ann; ls /data 2>/dev/null || echo no data"


@test
def commit_makes_an_image_of_the_changes(gocker, image):
    gocker("run", "--name", "box", "-v", "/data", image, "sh", "-c", "mkdir -p /srv; " + CHANGE)
    digest = gocker("commit", "-m", "a file more", "-a", "Ann", "box", "changed:1")[0].strip()
    contains(digest, "sha256:")
    equal(gocker("run", "--rm", "changed:1", "sh", "-c", LOOK)[0],
          "more\nmore\nx\nno wc\n700\nno data\n")
    contains(gocker("history", "changed:1")[0], "mkdir -p /srv")
    contains(gocker("images")[0], "changed")
    equal(gocker("run", "--rm", "changed:1")[0], "the image's own command\n")
    gocker("rm", "-v", "box")
    equal(gocker("run", "--rm", "changed:1", "cat", "/srv/new")[0], "more\n", "without the container")
    gocker("rmi", "changed:1")
    gocker.check_clean()


@test
def commit_pauses_what_runs(gocker, image):
    script = "mkdir -p /srv; " + CHANGE + "while true; do echo x >> /srv/grows; sleep 0.01; done"
    gocker("run", "-d", "--name", "box", "-v", "/data", image, "sh", "-c", script)
    wait_until(lambda: "ready" in gocker("logs", "box")[0], "the files")
    gocker("commit", "box", "running")
    equal(gocker.status("box"), "running", "afterwards")
    gocker("commit", "--no-pause", "box", "running:2")
    gocker("pause", "box")
    gocker("commit", "box", "paused")
    equal(gocker.status("box"), "paused", "afterwards")
    for name in ("running", "running:2", "paused"):
        equal(gocker("run", "--rm", name, "cat", "/srv/new")[0], "more\n")
    gocker("rm", "-f", "-v", "box")
    gocker("rmi", "running", "running:2", "paused")
    gocker.check_clean()


@test
def commit_changes_the_config(gocker, image):
    gocker("create", "--name", "box", image)
    gocker("commit", "-c", "CMD [\"echo\", \"changed\"]", "-c", "ENV A=b", "-c", "WORKDIR /tmp",
           "--change", "LABEL x=y", "box", "config")
    equal(gocker("run", "--rm", "config")[0], "changed\n")
    equal(gocker("run", "--rm", "config", "sh", "-c", "echo $A; pwd")[0], "b\n/tmp\n")
    contains(gocker.fails("commit", "-c", "RUN true", "box", "x"), "RUN is none of the instructions")
    contains(gocker.fails("commit", "-c", "EXPOSE x", "box", "x"), "--change EXPOSE x")
    contains(gocker.fails("commit", "nobody", "x"), "no container 'nobody'")
    contains(gocker.fails("commit", "box", "Not A Name", code=2), "Not A Name")
    gocker("rm", "box")
    gocker("rmi", "config")


@test
def an_image_of_nothing_changed_shares_all_layers(gocker, image):
    gocker("run", "--name", "box", image, "true")
    layers = sorted((gocker.root / "layers").iterdir())
    gocker("commit", "box", "same")
    equal(sorted((gocker.root / "layers").iterdir()), layers, "layers")
    gocker("rm", "box")
    gocker("rmi", "same")


@test
def a_user_namespace_does_not_show_in_the_image(gocker, image):
    gocker("run", "--name", "box", "--userns", "auto", image, "sh", "-c",
           "mkdir /srv; echo mine > /srv/file; chown 1000:1000 /srv/file")
    gocker("commit", "box", "mapped")
    equal(gocker("run", "--rm", "mapped", "stat", "-c", "%u:%g %n", "/srv", "/srv/file")[0],
          "0:0 /srv\n1000:1000 /srv/file\n")
    gocker("rm", "box")
    gocker("rmi", "mapped")
    gocker.check_clean()


fixture.main()
