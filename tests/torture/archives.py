"""Entries of tar archives and whole layers, right ones and ones that no sound program would write."""

import io
import subprocess
import tarfile

THEIRS = b"theirs"


def entry(name, kind=tarfile.REGTYPE, target="", content=THEIRS, mode=0o644, **fields):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, str(target), mode
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def symlink(name, target):
    return entry(name, tarfile.SYMTYPE, target)


def hardlink(name, target):
    return entry(name, tarfile.LNKTYPE, target)


def directory(name, mode=0o755, **fields):
    return entry(name, tarfile.DIRTYPE, mode=mode, **fields)


def whiteout(name):
    return entry(name, content=b"")


def device(name, major, minor):
    return entry(name, tarfile.CHRTYPE, devmajor=major, devminor=minor)


def tar(*entries, form=tarfile.PAX_FORMAT, **options):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form, **options) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return stream.getvalue()


# --- by hand -------------------------------------------------------------------------------------

def header(name, size=b"0", typeflag=b"0", target=b"", mode=b"0000644", checksum=None, uid=b"0000000",
           magic=b"ustar\x0000"):
    """One block of 512 bytes; numbers as they stand in it."""
    block = bytearray(512)

    def put(start, length, value):
        block[start:start + length] = value[:length].ljust(length, b"\0")

    for start, length, value in ((0, 100, name), (100, 8, mode), (108, 8, uid), (116, 8, b"0000000"),
                                 (124, 12, size), (136, 12, b"0"), (148, 8, b" " * 8),
                                 (156, 1, typeflag), (157, 100, target), (257, 8, magic)):
        put(start, length, value)
    found = b"%06o\0 " % (sum(block) if checksum is None else checksum)
    put(148, 8, found)
    return bytes(block)


def padded(content):
    return content + bytes(-len(content) % 512)


def octal(number):
    return b"%011o" % number


def file(name, content=THEIRS, **fields):
    return header(name, size=octal(len(content)), **fields) + padded(content)


def pax(records, name=b"file", content=THEIRS, typeflag=b"x"):
    """A file after an extended header with these bytes as its records."""
    return (header(b"pax", size=octal(len(records)), typeflag=typeflag) + padded(records)
            + file(name, content))


def record(key, value):
    """"LENGTH key=value\\n", whose length counts itself."""
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while length != len(body) + len(str(length)):
        length = len(body) + len(str(length))
    return str(length).encode() + body


END = bytes(1024)


def zstd(content):
    return subprocess.run(["zstd", "-qc"], input=content, capture_output=True, check=True).stdout
