"""What the tests of gocker build share: contexts, and looks at what was built."""

import json
import os
import pathlib
import tarfile
import tempfile

from fixture import equal


class Context:
    """A build context of its own for one test."""

    def __init__(self, gocker, dockerfile=None, files=None):
        self.gocker = gocker
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="context-", dir=gocker.folder))
        if dockerfile is not None:
            self.write("Dockerfile", dockerfile)
        for name, content in (files or {}).items():
            self.write(name, content)

    def write(self, name, content, mode=0o644):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)

    def build(self, *options, code=0, tag="built", **more):
        """(digest, stderr)"""
        out, err = self.gocker("build", "-t", tag, *options, str(self.path), code=code, **more)
        return out.strip(), err

    def fails(self, *options):
        """The one line of an error, without what comes before the file's name. The store is as it
        was where no step before the failing one made a layer."""
        before = store_files(self.gocker)
        out, err = self.gocker("build", "-t", "broken", *options, str(self.path), code=1)
        equal(out, "", "stdout")
        last = err.splitlines()[-1]
        if not last.startswith("gocker: build: "):
            raise AssertionError(f"{last!r} is no error of build")
        check_nothing_left(self.gocker)
        if err.count("STEP ") <= 2:
            equal(store_files(self.gocker), before, "the store")
        return last.removeprefix("gocker: build: ").replace(str(self.path) + "/", "")


def store_files(gocker):
    folder = gocker.root
    return sorted(str(p.relative_to(folder)) for part in ("blobs", "layers", "leases", "tmp")
                  for p in (folder / part).glob("*/*" if part == "blobs" else "*"))


def check_nothing_left(gocker):
    equal(os.listdir(gocker.root / "tmp"), [], "workspaces")
    equal(gocker.mounts(), [], "mounts")
    runs = gocker.state / "build"
    equal(os.listdir(runs) if runs.is_dir() else [], [], "containers of RUN")


def inspect(gocker, name="built"):
    return json.loads(gocker("image", "inspect", name)[0])


def config(gocker, name="built"):
    return inspect(gocker, name)["config"]["config"]


def run(gocker, *words, name="built"):
    return gocker("run", "--rm", name, *words)[0]


def last_layer(gocker, name="built"):
    """What is in the topmost layer's blob: {name: TarInfo}."""
    digest = inspect(gocker, name)["layers"][-1]["digest"]
    path = gocker.root / "blobs/sha256" / digest.split(":")[1]
    with tarfile.open(path) as archive:
        return {entry.name: entry for entry in archive}
