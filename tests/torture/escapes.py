"""Layers that try to reach files outside the image."""

import tarfile

from archives import device, directory, entry, hardlink, record, symlink, tar, whiteout, pax, END
from case import all_of, holds, inside, is_kind, layered, names, refused, taken
import stat

PATHS, LINKS, MARKS = "Escapes by path and symlink", "Escapes by hard link", "Escapes by whiteout and attribute"
UP = "../" * 20


def relative(out):
    return UP + str(out)[1:]


@taken(PATHS, "an absolute name", inside("canary"))
def absolute_name(out):
    return layered(tar(entry(f"{out}/canary")))


@taken(PATHS, "a name with ..", inside("canary"))
def name_with_dots(out):
    return layered(tar(entry(relative(out) + "/canary")))


@taken(PATHS, "a name with .. in its midst", holds(etc_x=b"theirs"))
def dots_in_the_midst(_):
    return layered(tar(directory("a"), entry("a/../../../../etc/x")))


@taken(PATHS, "a PAX path that leads out, after a harmless name", inside("canary"))
def pax_path(out):
    return layered(pax(record(b"path", f"{relative(out)}/canary".encode())) + END)


@taken(PATHS, "an absolute symlink, then a file through it", inside("canary"))
def absolute_symlink(out):
    return layered(tar(symlink("way", out), entry("way/canary")))


@taken(PATHS, "a symlink with .., then a file through it", inside("canary"))
def relative_symlink(out):
    return layered(tar(symlink("way", relative(out)), entry("way/canary")))


@taken(PATHS, "a lower layer's symlink, then a file through it", inside("canary"))
def symlink_of_a_lower_layer(out):
    return layered(tar(symlink("way", out)), tar(entry("way/canary")))


@taken(PATHS, "a symlink to /, then a file through it", holds(x=b"theirs"))
def symlink_to_the_root(_):
    return layered(tar(symlink("way", "/"), entry("way/x")))


@taken(PATHS, "a file over a symlink of its name", all_of(holds(way=b"theirs")))
def file_over_symlink(out):
    return layered(tar(symlink("way", out / "canary"), entry("way")))


@taken(PATHS, "a file over a lower layer's symlink", holds(way=b"theirs"))
def file_over_lower_symlink(out):
    return layered(tar(symlink("way", out / "canary")), tar(entry("way")))


@taken(PATHS, "a directory over a lower layer's symlink, then a file in it", holds(way_x=b"theirs"))
def directory_over_lower_symlink(out):
    return layered(tar(symlink("way", out)), tar(directory("way"), entry("way/x")))


@taken(PATHS, "a directory with mode and owner over a symlink", is_kind("way", lambda s: stat.S_ISDIR(s.st_mode), "directory"))
def directory_attributes_through_a_symlink(out):
    return layered(tar(symlink("way", out), directory("way", 0o777, uid=7)))


@refused(PATHS, "symlinks in a ring, then a file through them", "Too many levels of symbolic links")
def symlinks_in_a_ring(_):
    return layered(tar(symlink("a", "b"), symlink("b", "a"), entry("a/x")))


@refused(PATHS, "a root that is a symlink", "entry ./: has no name of its own")
def root_is_a_symlink(out):
    return layered(tar(symlink("./", out), entry("canary")))


# --- hard links ----------------------------------------------------------------------------------

@refused(LINKS, "to an absolute name", "not in the image")
def absolute_hardlink(out):
    return layered(tar(hardlink("mine", out / "canary")))


@refused(LINKS, "to a name with ..", "not in the image")
def hardlink_with_dots(out):
    return layered(tar(hardlink("mine", relative(out) + "/canary")))


@refused(LINKS, "through a symlink", "not in the image")
def hardlink_through_a_symlink(out):
    return layered(tar(symlink("way", out), hardlink("mine", "way/canary")))


@refused(LINKS, "through a lower layer's symlink", "not in the image")
def hardlink_through_a_lower_symlink(out):
    return layered(tar(symlink("way", out)), tar(hardlink("mine", "way/canary")))


@taken(LINKS, "to a symlink, then a file over the link", holds(mine=b"theirs"))
def file_over_a_hardlink_to_a_symlink(out):
    return layered(tar(symlink("way", out / "canary"), hardlink("mine", "way"), entry("mine")))


@refused(LINKS, "to a directory", "directory")
def hardlink_to_a_directory(_):
    return layered(tar(directory("d"), hardlink("mine", "d")))


# --- whiteouts and attributes --------------------------------------------------------------------

for number, name in enumerate((".wh.", ".wh..", ".wh...", "a/.wh...")):
    @refused(MARKS, f"a whiteout `{name}`", "a whiteout of nothing")
    def whiteout_of_nothing(_, name=name):
        return layered(tar(entry("a/b")), tar(whiteout(name)))


@taken(MARKS, "a whiteout through a symlink", names("way"))
def whiteout_through_a_symlink(out):
    return layered(tar(symlink("way", out)), tar(whiteout("way/.wh.canary")))


@taken(MARKS, "an opaque mark through a symlink", names("way"))
def opaque_through_a_symlink(out):
    return layered(tar(symlink("way", out)), tar(whiteout("way/.wh..wh..opq")))


@taken(MARKS, "a whiteout with ..", names("other"))
def whiteout_with_dots(_):
    return layered(tar(entry("keep"), entry("other")), tar(whiteout("../../.wh.keep")))


@taken(MARKS, "overlay's own attributes: a redirect to another directory", names("f", below="d"))
def overlay_attributes(_):
    marks = {"SCHILY.xattr.trusted.overlay.redirect": "/secret",
             "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.user.overlay.opaque": "y"}
    return layered(tar(directory("secret", 0o700), entry("secret/key"), directory("d"), entry("d/f")),
                   tar(entry("d", tarfile.DIRTYPE, mode=0o755, pax_headers=marks)))


@refused(MARKS, "a device 0:0, overlay's whiteout", "0:0")
def device_that_is_a_whiteout(_):
    return layered(tar(entry("f")), tar(device("f", 0, 0)))
