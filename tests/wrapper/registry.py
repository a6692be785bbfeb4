"""Debian's docker-registry on a free loopback port, and images pushed to it over HTTP."""

import contextlib
import ctypes
import gzip
import hashlib
import http.client
import io
import json
import os
import pathlib
import socket
import subprocess
import tarfile
import time

CONFIG = """\
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {storage}}}
http: {{addr: "127.0.0.1:{port}"{tls}}}
{auth}"""
HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "amd64")
BUSYBOX_LINKS = (
    "cat echo env false grep head hostname id ls mkdir mount nc ps pwd rm sh sleep stat stty touch true wc"
    .split()
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def closed_port():
    """A port of the loopback that nobody listens on, nor can meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def bcrypt(password):
    """crypt(3)'s, as Python has none of its own any more; with the fewest rounds, and always the same
    salt."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(password.encode(), b"$2b$04$" + b"." * 22).decode()


class Registry:
    """A running registry; a context manager that ends it. `login` is the (user, password) that it
    wants for everything, `tls` its (certificate, key), `client_authority` the file with the authority
    of the certificates that its clients must show, `tokens` the token server that it sends them to."""

    def __init__(self, folder, login=None, tls=None, client_authority=None, tokens=None):
        self.folder = pathlib.Path(folder)
        self.process = None
        self.login, self.tls, self.client_authority = login, tls, client_authority
        self.tokens = tokens

    def configuration(self):
        tls = auth = ""
        if self.tls:
            certificate, key = self.tls
            authorities = f", clientcas: [{self.client_authority}]" if self.client_authority else ""
            tls = f", tls: {{certificate: {certificate}, key: {key}{authorities}}}"
        if self.login:
            user, password = self.login
            passwords = self.folder / "htpasswd"
            passwords.write_text(f"{user}:{bcrypt(password)}\n")
            auth = f"auth: {{htpasswd: {{realm: here, path: {passwords}}}}}\n"
        if self.tokens:
            auth = (f"auth: {{token: {{realm: {self.tokens.realm}, service: {self.tokens.service}, "
                    f"issuer: {self.tokens.issuer}, rootcertbundle: {self.tokens.certificate}}}}}\n")
        return CONFIG.format(storage=self.folder / "storage", port=self.port, tls=tls, auth=auth)

    def __enter__(self):
        self.folder.mkdir()
        for _ in range(5):  # somebody else may take the port between the probe and the start
            self.port = free_port()
            config = self.folder / "config.yml"
            config.write_text(self.configuration())
            with open(self.folder / "log", "ab") as log:
                self.process = subprocess.Popen(
                    ["docker-registry", "serve", str(config)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                    env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"})
            if self.answers():
                return self
            self.stop()
        raise RuntimeError("docker-registry does not start:\n" + (self.folder / "log").read_text())

    def __exit__(self, *_):
        self.stop()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def answers(self):
        for _ in range(1200):  # a minute
            if self.process.poll() is not None:
                return False
            with contextlib.suppress(OSError):
                if not self.tls:
                    return self.request("GET", "/v2/")[0] in (200, 401)
                socket.create_connection(("127.0.0.1", self.port)).close()
                return True
            time.sleep(0.05)
        return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def request(self, method, path, body=None, media_type="application/octet-stream"):
        """(status, headers) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Content-Type": media_type} if body is not None else {}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers
        finally:
            connection.close()

    def push_blob(self, name, content):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        status, headers = self.request("POST", f"/v2/{name}/blobs/uploads/", b"")
        if status != 202:
            raise RuntimeError(f"push of a blob: {status}")
        upload = headers["Location"].split(f":{self.port}", 1)[-1]
        status, _ = self.request("PUT", f"{upload}&digest={digest}", content)
        if status != 201:
            raise RuntimeError(f"push of blob {digest}: {status}")
        return digest

    def push_image(self, name, layers, config=None, tag="latest", architecture=HERE):
        """Layers are tar archives, the lowest first; config is the image's "config" object."""
        media = "application/vnd.oci.image."
        packed = [gzip.compress(layer, 1, mtime=0) for layer in layers]
        document = json.dumps({
            "architecture": architecture,
            "os": "linux",
            "config": config or {},
            "rootfs": {
                "type": "layers",
                "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers],
            },
        }).encode()

        def descriptor(kind, content):
            return {"mediaType": media + kind, "size": len(content),
                    "digest": self.push_blob(name, content)}

        manifest = json.dumps({
            "schemaVersion": 2,
            "mediaType": media + "manifest.v1+json",
            "config": descriptor("config.v1+json", document),
            "layers": [descriptor("layer.v1.tar+gzip", layer) for layer in packed],
        }).encode()
        status, _ = self.request("PUT", f"/v2/{name}/manifests/{tag}", manifest,
                                 media + "manifest.v1+json")
        if status != 201:
            raise RuntimeError(f"push of manifest {name}:{tag}: {status}")
        return f"{self.host}/{name}:{tag}"


def busybox_layer(links=BUSYBOX_LINKS):
    """A root file system of busybox-static and a few accounts, as a tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        def add(name, kind=tarfile.REGTYPE, mode=0o755, content=b"", target=""):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), target
            archive.addfile(entry, io.BytesIO(content))

        for folder in ("bin", "dev", "etc", "home", "home/ann", "proc", "root", "sys"):
            add(folder, tarfile.DIRTYPE)
        add("tmp", tarfile.DIRTYPE, 0o1777)
        add("bin/busybox", content=pathlib.Path("/bin/busybox").read_bytes())
        for link in links:
            add(f"bin/{link}", tarfile.SYMTYPE, 0o777, target="busybox")
        add("etc/passwd", mode=0o644, content=b"root:x:0:0::/root:/bin/sh\n"
                                              b"ann:x:1000:1001::/home/ann:/bin/sh\n")
        add("etc/group", mode=0o644, content=b"root:x:0:\nstaff:x:1001:\nextra:x:1002:ann\n")
    return stream.getvalue()
