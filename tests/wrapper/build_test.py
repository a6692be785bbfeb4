#!/usr/bin/env python3
"""gocker build, history, tag and image: Dockerfiles built against a real registry and kernel.

    tests/wrapper/build_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import io
import json
import os
import pathlib
import re
import signal
import subprocess
import tarfile
import tempfile
import time

import fixture
from build_context import (Context, check_nothing_left, config, inspect, last_layer, run)
from fixture import contains, equal, test, wait_until


# --- a Dockerfile from end to end ----------------------------------------------------------------


@test
def a_folder_is_built_and_runs(gocker, image):
    context = Context(gocker, f"""\
# syntax=docker/dockerfile:1
ARG BASE={image}
FROM $BASE
LABEL org.example.kind="a test" second=2
ARG WHO=world
ENV GREETING="hello $WHO" PLAIN=yes
WORKDIR /srv/app
COPY greet.sh ./
COPY data/ data/
RUN cat greet.sh data/one > joined && \\
    id -u > uid
VOLUME /data
EXPOSE 80 53/udp
USER ann
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=30s --retries=2 CMD cat /srv/app/uid
ENTRYPOINT ["sh", "/srv/app/greet.sh"]
CMD ["again"]
""", {"greet.sh": 'echo "$GREETING $1"; id -u; pwd\n', "data/one": "1\n", "data/two": "2\n"})
    digest, err = context.build("--build-arg", "WHO=you", "--label", "last=word")
    if not re.fullmatch("sha256:[0-9a-f]{64}", digest):
        raise AssertionError(f"{digest!r} is no digest")
    contains(err, "STEP 1/15: FROM $BASE\n")
    contains(err, "STEP 8/15: RUN cat greet.sh data/one > joined &&     id -u > uid\n")
    equal(run(gocker), "hello you again\n1000\n/srv/app\n")
    equal(run(gocker, "then"), "hello you then\n1000\n/srv/app\n")
    out, _ = gocker("run", "--rm", "--entrypoint", "cat", "built", "joined", "uid", "data/two")
    equal(out, 'echo "$GREETING $1"; id -u; pwd\n1\n0\n2\n')
    made = config(gocker)
    equal(made["Labels"], {"name": "demo/busybox", "org.example.kind": "a test", "second": "2",
                           "last": "word"})
    equal(made["Volumes"], {"/data": {}})
    equal(made["ExposedPorts"], {"53/udp": {}, "80/tcp": {}})
    equal(made["User"], "ann")
    equal(made["StopSignal"], "SIGQUIT")
    equal(made["Healthcheck"], {"Test": ["CMD-SHELL", "cat /srv/app/uid"], "Interval": 30 * 10**9,
                                "Retries": 2})
    equal([e for e in made["Env"] if e.startswith("WHO=")], [], "an ARG is not in the image")
    check_nothing_left(gocker)


@test
def the_second_build_is_cached_and_the_same_image(gocker, image):
    once = "cat /proc/sys/kernel/random/uuid > /once"  # another image, were it done again
    context = Context(gocker, f"FROM {image}\nCOPY a /a\nRUN cat /a > /b; {once}\nCMD cat /b\n",
                      {"a": "1\n"})
    first, err = context.build()
    equal(err.count("CACHED"), 0)
    os.utime(context.path / "a", (1, 1))  # times do not count
    second, err = context.build()
    equal(second, first)
    equal(re.findall("STEP (./4).* CACHED", err), ["2/4", "3/4"])
    context.write("a", "2\n")
    equal(context.build()[1].count("CACHED"), 0, "content of a copied file")
    equal(run(gocker), "2\n")
    (context.path / "a").chmod(0o600)
    equal(context.build()[1].count("CACHED"), 0, "mode of a copied file")
    context.write("Dockerfile", f"FROM {image}\nCOPY a /a\nRUN cat /a > /b; {once}\nCMD true\n")
    (context.path / "a").chmod(0o600)
    equal(context.build()[1].count("CACHED"), 2, "a setting behind the steps")
    equal(context.build("--no-cache")[1].count("CACHED"), 0)


@test
def the_cache_knows_the_variables_that_a_step_sees(gocker, image):
    context = Context(gocker, f"FROM {image}\nARG A=1\nRUN echo $A > /a\nARG B\nRUN true > /b\n")
    equal(context.build()[1].count("CACHED"), 0)
    equal(context.build()[1].count("CACHED"), 2)
    equal(context.build("--build-arg", "B=x")[1].count("CACHED"), 1, "only the second step sees B")
    equal(context.build("--build-arg", "A=2")[1].count("CACHED"), 0)
    equal(run(gocker, "cat", "/a"), "2\n")
    equal(context.build("--build-arg", "HTTP_PROXY=x", "--build-arg", "A=2")[1].count("CACHED"), 2,
          "proxies do not count")


@test
def the_cache_goes_with_its_image(gocker, image):
    context = Context(gocker, f"FROM {image}\nRUN echo 1 > /one\n")
    context.build(tag="cached:1")
    layer = inspect(gocker, "cached:1")["layers"][-1]["chainId"].split(":")[1]
    gocker("rmi", "cached:1")
    equal((gocker.root / "layers" / layer).exists(), False, "the layer")
    equal(context.build(tag="cached:1")[1].count("CACHED"), 0)
    context.write("Dockerfile", f"FROM {image}\nRUN echo 1 > /one\nRUN echo 2 > /two\n")
    context.build(tag="cached:2")
    gocker("rmi", "cached:2")
    equal(context.build(tag="cached:2")[1].count("CACHED"), 1, "the step of the other image")
    gocker("rmi", "cached:1", "cached:2")


@test
def stages_are_built_as_far_as_they_are_needed(gocker, image):
    context = Context(gocker, f"""\
