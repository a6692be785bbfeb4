"""One image or registry that is made to do harm, and what is to come of it.

A case is refused (in one line that has certain words, with the store as it was) or taken (with a root
file system that a function looks at). Whatever comes, a canary outside the store stays as it was.
"""

import dataclasses
import os
import typing

import support  # noqa: F401  # puts tests/image on the path
import images

CASES = []


class Different(Exception):
    """How a root file system differs from what it is to be."""


@dataclasses.dataclass
class Case:
    group: str
    name: str
    build: typing.Callable  # the canary's folder -> images.Image
    says: str = None        # of our line where it is refused
    look: typing.Callable = None  # (rootfs, canary's folder) -> None or Different
    options: tuple = ()     # of our pull
    serve: typing.Callable = None  # (registry, image, reference): spoils how it is served
    peers: bool = True      # whether others are tried: some would take a disk, or hours

    @property
    def is_taken(self):
        return self.says is None


def taken(group, name, look, peers=True):
    """The function below builds an image that is taken, and of which `look` finds nothing wrong."""
    def enter(build):
        CASES.append(Case(group, name, build, look=look, peers=peers))
        return build
    return enter


def refused(group, name, says, options=(), serve=None, peers=True):
    """The function below builds an image that is refused with the words `says`."""
    def enter(build):
        CASES.append(Case(group, name, build, says=says, options=options, serve=serve, peers=peers))
        return build
    return enter


def layered(*layers):
    """An image of tar archives."""
    return images.make_image(list(layers))


def with_blob(blob, media_type=images.LAYER, plain=b""):
    """An image whose one layer has these packed bytes."""
    image = images.make_image([plain])
    replace_layer(image, 0, blob, media_type)
    return image


def replace_layer(image, index, blob, media_type=images.LAYER):
    described = images.descriptor(media_type, blob)
    image.manifest["layers"][index] = described
    image.blobs[described["digest"]] = blob
    image.layers[index] = described["digest"]


# --- looks ---------------------------------------------------------------------------------------

def content_of(rootfs, path):
    """Of a file in the root file system; no symlink on the way is followed."""
    at = os.open(rootfs, os.O_PATH | os.O_DIRECTORY)
    parts = [part for part in str(path).split("/") if part]
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        with open(os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at), "rb") as found:
            return found.read()
    except OSError as error:
        raise Different(f"{path}: {os.strerror(error.errno)}") from None
    finally:
        os.close(at)


def holds(**contents):
    """A look: files, "_" for "/" in their names, with these contents (None: nothing of that name)."""
    def look(rootfs, _):
        for name, content in contents.items():
            path = name.replace("_", "/")
            if content is None:
                if os.path.lexists(os.path.join(rootfs, path)):
                    raise Different(f"{path} is there")
            elif (found := content_of(rootfs, path)) != content:
                raise Different(f"{path} holds {found!r}")
    return look


def names(*wanted, below="."):
    """A look: what a directory holds."""
    def look(rootfs, _):
        found = sorted(os.listdir(os.path.join(rootfs, below)))
        if found != sorted(wanted):
            raise Different(f"{below} holds {', '.join(found) or 'nothing'}")
    return look


def is_kind(path, test, what):
    """A look: what lstat says of a path."""
    def look(rootfs, _):
        try:
            if not test(os.lstat(os.path.join(rootfs, path))):
                raise Different(f"{path} is no {what}")
        except FileNotFoundError:
            raise Different(f"{path} is missing") from None
    return look


def all_of(*looks):
    def look(rootfs, out):
        for each in looks:
            each(rootfs, out)
    return look


def inside(name, content=b"theirs"):
    """A look: what was to go to the canary's folder is in the root file system below its path."""
    def look(rootfs, out):
        if (found := content_of(rootfs, f"{out}/{name}")) != content:
            raise Different(f"holds {found!r}")
    return look
