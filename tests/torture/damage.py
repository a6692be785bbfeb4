"""Layers whose bytes are not what somebody says of them."""

import gzip
import subprocess
import tarfile
import threading

import support  # noqa: F401
import images
from archives import END, entry, header, tar, zstd
from case import holds, layered, names, refused, replace_layer, taken, with_blob

SIZES, BOMBS, BYTES, PACKED = "Sizes that lie", "Bombs", "Damaged archives", "Damaged compression"


@refused(SIZES, "a file that claims 4 TiB", "big")
def claim_of_4_tib(_):
    return layered(header(b"big", size=b"\x80" + (1 << 42).to_bytes(11, "big")) + b"x" * 512 + END)


@refused(SIZES, "a size below zero", "negative size")
def negative_size(_):
    return layered(header(b"big", size=b"\xff" * 11 + b"\x00") + END)


@refused(SIZES, "a size beyond 63 bits", "size overflow")
def size_beyond_63_bits(_):
    return layered(header(b"big", size=b"\x80" + (1 << 80).to_bytes(11, "big")) + END)


@refused(SIZES, "a size that is no number", "damaged")
def size_that_is_no_number(_):
    return layered(header(b"big", size=b"twelve") + b"x" * 512 + header(b"next") + END)


@refused(SIZES, "an archive that ends within a file", "second")
def truncated(_):
    return layered(tar(entry("first"), entry("second", content=b"x" * 3000))[:2500])


# --- bombs ---------------------------------------------------------------------------------------

def bomb(size):
    """Some kilobytes that are a file of `size` zeros."""
    info, _ = entry("zeros")
    info.size = size
    packed = []
    with subprocess.Popen(["zstd", "-q", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as packer:
        reader = threading.Thread(target=lambda: packed.append(packer.stdout.read()))
        reader.start()
        packer.stdin.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size >> 20):
            packer.stdin.write(bytes(1 << 20))
        packer.stdin.close()
        reader.join()
    return with_blob(packed[0], images.ZSTD_LAYER)


@refused(BOMBS, "2 GiB of zeros in 100 kB", "unpacks to more than", peers=False)
def zeros(_):
    return bomb(2 << 30)


@refused(BOMBS, "more bytes than --max-layer-size", "more than", options=("--max-layer-size", "1m"), peers=False)
def more_bytes_than_wanted(_):
    return layered(tar(entry("f", content=bytes(2_000_000))))


@refused(BOMBS, "more entries than --max-layer-entries", "more than 100",
         options=("--max-layer-entries", "100"), peers=False)
def more_entries_than_wanted(_):
    return layered(tar(*(entry(f"f{i}", content=b"") for i in range(101))))


# --- archives ------------------------------------------------------------------------------------

@refused(BYTES, "a bad checksum in the second header", "after first")
def bad_checksum(_):
    broken = bytearray(tar(entry("first"), entry("second")))
    broken[1024 + 150] ^= 1
    return layered(bytes(broken))


@refused(BYTES, "no archive at all", "damaged")
def no_archive(_):
    return layered(b"no tar at all" * 100)


@refused(BYTES, "content that is not what the diff id says", "but the image says")
def wrong_diff_id(_):
    return images.make_image([tar(entry("f"))], diff_ids=[images.digest_of(b"something else")])


@refused(BYTES, "content that is not what the digest says", "sha256:")
def wrong_digest(_):
    image = images.small_image()
    blob = bytearray(image.blobs[image.layers[1]])
    blob[-9] ^= 1
    image.blobs[image.layers[1]] = bytes(blob)
    return image


@refused(BYTES, "a blob that is longer than its descriptor says", "bytes")
def longer_than_its_descriptor(_):
    image = images.small_image()
    image.manifest["layers"][1]["size"] -= 1
    return image


@refused(BYTES, "a blob that is shorter than its descriptor says", "bytes")
def shorter_than_its_descriptor(_):
    image = images.small_image()
    image.manifest["layers"][1]["size"] += 1
    return image


# --- compression ---------------------------------------------------------------------------------

PLAIN = tar(entry("f"))
GZIP = gzip.compress(PLAIN, mtime=0)
for name, media_type, blob, says in (
        ("gzip under the media type of zstd", images.ZSTD_LAYER, GZIP, "it is gzip"),
        ("zstd under the media type of gzip", images.LAYER, zstd(PLAIN), "it is zstd"),
        ("plain tar under the media type of gzip", images.LAYER, PLAIN, "does not begin as such"),
        ("gzip under the media type of plain tar", images.PLAIN_LAYER, GZIP, "it is gzip"),
        ("garbage after the gzip stream", images.LAYER, GZIP + b"trailing", "gzip"),
        ("zeros after the gzip stream", images.LAYER, GZIP + bytes(512), "gzip"),
        ("a gzip stream that is cut short", images.LAYER, GZIP[:-5], "cut short"),
        ("a gzip stream with a wrong checksum", images.LAYER, GZIP[:-8] + b"\1\2\3\4" + GZIP[-4:], "gzip"),
        ("garbage after the zstd frame", images.ZSTD_LAYER, zstd(PLAIN) + b"trailing", "zstd"),
        ("a zstd frame that is cut short", images.ZSTD_LAYER, zstd(PLAIN)[:-2], "cut short"),
        ("no byte at all", images.LAYER, b"", "")):
    @refused(PACKED, name, says)
    def damaged_compression(_, media_type=media_type, blob=blob):
        return with_blob(blob, media_type, PLAIN)


@taken(PACKED, "several gzip members", holds(first=b"theirs", second=b"theirs"))
def several_members(_):
    plain = tar(entry("first"), entry("second"))
    image = layered(plain)
    replace_layer(image, 0, b"".join(gzip.compress(plain[start:start + 700], mtime=0)
                                     for start in range(0, len(plain), 700)))
    return image


@taken(PACKED, "several zstd frames, a skippable one between them", names("f"))
def several_frames(_):
    image = layered(PLAIN)
    skippable = b"\x50\x2a\x4d\x18\x04\0\0\0skip"
    replace_layer(image, 0, zstd(PLAIN[:700]) + skippable + zstd(PLAIN[700:]), images.ZSTD_LAYER)
    return image