FROM {image} AS build
RUN echo made > /made && echo more > /more
FROM {image} AS unused
RUN false
FROM scratch AS empty
COPY --from=build /made /made
FROM {image}
COPY --from=build /ma* /more /from/
COPY --from=empty /made /again
COPY --from={image} /etc/passwd /passwd
CMD cat /from/made /from/more /again; head -n 1 /passwd
""")
    _, err = context.build()
    contains(err, "STEP 1/9: ")
    if "unused" in err:
        raise AssertionError(err)
    equal(run(gocker), "made\nmore\nmade\nroot:x:0:0::/root:/bin/sh\n")
    _, err = context.build("--target", "build")
    contains(err, "STEP 2/2: RUN echo made > /made && echo more > /more CACHED")
    equal(run(gocker, "cat", "/made"), "made\n")
    equal(context.fails("--target", "biuld"),
          "--target: there is no stage 'biuld' in Dockerfile (did you mean build?)")


@test
def here_documents_are_scripts_input_and_files(gocker, image):
    context = Context(gocker, f"""\
FROM {image}
ARG NAME=ann
RUN <<END
echo one > /out
echo $NAME >> /out
END
RUN cat <<END >> /out
three
END
RUN <<END
#!/bin/sh
echo "$0" >> /out
END
COPY <<a.txt <<"b.txt" /files/
for $NAME
a.txt
for $NAME
b.txt
CMD cat /out /files/a.txt /files/b.txt
""")
    context.build()
    equal(run(gocker), "one\nann\nthree\n/dev/gocker-script\nfor ann\nfor $NAME\n")


@test
def copy_follows_dockers_rules(gocker, image):
    context = Context(gocker, f"""\
FROM {image}
WORKDIR /w
COPY one file
COPY one dir/
COPY tree into
COPY tree/a tree/sub/c both/
COPY *.txt [xy]? ./glob/
COPY --chown=ann --chmod=640 one owned
COPY --chown=7 one numbers
COPY --chown=7:extra tree group
COPY ["with blank", "/w/new name"]
COPY link followed
COPY tree/ /w/into/
CMD cat file dir/one into/sub/c both/a both/c glob/1.txt glob/x1 "new name" followed && \\
    stat -c '%u:%g %a' owned numbers group group/sub into/sub/link && ls into glob
