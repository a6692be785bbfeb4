#!/usr/bin/env python3
"""Writes OCI image layouts from tar archives (image-spec, image-layout.md).

As a program: oci_layout.py LAYOUT TAG gzip|zstd|none CONFIG.json LAYER.tar...
puts one image into the directory LAYOUT, which is made where it is absent. CONFIG.json is the
image config without rootfs; "-" stands for a shell as the command.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys

MEDIA_TYPES = {
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
    "none": "application/vnd.oci.image.layer.v1.tar",
}
DEFAULT_CONFIG = {"config": {"Cmd": ["/bin/sh"]}}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def compress(data, compression):
    if compression == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if compression == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                              check=True).stdout
    return data


class Layout:
    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.join(path, "blobs", "sha256"), exist_ok=True)
        self.write("oci-layout", {"imageLayoutVersion": "1.0.0"})
        if not os.path.exists(os.path.join(path, "index.json")):
            self.write("index.json", {"schemaVersion": 2, "manifests": []})

    def write(self, name, document):
        with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
            json.dump(document, file)

    def add_blob(self, data, media_type):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.path, "blobs", "sha256", digest), "wb") as file:
            file.write(data)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}

    def add_image(self, tag, compression, config, layers):
        """`layers` are tar archives as bytes, the base first."""
        descriptors = []
        diff_ids = []
        for layer in layers:
            diff_ids.append("sha256:" + hashlib.sha256(layer).hexdigest())
            descriptors.append(self.add_blob(compress(layer, compression),
                                             MEDIA_TYPES[compression]))
        machine = os.uname().machine
        document = {"architecture": ARCHITECTURES.get(machine, machine), "os": "linux", **config,
                    "rootfs": {"type": "layers", "diff_ids": diff_ids}}
        self.add_manifest(tag, document, descriptors)

    def add_manifest(self, tag, config, layers):
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.add_blob(json.dumps(config).encode(),
                                    "application/vnd.oci.image.config.v1+json"),
            "layers": layers,
        }
        descriptor = self.add_blob(json.dumps(manifest).encode(), manifest["mediaType"])
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": tag}
        with open(os.path.join(self.path, "index.json"), encoding="utf-8") as file:
            index = json.load(file)
        index["manifests"].append(descriptor)
        self.write("index.json", index)


def main():
    path, tag, compression, config_file, *archives = sys.argv[1:]
    config = DEFAULT_CONFIG
    if config_file != "-":
        with open(config_file, encoding="utf-8") as file:
            config = json.load(file)
    layers = []
    for archive in archives:
        with open(archive, "rb") as file:
            layers.append(file.read())
    Layout(path).add_image(tag, compression, config, layers)


if __name__ == "__main__":
    main()
