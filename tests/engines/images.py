"""The image of the engines' tests, made from Debian packages of this machine, in both archive formats.

localhost/engines:1 has two layers: busybox-static with all its applets, and a few dynamic programs
with their libraries.
"""

import io
import pathlib
import re
import subprocess
import sys
import tarfile

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder)
             for folder in ("images", "wrapper")]
import oci_layout  # noqa: E402
import registry  # noqa: E402

NAME = "localhost/engines:1"
CONFIG = {"Cmd": ["/bin/sh", "-c", "echo the image\\'s own command"],
          "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "FROM_IMAGE=yes"],
          "Labels": {"org.example.purpose": "tests"}}
DYNAMIC = ("/bin/bash", "/sbin/capsh", "/usr/bin/setpriv")


def libraries(program):
    """The files that the dynamic linker maps for a program, and the linker."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    return re.findall(r"(/\S+) \(0x", done.stdout)


def debian_layer():
    files = {file for program in DYNAMIC for file in (program, *libraries(program))}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", dereference=True) as archive:
        for folder in (".", "mnt", "run", "srv", "var"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for file in sorted(files):
            archive.add(file)
    return stream.getvalue()


def applets():
    done = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split() if name != "busybox"]


class Images:
    def __init__(self, folder):
        """Makes the archives below `folder`, which is new."""
        folder.mkdir()
        self.layout = folder / "layout"
        self.oci_archive = folder / "oci.tar"
        layers = [registry.busybox_layer(applets()), debian_layer()]
        # Builders want a line of history for each layer.
        document = {"config": CONFIG, "history": [{"created_by": "tests"} for _ in layers]}
        oci_layout.Layout(str(self.layout)).add_image(NAME, "none", document, layers)
        with tarfile.open(self.oci_archive, "w") as archive:
            archive.add(self.layout, ".")

    def docker_archive(self):
        file = self.layout.parent / "docker.tar"
        subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet",
                        f"oci:{self.layout}:{NAME}", f"docker-archive:{file}:{NAME}"], check=True)
        return file