""", {"one": "one\n", "tree/a": "a\n", "tree/sub/c": "c\n", "1.txt": "1\n", "2.md": "2\n",
      "x1": "x1\n", "with blank": "blank\n"})
    (context.path / "link").symlink_to("one")
    (context.path / "tree/sub/link").symlink_to("/etc/shadow")
    context.build()
    equal(run(gocker), "one\none\nc\na\nc\n1\nx1\nblank\none\n"
                       "1000:1001 640\n7:7 644\n7:1002 755\n7:1002 755\n0:0 777\n"
                       "glob:\n1.txt\nx1\n\ninto:\na\nsub\n")


@test
def ignored_files_are_not_copied(gocker, image):
    context = Context(gocker, f"FROM {image}\nCOPY . /c\nCMD ls /c /c/dir\n",
                      {".dockerignore": "# comment\n*\n!keep\n!dir/in\n**/*.o\n",
                       "keep": "", "keep.o": "", "secret": "", "dir/in": "", "dir/out": "",
                       "dir/in.o": ""})
    context.build()
    equal(run(gocker), "/c:\ndir\nkeep\n\n/c/dir:\nin\n")
    (context.path / ".dockerignore").write_text("secret\n")
    context.write("Dockerfile", f"FROM {image}\nCOPY secret /\n")
    equal(context.fails(), "Dockerfile:2: COPY: find secret: it is left out by .dockerignore")


@test
def run_leaves_nothing_of_its_container(gocker, image):
    context = Context(gocker, f"""\
FROM {image}
RUN touch /only && cat /proc/mounts > /dev/shm/x && echo 1.2.3.4 a >> /etc/hosts && mkdir /dev/d
""")
    context.build("--network", "none")
    equal(sorted(last_layer(gocker)), ["only"])
    context.write("Dockerfile", f"FROM {image}\nRUN true\nRUN --network=none id\n")
    context.build()
    equal(len(inspect(gocker)["layers"]), 1, "steps without changes make no layers")


@test
def run_sees_variables_user_shell_and_directory(gocker, image):
    context = Context(gocker, f"""\
