"""A certificate authority of the tests' own, by openssl."""

import pathlib
import subprocess

CONFIG = """
[ca]
default_ca = own
[own]
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
certificate = {folder}/ca.crt
private_key = {folder}/ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """`certificate` is the file of its own certificate."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.certificate = self.folder / "ca.crt"
        (self.folder / "index").touch()
        (self.folder / "serial").write_text("01\n")
        self.config = self.folder / "config"
        self.config.write_text(CONFIG.format(folder=self.folder))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", self.folder / "ca.key", "-out", self.certificate, "-days", 2,
                "-subj", "/CN=test authority")

    def issue(self, name, alternative="IP:127.0.0.1", start="20200101000000Z", end="20991231235959Z"):
        """(certificate, key), two files called after `name`."""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("cert", "key", "csr"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", key, "-out", request, "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={alternative}")
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in", request, "-out", certificate,
                "-startdate", start, "-enddate", end)
        return certificate, key
