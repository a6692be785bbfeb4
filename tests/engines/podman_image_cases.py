"""Images from containers: commit, build, export."""

from engine import IMAGE, case, contains, equal

DOCKERFILE = f"""\
FROM {IMAGE}
ARG WORD=nothing
ENV KEPT=yes
RUN echo "$WORD" >/word && id -u >/user
USER ann
WORKDIR /home/ann/work
RUN id -u >/tmp/user && pwd >/tmp/folder
CMD ["cat", "/word", "/user", "/tmp/user", "/tmp/folder"]
"""


def context(podman, name, dockerfile):
    folder = podman.folder / name
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "file").write_text("of the context\n")
    return folder


@case("commit: a container's files and settings as an image")
def commit(podman):
    podman("run", "--name", "work", IMAGE, "sh", "-c", "echo changed >/changed")
    podman("commit", "-q", "--change", "CMD cat /changed", "work", "localhost/committed")
    equal(podman("run", "--rm", "localhost/committed"), "changed", "output")
    podman("rm", "work")
    podman("rmi", "localhost/committed")


@case("commit: while it runs, pausing it")
def commit_running(podman):
    podman.sleeper(name="work")
    podman("commit", "-q", "--pause", "work", "localhost/committed")
    equal(podman.status("work"), "running", "status")
    podman.remove("work")
    podman("rmi", "localhost/committed")


@case("build: RUN as root and as another user, arguments, working directory")
def build(podman):
    folder = context(podman, "build", DOCKERFILE)
    podman("build", "-q", "--build-arg", "WORD=hello", "-t", "localhost/built", folder, timeout=120)
    equal(podman("run", "--rm", "localhost/built"), "hello\n0\n1000\n/home/ann/work", "output")
    podman("rmi", "localhost/built")


@case("build: by the runtime under test (--isolation oci), with limits")
def build_oci(podman):
    folder = context(podman, "build-oci", f"FROM {IMAGE}\nCOPY file /file\n"
                                          "RUN cat /file && ulimit -n >/limit\nCMD cat /limit\n")
    out = podman("build", "--isolation", "oci", "--ulimit", "nofile=321:321", "-t", "localhost/built", folder,
                 timeout=120)
    contains(out, "of the context")
    equal(podman("run", "--rm", "localhost/built"), "321", "limit in the build")
    podman("rmi", "localhost/built")


@case("build: a RUN that fails ends the build with its code")
def build_fails(podman):
    folder = context(podman, "build-fails", f"FROM {IMAGE}\nRUN exit 7\n")
    podman.fails("build", "--isolation", "oci", folder, code=7, says="exit status 7")


@case("build: stages, and mounts of RUN")
def build_stages(podman):
    folder = context(podman, "build-stages", f"FROM {IMAGE} AS first\nRUN echo one >/one\nFROM {IMAGE}\n"
                     "COPY --from=first /one /one\n"
                     "RUN --mount=type=tmpfs,target=/scratch --mount=type=bind,target=/context "
                     "touch /scratch/x && cat /one /context/file >/both\nCMD cat /both\n")
    podman("build", "--isolation", "oci", "-q", "-t", "localhost/built", folder, timeout=120)
    equal(podman("run", "--rm", "localhost/built"), "one\nof the context", "output")
    podman("rmi", "localhost/built")


@case("diff, export and import")
def export(podman):
    podman("run", "--name", "work", IMAGE, "sh", "-c", "echo x >/added; rm /etc/group")
    changes = podman("diff", "work")
    contains(changes, "A /added")
    contains(changes, "D /etc/group")
    podman("export", "-o", podman.folder / "exported.tar", "work")
    podman("import", "-q", podman.folder / "exported.tar", "localhost/imported")
    equal(podman("run", "--rm", "localhost/imported", "/bin/cat", "/added"), "x", "file")
    podman("rm", "work")
    podman("rmi", "localhost/imported")
