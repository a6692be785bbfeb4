#!/usr/bin/env python3
"""RUN --mount: what commands of a build see, keep from one build to the next, and leave behind.

    tests/wrapper/build_mounts_test.py GOCKER_RUNTIME GOCKER_IMAGE [NAME...]
"""

import json
import os
import pathlib
import subprocess

import fixture
from build_context import Context, check_nothing_left, last_layer, run
from fixture import contains, equal, test


@test
def files_are_shown_and_are_in_no_layer(gocker, image):
    context = Context(gocker, f"""\
FROM {image} AS one
RUN echo one > /file
FROM one AS two
RUN mkdir /tree && echo two > /tree/file
FROM {image}
WORKDIR /w
RUN --mount=target=. --mount=from=two,target=/two --mount=from=two,source=/tree/file,target=/file \\
    cat here sub/there /two/file /two/tree/file /file > /out && ! touch /two/x here 2>/dev/null
RUN --mount=target=/copy,rw echo more >> /copy/here && cat /copy/here >> /out
RUN --mount=type=tmpfs,target=/new/memory,size=1m echo x > /new/memory/x
CMD cat /out
""", {"here": "1\n", "sub/there": "2\n"})
    context.build()
    equal(run(gocker), "1\n2\none\ntwo\ntwo\n1\nmore\n")
    equal((context.path / "here").read_text(), "1\n", "the context")
    equal(run(gocker, "ls", "-a", "/w"), ".\n..\n")
    equal([name for name in last_layer(gocker) if "new" in name or "copy" in name], [])
    check_nothing_left(gocker)


@test
def what_bind_mounts_show_counts_for_the_cache(gocker, image):
    context = Context(gocker, f"FROM {image}\nRUN --mount=target=/c,src=a cat /c > /out\n",
                      {"a": "1\n", "b": "1\n"})
    equal(context.build()[1].count("CACHED"), 0)
    context.write("b", "2\n")
    equal(context.build()[1].count("CACHED"), 1, "another file")
    context.write("a", "2\n")
    equal(context.build()[1].count("CACHED"), 0)
    equal(run(gocker, "cat", "/out"), "2\n")


@test
def mounts_show_nothing_that_is_ignored(gocker, image):
    context = Context(gocker, f"FROM {image}\nRUN --mount=target=/c ls -a /c /c/sub > /out\n",
                      {".dockerignore": "sub/no\n", "sub/no": "", "sub/yes": ""})
    context.build()
    listed = run(gocker, "cat", "/out").split()
    equal(("yes" in listed, "no" in listed), (True, False))


@test
def a_cache_outlives_builds_until_it_is_pruned(gocker, image):
    context = Context(gocker, f"""\
FROM {image}
RUN --mount=type=cache,target=/cache,mode=0700 echo x >> /cache/lines; cp /cache/lines /out
RUN --mount=type=cache,target=/elsewhere,id=/cache,ro cp /elsewhere/lines /again; \\
    touch /elsewhere/x || stat -c %a /elsewhere > /mode
""")
    context.build()
    context.build("--no-cache")
    equal(run(gocker, "cat", "/out", "/again", "/mode"), "x\nx\nx\nx\n700\n")
    usage = json.loads(gocker("system", "df", "--format", "json")[0])
    equal([row["total"] > 2 for row in usage if row["type"] == "Build cache"], [True])
    gocker("image", "prune", "-f")
    context.build("--no-cache")
    equal(run(gocker, "cat", "/out"), "x\n")
    gocker("prune")
    equal(os.listdir(gocker.root / "caches"), [])


@test
def a_locked_cache_is_used_by_one_after_the_other(gocker, image):
    step = "--mount=type=cache,target=/c,sharing={} test ! -e /c/busy && touch /c/busy && sleep 1;" \
        " rm /c/busy"
    for sharing in ("locked", "private"):
        contexts = [Context(gocker, f"FROM {image}\nENV N={n}\nRUN {step.format(sharing)}\n")
                    for n in range(2)]
        builds = [gocker.start("build", "-q", str(context.path)) for context in contexts]
        for build in builds:
            equal((build.wait(60), build.stderr.read()), (0, ""), sharing)
            build.stdout.close()
            build.stderr.close()
    gocker("prune")


@test
def secrets_are_shown_and_kept_nowhere(gocker, image):
    context = Context(gocker, f"""\
FROM {image}
RUN --mount=type=secret,id=key --mount=type=secret,id=word,target=/root/.word,uid=1000,mode=0440 \\
    wc -c < /run/secrets/key > /out; stat -c '%u %a' /root/.word >> /out; wc -c < /root/.word >> /out
RUN --mount=type=secret,id=key test ! -e /run/secrets/other
""", {"key": "file of secrets\n"})
    options = ("--secret", f"id=key,src={context.path}/key", "--secret", "id=word")
    context.build(*options, env={"word": "of the environment"})
    equal(run(gocker, "cat", "/out"), "16\n1000 440\n18\n")
    for word in ("file of secrets", "of the environment"):
        found = subprocess.run(["grep", "-rl", word, gocker.root], capture_output=True, text=True)
        equal(found.stdout, "", word)
    (context.path / "key").write_text("another\n")
    equal(context.build(*options, env={"word": "x"})[1].count("CACHED"), 2, "secrets do not count")


@test
def what_is_missing_is_told(gocker, image):
    context = Context(gocker, f"FROM {image}\nRUN --mount=type=secret,id=k,required true\n")
    contains(context.fails(), "RUN: mount /run/secrets/k: there is no secret 'k': --secret "
                              "id=k,src=FILE gives it")
    context = Context(gocker, f"FROM {image}\nRUN --mount=target=/x,src=nothing true\n")
    contains(context.fails(), "Dockerfile:2: RUN: find nothing: no such file")
    for secret, message in {"src=/etc/passwd": "it has no id", "id=x,env=NOT_SET": "NOT_SET is not set",
                            "id=x,file=y": "unknown field 'file' (id, src, env)"}.items():
        contains(gocker.fails("build", "--secret", secret, str(context.path), code=2), message)


if __name__ == "__main__":
    fixture.main()
