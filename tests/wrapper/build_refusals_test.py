#!/usr/bin/env python3
"""gocker build and bad input: broken Dockerfiles, hostile contexts, odd files.

    tests/wrapper/build_refusals_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import io
import os
import pathlib
import re
import socket
import tarfile
import tempfile

import fixture
from build_context import Context, last_layer, run
from fixture import contains, equal, test

# What stands behind FROM -> the error, or None where only its place is looked at.
BROKEN = {
    "RUNN x": "Dockerfile:2: unknown instruction RUNN (did you mean RUN?)",
    "COPY absent /": "Dockerfile:2: COPY: find absent: no such file",
    "COPY ../x /": "Dockerfile:2: COPY: find ../x: it lies outside; only what is in the source can "
                   "be copied",
    "COPY *.none /": "Dockerfile:2: COPY: find *.none: no file fits the pattern",
    "COPY [a /": "Dockerfile:2: COPY: find [a: '[a': its [...] is malformed",
    "COPY here here to": "Dockerfile:2: COPY: with several sources the destination is a directory "
                         "and ends with a /: 'to/'",
    "COPY --from=nowhere.invalid/x a /": None,
    "COPY --chmod=9 here /": "Dockerfile:2: COPY: --chmod: '9' is no mode in octal digits, such as "
                             "755",
    "COPY --chown=nobody-here here /": "Dockerfile:2: COPY: look up user nobody-here: no such name "
                                       "in the image's /etc/passwd",
    "COPY here /bin/cat/": None,
    "COPY dir /etc/passwd": None,
    "ADD https://example.invalid/x /": "Dockerfile:2: ADD: 'https://example.invalid/x': ADD fetches "
                                       "nothing from the network; download it in a RUN",
    "ENV A=${B": "Dockerfile:2: ENV: ${B without its }",
    "ENV A='b": "Dockerfile:2: ENV: a ' without its end",
    "EXPOSE 70000": "Dockerfile:2: EXPOSE: '70000' is no port: a number from 1 to 65535, then /tcp "
                    "or /udp",
    "STOPSIGNAL never": "Dockerfile:2: STOPSIGNAL: 'never' is no signal: a name such as SIGTERM, or "
                        "a number from 1 to 64",
    "HEALTHCHECK --interval=x CMD a": "Dockerfile:2: HEALTHCHECK: --interval: 'x' is no duration "
                                      "such as 30s, 1m30s or 500ms",
    "VOLUME data": "Dockerfile:2: VOLUME: 'data' is not absolute",
    "WORKDIR $NONE": "Dockerfile:2: WORKDIR: it is empty when its variables have their values",
    "WORKDIR /etc/passwd": None,
    "USER nobody-here\nRUN id": "Dockerfile:3: RUN: look up user nobody-here: no such name in the "
                                "image's /etc/passwd",
    "RUN --network=moon id": None,
    "RUN --mount=type=moon,target=/x id": None,
    "FROM scratch AS 1": "Dockerfile:2: FROM: '1' is no name for a stage: a letter, then letters, "
                         "digits, - _ .",
    "FROM $NONE": "Dockerfile:2: FROM: '$NONE' is empty: an ARG before the first FROM, or "
                  "--build-arg, gives it a value",
    "FROM UPPER": None,
    "FROM scratch\nRUN id": None,
}


@test
def broken_dockerfiles_are_refused_in_one_line(gocker, image):
    for text, message in BROKEN.items():
        context = Context(gocker, f"FROM {image}\n{text}\n", {"here": "", "dir/x": ""})
        told = context.fails()
        if message:
            equal(told, message, text)
        elif not re.match(r"Dockerfile:\d: [A-Z]+: ", told):
            raise AssertionError(f"{text!r}: {told!r} does not name its place")


@test
def wrong_command_lines_are_told(gocker, image):
    context = Context(gocker, f"FROM {image}\n")
    place = str(context.path)
    for words in (["--label", "x"], ["--build-arg", "=x"], ["--network", "moon"], ["-t", "UPPER"],
                  ["--progress", "fancy"], ["--platform", "a/b/c/d"], ["--no-such"],
                  ["-t", "x@sha256:" + "0" * 64]):
        gocker.fails("build", *words, place, code=2)
    gocker.fails("build")
    gocker.fails("build", place, place, code=2)
    contains(gocker.fails("build", "/no/such/place"), "/no/such/place")
    contains(gocker.fails("build", "-f", "/no/such/file", place), "/no/such/file")
    contains(context.build("--build-arg", "UNUSED=1")[1],
             "warning: --build-arg UNUSED: no ARG asks for it\n")


@test
def nothing_outside_the_context_is_read(gocker, image):
    outside = pathlib.Path(tempfile.mkdtemp(dir=gocker.folder))
    (outside / "secret").write_text("secret\n")
    context = Context(gocker, f"FROM {image}\nCOPY up/secret /\n", {"a": "inside\n"})
    (context.path / "up").symlink_to(outside)
    contains(context.fails(), "find up/secret: no such file")
    (context.path / "file").symlink_to(outside / "secret")
    context.write("Dockerfile", f"FROM {image}\nCOPY file /\n")
    contains(context.fails(), "find file: no such file")
    (context.path / "relative").symlink_to("../../../../../../a")
    context.write("Dockerfile", f"FROM {image}\nCOPY relative /got\nCMD cat /got\n")
    context.build()
    equal(run(gocker), "inside\n", "the context is the root of its symlinks")


@test
def destinations_stay_below_the_images_root(gocker, image):
    victim = pathlib.Path(tempfile.mkdtemp(dir=gocker.folder))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, target in (("abs", str(victim)), ("rel", "../../../../../../.." + str(victim))):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    context = Context(gocker, f"""\