FROM {image}
ENV A=1
ARG A=2 B=3
USER ann:extra
WORKDIR /home/ann/new
RUN echo "$A$B $(id -u):$(id -g) $PWD $HOME" > out
SHELL ["/bin/sh", "-e", "-c"]
RUN false || true; echo "$0" >> out; umask >> out
RUN ["sh", "-c", "echo '$A' >> out"]
CMD cat out; stat -c %u /home/ann/new out
""")
    context.build()
    equal(run(gocker), "13 1000:1002 /home/ann/new /home/ann\n/bin/sh\n0022\n$A\n1000\n1000\n")


@test
def a_failed_step_tells_its_command_and_keeps_nothing(gocker, image):
    context = Context(gocker,
                      f"FROM {image}\nRUN echo x > /x\nRUN echo telling; echo y > /y; exit 7\n")
    _, err = context.build(code=1, tag="failed")
    contains(err, "telling\n")
    equal(err.splitlines()[-1], f"gocker: build: {context.path}/Dockerfile:3: RUN: "
          "'echo telling; echo y > /y; exit 7' ended with exit code 7")
    gocker.fails("history", "failed")
    check_nothing_left(gocker)
    context.write("Dockerfile", f"FROM {image}\nRUN echo x > /x\nRUN echo y > /y; ls /\n")
    equal(context.build()[1].count("CACHED"), 1)


@test
def quiet_builds_print_the_digest_alone(gocker, image):
    context = Context(gocker, f"FROM {image}\nRUN echo loud\n")
    digest, err = context.build("-q")
    equal(err, "")
    equal(digest, inspect(gocker)["digest"])
    context.write("Dockerfile", f"FROM {image}\nRUN echo loud; exit 3\n")
    _, err = context.build("-q", code=1)
    equal(err.splitlines()[0], "loud", "what a failed step printed")


@test
def a_build_without_a_name_can_be_run(gocker, image):
    context = Context(gocker, f"FROM {image}\nCMD echo nameless\n")
    digest = gocker("build", "-q", str(context.path))[0].strip()
    equal(run(gocker, name=digest), "nameless\n")
    contains(gocker("images")[0], "localhost/unnamed")
    gocker("rmi", digest)


@test
def the_dockerfile_is_found_or_named(gocker, image):
    context = Context(gocker, None, {"Containerfile": f"FROM {image}\nCMD echo default\n",
                                     "other": f"FROM {image}\nCOPY only /\nCMD echo other\n",
                                     "only": ""})
    context.build()
    equal(run(gocker), "default\n")
    context.build("-f", str(context.path / "other"))
    equal(run(gocker), "other\n")
    gocker("build", "-t", "built", "-", text=f"FROM {image}\nCMD echo stdin\n")
    equal(run(gocker), "stdin\n")
    (context.path / "Containerfile").unlink()
    contains(context.fails(), "there is no Dockerfile in")


@test
def triggers_run_in_the_next_build(gocker, image):
    Context(gocker, f"FROM {image}\nONBUILD COPY app /app\nONBUILD RUN cat /app > /copy\n").build(
        tag="base:onbuild")
    context = Context(gocker, "FROM base:onbuild\nCMD cat /copy\n", {"app": "triggered\n"})
    _, err = context.build()
    contains(err, "STEP 1/2: ONBUILD COPY app /app\n")
    equal(run(gocker), "triggered\n")
    equal(config(gocker).get("OnBuild"), None)


@test
def an_entrypoint_takes_the_base_images_cmd_away(gocker, image):
    Context(gocker, f'FROM {image}\nENTRYPOINT ["echo"]\n').build()
    equal(config(gocker).get("Cmd"), None)
    Context(gocker, f'FROM {image}\nCMD ["a"]\nENTRYPOINT ["echo"]\n').build()
    equal(config(gocker)["Cmd"], ["a"])


def archive_for_add():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        def add(name, content=b"", **fields):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for key, value in fields.items():
                setattr(entry, key, value)
            archive.addfile(entry, io.BytesIO(content))

        add("dir", type=tarfile.DIRTYPE, mode=0o750)
        add("dir/file", b"packed\n", uid=5, gid=6, mode=0o644)
        add("../../up", b"up\n")
        add("/absolute", b"absolute\n")
        add("hard", type=tarfile.LNKTYPE, linkname="dir/file")
        add("out", type=tarfile.SYMTYPE, linkname="/home/ann")
        add("out/through", b"through\n")
    return stream.getvalue()


@test
def add_unpacks_archives(gocker, image):
    context = Context(gocker, f"""\
FROM {image}
ADD a.tar.gz plain /into/
ADD a.tar.gz /
ADD --chown=8:9 a.tar.gz /owned
ADD not-packed.gz /
CMD cat /into/dir/file /into/up /into/absolute /into/hard /home/ann/through /into/plain /up && \\
    stat -c '%u:%g' /into/dir/file /owned/dir/file && cat /not-packed.gz
