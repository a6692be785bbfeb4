"""Odd layers that programs take in different ways."""

import os
import stat

from archives import (END, directory, entry, file, hardlink, header, octal, padded, pax, record, symlink,
                      tar, whiteout)
from case import Different, holds, is_kind, layered, names, refused, taken

AGAIN, HIDDEN, FIELDS = "Names that come again", "Whiteouts", "Fields"
IS_FILE = (lambda status: stat.S_ISREG(status.st_mode), "file")
IS_DIRECTORY = (lambda status: stat.S_ISDIR(status.st_mode), "directory")


@taken(AGAIN, "a file twice", holds(f=b"second"))
def file_twice(_):
    return layered(tar(entry("f", content=b"first"), entry("f", content=b"second")))


@taken(AGAIN, "a file, then a directory", is_kind("f", *IS_DIRECTORY))
def directory_over_file(_):
    return layered(tar(entry("f"), directory("f")))


@taken(AGAIN, "a directory with a file, then a file", is_kind("d", *IS_FILE))
def file_over_directory(_):
    return layered(tar(directory("d"), entry("d/x"), entry("d")))


@taken(AGAIN, "a directory, then a symlink, then a file through it", holds(b_x=b"theirs"))
def symlink_over_directory(_):
    return layered(tar(directory("a"), directory("b"), symlink("a", "b"), entry("a/x")))


@taken(AGAIN, "a hard link, then another file of its name", holds(one=b"first", two=b"other"))
def file_over_hardlink(_):
    return layered(tar(entry("one", content=b"first"), hardlink("two", "one"), entry("two", content=b"other")))


@taken(AGAIN, "a hard link to itself", holds(f=b"theirs"))
def hardlink_to_itself(_):
    return layered(tar(entry("f"), hardlink("f", "f")))


@taken(AGAIN, "a hard link to a lower layer's file, both then the same", holds(two=b"first", one=b"first"))
def hardlink_to_a_lower_file(_):
    return layered(tar(entry("one", content=b"first")), tar(hardlink("two", "one")))


# --- whiteouts -----------------------------------------------------------------------------------

@taken(HIDDEN, "a whiteout after a file of its name in one layer", holds(f=b"theirs"))
def whiteout_after_a_file(_):
    return layered(tar(entry("f", content=b"lower")), tar(entry("f"), whiteout(".wh.f")))


@taken(HIDDEN, "an opaque mark after what it does not mean", names("mine", below="d"))
def late_opaque_mark(_):
    return layered(tar(directory("d"), entry("d/lower")),
                   tar(directory("d"), entry("d/mine"), whiteout("d/.wh..wh..opq")))


@taken(HIDDEN, "a whiteout of a directory, which comes again", names("new", below="d"))
def directory_comes_again(_):
    return layered(tar(directory("d"), entry("d/old")), tar(whiteout(".wh.d"), directory("d"), entry("d/new")))


@taken(HIDDEN, "a whiteout of what was never there", names("f"))
def whiteout_of_what_is_not_there(_):
    return layered(tar(entry("f")), tar(whiteout(".wh.nobody")))


@taken(HIDDEN, "aufs' own files `.wh..wh.plnk`", names("f"))
def files_of_aufs(_):
    return layered(tar(entry("f"), directory(".wh..wh.plnk"), entry(".wh..wh.aufs")))


# --- fields --------------------------------------------------------------------------------------

@taken(FIELDS, "a global PAX header", names("f"))
def global_pax_header(_):
    return layered(tar(entry("f"), pax_headers={"comment": "from git archive"}))


@taken(FIELDS, "no end of archive", holds(f=b"theirs"))
def no_end(_):
    return layered(file(b"f"))


@taken(FIELDS, "bytes after the end of archive, within the gzip stream", names("f"))
def more_after_the_end(_):
    return layered(tar(entry("f")) + b"more" * 5000)


@taken(FIELDS, "an empty archive", names("f"))
def empty_archive(_):
    return layered(tar(entry("f")), END)


@taken(FIELDS, "a symlink whose header claims content", is_kind("way", lambda s: stat.S_ISLNK(s.st_mode), "symlink"))
def symlink_with_a_size(_):
    return layered(header(b"way", size=octal(6), typeflag=b"2", target=b"f") + file(b"f") + END)


@taken(FIELDS, "a name of 100 bytes without an end", names("n" * 100))
def full_name(_):
    return layered(file(b"n" * 100) + END)


@taken(FIELDS, "a newline and bytes that are no UTF-8 in names", names("a\nb", "\udcff\udcfe"))
def strange_names(_):
    return layered(file(b"a\nb") + file(b"\xff\xfe") + END)


@taken(FIELDS, "two names that differ in Unicode's form alone", names("\u00e9", "e\u0301"))
def unicode_forms(_):
    return layered(tar(entry("\u00e9"), entry("e\u0301")))


def has_owner_and_mode(rootfs, _):
    status = os.lstat(os.path.join(rootfs, "f"))
    if (status.st_uid, status.st_mode & 0o7777) != (3_000_000_000, 0o6755):
        raise Different(f"f has owner {status.st_uid} and mode {status.st_mode & 0o7777:o}")


@taken(FIELDS, "an owner of 3,000,000,000, set-user-id", has_owner_and_mode)
def large_owner(_):
    return layered(tar(entry("f", uid=3_000_000_000, mode=0o6755)))


@refused(FIELDS, "an owner beyond 32 bits", "owner")
def owner_beyond_32_bits(_):
    return layered(tar(entry("f", uid=2**33)))


@taken(FIELDS, "a sparse file of 1 GiB", is_kind("hole", lambda s: s.st_size == 1 << 30 and s.st_blocks < 1000,
                                               "file of 1 GiB that takes no room"))
def sparse_file(_):
    size = b"1073741824"
    records = record(b"GNU.sparse.major", b"1") + record(b"GNU.sparse.minor", b"0") + \
        record(b"GNU.sparse.name", b"hole") + record(b"GNU.sparse.realsize", size)
    return layered(pax(records, b"GNUSparseFile.0/hole", padded(b"1\n0\n0\n")) + END)


@refused(FIELDS, "a name of 5,000 bytes", "...: the name is too long")
def long_name(_):
    return layered(tar(entry("/".join(["d" * 100] * 50))))


@refused(FIELDS, "600 directories in each other", "512")
def deep_name(_):
    return layered(tar(entry("/".join(["d"] * 600))))


@refused(FIELDS, "a component of 300 bytes", "too long")
def long_component(_):
    return layered(tar(entry("n" * 300)))


@refused(FIELDS, "a NUL in a PAX path", "NUL")
def nul_in_a_path(_):
    return layered(pax(record(b"path", b"safe\0../../evil")) + END)


@refused(FIELDS, "a malformed PAX record", "malformed record in an extended header")
def malformed_pax(_):
    return layered(pax(b"99 path=x\n") + END)


@taken(FIELDS, "an unknown type of entry", holds(f=b"theirs"))
def unknown_type(_):
    return layered(tar(entry("f")), file(b"g", typeflag=b"Z") + END)