FROM {image}
RUN mkdir -p {victim}
ADD links.tar /l/
COPY a /l/abs/file
COPY a /l/rel/
COPY a /d/../../../../escaped
CMD cat {victim}/file {victim}/a /escaped
""", {"links.tar": stream.getvalue(), "a": "a\n"})
    context.build()
    equal(os.listdir(victim), [])
    equal(run(gocker), "a\na\na\n")


def make_odd_files(folder):
    root = os.fsencode(folder)
    os.mkfifo(folder / "pipe", 0o640)
    os.mknod(folder / "null", 0o600 | 0o020000, os.makedev(1, 3))
    for name in (b"raw\xff\xfe", b"new\nline", b" blank ", b"-dash", "caf\u00e9".encode(),
                 "cafe\u0301".encode(), b"quote'\"", b"*star"):
        with open(os.path.join(root, name), "wb") as file:
            file.write(name)
    os.symlink(b"to\xff", os.path.join(root, b"link\xfe"))
    os.link(folder / "empty", folder / "second")
    os.setxattr(folder / "empty", "user.note", b"kept")
    (folder / "/".join(["d" * 50] * 40)).mkdir(parents=True)


@test
def odd_contexts_are_copied_as_they_are(gocker, image):
    context = Context(gocker, f"FROM {image}\nCOPY . /odd\n", {"empty": "", "n" * 255: "long"})
    make_odd_files(context.path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{os.open(context.path, os.O_PATH)}/socket")
        _, err = context.build()
    contains(err, "socket: a socket, left out")
    names = last_layer(gocker)
    equal(names["odd/pipe"].isfifo(), True)
    device = names["odd/null"]
    equal((device.ischr(), device.devmajor, device.devminor), (True, 1, 3))
    equal(names["odd/second"].islnk() or names["odd/empty"].islnk(), True, "hard links")
    equal("odd/socket" in names, False)
    for name in ("odd/new\nline", "odd/ blank ", "odd/-dash", "odd/caf\u00e9", "odd/cafe\u0301",
                 "odd/*star", os.fsdecode(b"odd/raw\xff\xfe"), "odd/" + "n" * 255):
        if name not in names:
            raise AssertionError(f"{name!r} is not in the layer")
    equal(names[os.fsdecode(b"odd/link\xfe")].linkname, os.fsdecode(b"to\xff"))


@test
def what_would_be_a_whiteout_is_refused(gocker, image):
    context = Context(gocker, f"FROM {image}\nCOPY . /odd\n")
    os.mknod(context.path / "whiteout", 0o600 | 0o020000, os.makedev(0, 0))
    contains(context.fails(), "a character device 0:0 would be a whiteout in the layer")
    (context.path / "whiteout").unlink()
    (context.path / ".wh.x").touch()
    contains(context.fails(), "would be a whiteout in the layer")


fixture.main()