""", {"a.tar.gz": archive_for_add(), "plain": "plain\n", "not-packed.gz": b"\x1f\x8bno"})
    context.build()
    out = subprocess.run([gocker.program, "run", "--rm", "built"], env=gocker.env,
                         capture_output=True, stdin=subprocess.DEVNULL).stdout
    equal(out, b"packed\nup\nabsolute\npacked\nthrough\nplain\nup\n5:6\n8:9\n\x1f\x8bno")


# --- others read it ------------------------------------------------------------------------------


@test
def skopeo_and_umoci_read_what_was_built(gocker, image):
    context = Context(gocker, f"FROM {image}\nCOPY a /a\nRUN touch /b && cat /a > /c\n",
                      {"a": "1\n"})
    digest, _ = context.build(tag="others:1")
    source = f"oci:{gocker.root}:docker.io/library/others:1"
    told = subprocess.run(["skopeo", "inspect", source], capture_output=True, text=True)
    equal((told.returncode, told.stderr), (0, ""))
    equal(json.loads(told.stdout)["Digest"], digest)
    with tempfile.TemporaryDirectory(dir=gocker.folder) as folder:
        subprocess.run(["skopeo", "copy", "-q", source, f"oci:{folder}/copy:x"], check=True)
        subprocess.run(["umoci", "--log=error", "unpack", "--image", f"{folder}/copy:x",
                        f"{folder}/bundle"], check=True, capture_output=True)
        rootfs = pathlib.Path(folder, "bundle/rootfs")
        equal((rootfs / "c").read_text(), "1\n")
        equal(sorted(os.listdir(rootfs)), "a b bin c dev etc home proc root sys tmp".split())


@test
def history_and_tag_tell_of_images(gocker, image):
    context = Context(gocker, f"FROM {image}\nENV A=1\nRUN touch /b\n")
    context.build(tag="told:1")
    lines = gocker("history", "told:1")[0].splitlines()
    contains(lines[0], "CREATED BY")
    contains(lines[1], "RUN touch /b")
    contains(lines[2], "ENV A=1")
    gocker("tag", "told:1", "told:2")
    equal(inspect(gocker, "told:2")["digest"], inspect(gocker, "told:1")["digest"])
    gocker("rmi", "told:1")
    equal(run(gocker, "ls", "/b", name="told:2"), "/b\n")
    contains(gocker.fails("tag", "absent:1", "x"), "no such image")
    gocker.fails("tag", "told:2", "NOT A NAME")
    contains(gocker("image", "ls")[0], "told")
    gocker("image", "rm", "told:2")
    contains(gocker.fails("image", "frob"), "unknown command 'frob'")


# --- cut off -------------------------------------------------------------------------------------


def has_no_run(gocker):
    """After the next command, or one more where a child of the killed one was just ending."""
    gocker("images")
    runs = gocker.state / "build"
    return not runs.is_dir() or not os.listdir(runs)


@test
def a_killed_build_leaves_nothing_for_the_next_command(gocker, image):
    context = Context(gocker, f"FROM {image}\nCOPY a /a\nRUN sleep 0.05\nRUN cat /a > /b\n",
                      {"a": "x" * 200_000})
    for moment in range(12):
        gocker("image", "prune")
        process = gocker.start("build", "-q", "-t", "killed", str(context.path))
        time.sleep(0.02 + 0.015 * moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        wait_until(lambda: has_no_run(gocker), "the end of the containers of RUN")
        context.build()
        check_nothing_left(gocker)
    equal(run(gocker, "wc", "-c", "/b"), "200000 /b\n")


@test
def an_interrupted_build_ends_its_container(gocker, image):
    context = Context(gocker, f"FROM {image}\nRUN echo begun; sleep 1000\n")
    process = gocker.start("build", str(context.path))
    line = None
    while line not in ("begun\n", ""):
        line = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    equal(process.returncode, 1)
    contains(err, "RUN: interrupted")
    check_nothing_left(gocker)


@test
def builds_at_the_same_time_do_not_disturb_each_other(gocker, image):
    contexts = [Context(gocker, f"FROM {image}\nRUN echo shared > /s\nRUN echo {i} > /i\n")
                for i in range(6)]
    processes = [gocker.start("build", "-q", "-t", f"together:{i}", str(c.path))
                 for i, c in enumerate(contexts)]
    for process in processes:
        _, err = process.communicate(timeout=120)
        equal((process.returncode, err), (0, ""))
    for i in range(6):
        equal(run(gocker, "cat", "/s", "/i", name=f"together:{i}"), f"shared\n{i}\n")
    gocker("rmi", *(f"together:{i}" for i in range(6)))
    check_nothing_left(gocker)


fixture.main()
