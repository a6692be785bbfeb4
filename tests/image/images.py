"""Images in memory, as a registry would serve them: right ones, and ones with a defect."""

import dataclasses
import gzip
import hashlib
import io
import json
import os
import tarfile

OCI = "application/vnd.oci.image."
MANIFEST = OCI + "manifest.v1+json"
INDEX = OCI + "index.v1+json"
CONFIG = OCI + "config.v1+json"
LAYER = OCI + "layer.v1.tar+gzip"
PLAIN_LAYER = OCI + "layer.v1.tar"
ZSTD_LAYER = OCI + "layer.v1.tar+zstd"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
ELSEWHERE = "arm64" if HERE == "amd64" else "amd64"


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def tar_of(files):
    """A tar archive of regular files: {name: content}."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def random_layer(name, size):
    """A layer that does not shrink when it is packed."""
    return tar_of({name: os.urandom(size)})


@dataclasses.dataclass
class Image:
    """One image; `manifest` is a JSON object that a test may spoil before it is served."""

    manifest: dict
    media_type: str
    blobs: dict  # digest -> bytes
    layers: list  # digests of the packed layers, the base first
    config: str  # its digest

    @property
    def document(self):
        return json.dumps(self.manifest).encode()

    @property
    def digest(self):
        return digest_of(self.document)


def descriptor(media_type, content, **more):
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


def pack(layer):
    return gzip.compress(layer, 1, mtime=0)


def make_image(layers, architecture=HERE, media_types=(MANIFEST, CONFIG, LAYER), diff_ids=None):
    packed = [layer if media_types[2] == PLAIN_LAYER else pack(layer) for layer in layers]
    manifest_type, config_type, layer_type = media_types
    config = json.dumps({
        "architecture": architecture,
        "os": "linux",
        "created": "2026-01-02T03:04:05Z",
        "config": {"Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers",
                   "diff_ids": diff_ids or [digest_of(layer) for layer in layers]},
    }).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": descriptor(config_type, config),
        "layers": [descriptor(layer_type, layer) for layer in packed],
    }
    blobs = {digest_of(content): content for content in [config, *packed]}
    return Image(manifest, manifest_type, blobs, [digest_of(p) for p in packed], digest_of(config))


def small_image(*words, **options):
    """A layer for each word, holding one small file of that name."""
    return make_image([tar_of({word: word.encode()}) for word in words or ["base", "top"]],
                      **options)


def index_of(entries, media_type=INDEX):
    """An index as bytes; entries are (document, media type, platform or None)."""
    manifests = []
    for document, kind, platform in entries:
        more = {"platform": platform} if platform else {}
        manifests.append(descriptor(kind, document, **more))
    return json.dumps({"schemaVersion": 2, "mediaType": media_type,
                       "manifests": manifests}).encode()


def platform(architecture, variant=None, os_name="linux"):
    found = {"architecture": architecture, "os": os_name}
    if variant:
        found["variant"] = variant
    return found
