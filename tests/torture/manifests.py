"""Manifests, indexes and configs that are wrong, ambiguous or too much."""

import json

import support  # noqa: F401
import images
from case import names, refused, taken

DOCUMENTS = "Manifests and configs"


def spoiled(group, name, says, **options):
    """The function below spoils the manifest of an image of two layers."""
    def enter(spoil):
        @refused(group, name, says)
        def build(_):
            image = images.small_image(**options)
            spoil(image.manifest)
            return image
        return build
    return enter


@spoiled(DOCUMENTS, "an unknown media type of a layer", "layer 2: unknown media type 'application/x-rar'")
def unknown_layer(manifest):
    manifest["layers"][1]["mediaType"] = "application/x-rar"


@spoiled(DOCUMENTS, "a layer that registries may not distribute", "layer 1: registries may not distribute it")
def foreign_layer(manifest):
    manifest["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    manifest["layers"][0]["urls"] = ["http://127.0.0.1:1/layer"]


@spoiled(DOCUMENTS, "a config that is no image's (a Helm chart)", "no image of a container")
def no_image(manifest):
    manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"


@spoiled(DOCUMENTS, "a wrong size of the config", " bytes, not ")
def wrong_config_size(manifest):
    manifest["config"]["size"] += 1


@spoiled(DOCUMENTS, "a config that claims 1 TiB", "at most 8388608 are taken")
def huge_config(manifest):
    manifest["config"]["size"] = 2**40


@spoiled(DOCUMENTS, "a digest that is a path", "/layers/0/digest")
def digest_that_is_a_path(manifest):
    manifest["layers"][0]["digest"] = "sha256:../../../../etc/passwd"


@spoiled(DOCUMENTS, "a digest of MD5", "/layers/0/digest")
def digest_of_md5(manifest):
    manifest["layers"][0]["digest"] = "md5:" + "0" * 32


@spoiled(DOCUMENTS, "a size below zero", "/layers/0/size")
def negative_size(manifest):
    manifest["layers"][0]["size"] = -1


@spoiled(DOCUMENTS, "a manifest of 9 MiB", "longer than 8388608 bytes")
def large_manifest(manifest):
    manifest["annotations"] = {"x": "y" * (9 << 20)}


@spoiled(DOCUMENTS, "a manifest that is an index, too", "at once")
def manifest_and_index(manifest):
    manifest["manifests"] = []


@refused(DOCUMENTS, "a manifest under the media type of an index", "manifest")
def manifest_as_index(_):
    image = images.small_image()
    image.media_type = images.INDEX
    return image


@refused(DOCUMENTS, "too few diff ids", "1 diff_ids")
def few_diff_ids(_):
    return images.small_image(diff_ids=["sha256:" + "1" * 64])


@refused(DOCUMENTS, "too many diff ids", "3 diff_ids")
def many_diff_ids(_):
    return images.small_image(diff_ids=["sha256:" + "1" * 64] * 3)


class Document:
    """A document that is served as it is, in place of an image's manifest."""

    def __init__(self, document, media_type=images.MANIFEST):
        self.document, self.media_type, self.blobs, self.layers = document, media_type, {}, []


@refused(DOCUMENTS, "schema 1", "schema")
def schema_1(_):
    document = {"schemaVersion": 1, "name": "test/image", "tag": "latest", "fsLayers": [], "history": []}
    return Document(json.dumps(document).encode(), "application/vnd.docker.distribution.manifest.v1+prettyjws")


@refused(DOCUMENTS, "no JSON", "line 1")
def no_json(_):
    return Document(b"<html>not found</html>")


@refused(DOCUMENTS, "a field that comes twice, with another digest", "twice")
def repeated_field(_):
    image = images.small_image()
    text = image.document.decode()
    return Document(text.replace('"layers": [', '"layers": [], "layers": [', 1).encode())


@refused(DOCUMENTS, "100,000 lists in each other", "deep")
def nested_json(_):
    return Document(b'{"schemaVersion":2,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@refused(DOCUMENTS, "an index in an index, five times", "nested too deeply",
         serve=lambda registry, image, reference: nest(registry, image))
def nested_index(_):
    return images.small_image()


def nest(registry, image):
    document, kind = image.document, image.media_type
    for _ in range(5):
        document, kind = images.index_of([(document, kind, None)]), images.INDEX
        registry.add_manifest(document, kind, tag="latest")


@taken(DOCUMENTS, "127 layers", names(*(f"f{i}" for i in range(127))))
def many_layers(_):
    return images.make_image([images.tar_of({f"f{i}": b"x"}) for i in range(127)])
