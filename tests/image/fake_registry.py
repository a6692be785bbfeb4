"""A registry that misbehaves on request, and remembers what it was asked.

A fault is a function that gets the request (a Request below) and the number of earlier requests that
it saw, and answers, or returns False to leave it to others. Faults are tried in order for each
request whose path they match; what none of them answers is served properly.
"""

import contextlib
import http.server
import json
import re
import socket
import ssl
import struct
import threading
import urllib.parse

import images


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.content = None  # of the request, once it is read
        self.server.registry.handle(self)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_GET

    def read_content(self, most=None):
        """What is sent along; only the first `most` bytes, if that is given."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            self.content = b"".join(self.chunks())
            return self.content
        length = int(self.headers.get("Content-Length", "0"))
        self.content = self.rfile.read(length if most is None else min(most, length))
        return self.content

    def chunks(self):
        while length := int(self.rfile.readline(), 16):
            yield self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        """`length` is what Content-Length claims, where it is not the body's."""
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.content is None and self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True  # what is sent along would be taken for the next request
        with contextlib.suppress(OSError):  # the other side may have seen enough
            if self.command != "HEAD":
                self.wfile.write(body)
        if length not in (None, len(body)):
            self.close_connection = True

    def refuse(self, status, code="ERROR", message="", headers=()):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, body, {"Content-Type": "application/json", **dict(headers)})

    def reset(self):
        """Ends the connection with a TCP reset, not in an orderly way."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The handler's files hold the socket too, and its end is to be now.
        self.wfile.close()
        self.rfile.close()
        self.connection.close()
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    registry = None

    def handle_error(self, *_):
        pass  # a client that goes away is what half of the tests are about

    def shutdown_request(self, request):
        with contextlib.suppress(OSError):
            super().shutdown_request(request)


class FakeRegistry:
    """A context manager. `requests` lists (path, headers) of all requests so far, `calls` what they
    were: "GET /v2/". With `tls`, its
    (certificate, key), it may ask for certificates of `client_authority` and then tells
    `on_certificate` for each request (its port, whose certificate was shown)."""

    def __init__(self, tls=None, client_authority=None, on_certificate=None):
        self.documents = {}  # "name/manifests/version" or "name/blobs/digest" -> (type, bytes)
        self.page = 1000  # tags in one answer, whatever is asked for
        self.on_certificate = on_certificate
        self.faults = []  # (pattern, function, list with one count)
        self.requests = []
        self.calls = []
        self.uploads = {}  # number -> bytes so far
        self.opened = 0  # uploads
        self.mounts = True  # whether it heeds ?mount=
        # The header Location of an upload.
        self.location = lambda name, number: f"/v2/{name}/blobs/uploads/{number}?state=x"
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Request)
        self.server.registry = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            if client_authority:
                context.verify_mode = ssl.CERT_OPTIONAL
                context.load_verify_locations(client_authority)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def add(self, image, name="test/image", tag="latest"):
        """Serves an image; returns its reference."""
        self.add_manifest(image.document, image.media_type, name, tag)
        for digest, content in image.blobs.items():
            self.documents[f"{name}/blobs/{digest}"] = ("application/octet-stream", content)
        return f"{self.host}/{name}:{tag}"

    def add_manifest(self, document, media_type, name="test/image", tag=None):
        for version in filter(None, (tag, images.digest_of(document))):
            self.documents[f"{name}/manifests/{version}"] = (media_type, document)

    def fault(self, pattern, function, times=None, first=False):
        """`function` answers requests whose path matches; only the first `times` of them. It comes
        after the earlier faults, or before them where it is to be `first`."""
        count = [0]

        def limited(request, number):
            return (times is None or number < times) and function(request, number) is not False

        self.faults.insert(0 if first else len(self.faults), (re.compile(pattern), limited, count))

    def handle(self, request):
        with self.lock:
            self.requests.append((request.path, dict(request.headers)))
            self.calls.append(f"{request.command} {request.path}")
            if self.on_certificate:
                shown = request.connection.getpeercert()
                self.on_certificate((self.port, dict(shown["subject"][0])["commonName"] if shown else None))
            faults = []
            for pattern, function, count in self.faults:
                if pattern.search(request.path):
                    faults.append((function, count[0]))
                    count[0] += 1
        for function, number in faults:
            if function(request, number):
                return
        self.serve(request)

    def serve(self, request, ranges=True):
        if not request.path.startswith("/v2/"):
            request.refuse(404, message="page not found")
            return
        if request.path == "/v2/":
            request.answer(200, b"{}")
            return
        if "/blobs/uploads/" in request.path:
            self.serve_upload(request)
            return
        if request.command == "PUT":
            self.take_manifest(request)
            return
        if "/tags/list" in request.path:
            self.serve_tags(request)
            return
        kind, body = self.documents.get(request.path[len("/v2/"):], (None, None))
        if body is None:
            code = "MANIFEST_UNKNOWN" if "/manifests/" in request.path else "BLOB_UNKNOWN"
            request.refuse(404, code, code.replace("_", " ").lower())
            return
        headers = {"Content-Type": kind}
        if request.command == "HEAD" and "/blobs/" in request.path:
            request.answer(200, body, headers)
            return
        if "/manifests/" in request.path:
            headers["Docker-Content-Digest"] = images.digest_of(body)
        start = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if not start or not ranges:
            request.answer(200, body, headers)
            return
        first = int(start[1])
        if first >= len(body):
            request.answer(416)
            return
        headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
        request.answer(206, body[first:], headers)

    def serve_upload(self, request):
        address = urllib.parse.urlsplit(request.path)
        name, number = address.path[len("/v2/"):].split("/blobs/uploads/")
        query = dict(urllib.parse.parse_qsl(address.query))
        if request.command == "POST":
            self.open_upload(request, name, query)
            return
        content = self.uploads.get(number)
        if content is None:
            request.refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
            return
        claimed = request.headers.get("Content-Range", f"{len(content)}-").split("-")[0]
        if int(claimed) != len(content):
            request.answer(416)
            return
        if request.command != "GET":
            content += request.read_content()
        if request.command == "PUT":
            self.close_upload(request, name, number, query["digest"])
            return
        request.answer(204 if request.command == "GET" else 202, b"", {
            "Location": self.location(name, number), "Range": f"0-{max(len(content) - 1, 0)}"})

    def open_upload(self, request, name, query):
        blob = self.documents.get(f"{query.get('from')}/blobs/{query.get('mount')}")
        if self.mounts and blob:
            self.documents[f"{name}/blobs/{query['mount']}"] = blob
            request.answer(201, b"", {"Location": f"/v2/{name}/blobs/{query['mount']}"})
            return
        with self.lock:
            self.opened += 1
            number = str(self.opened)
            self.uploads[number] = bytearray()
        request.answer(202, b"", {"Location": self.location(name, number), "Range": "0-0"})

    def close_upload(self, request, name, number, digest):
        content = bytes(self.uploads.pop(number))
        if images.digest_of(content) != digest:
            request.refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
            return
        self.documents[f"{name}/blobs/{digest}"] = ("application/octet-stream", content)
        request.answer(201, b"", {"Location": f"/v2/{name}/blobs/{digest}"})

    def take_manifest(self, request):
        name, version = request.path[len("/v2/"):].split("/manifests/")
        document = request.read_content()
        manifest = json.loads(document)
        parts = [f"{name}/blobs/{part['digest']}"
                 for part in [manifest.get("config"), *manifest.get("layers", [])] if part]
        parts += [f"{name}/manifests/{part['digest']}" for part in manifest.get("manifests", [])]
        if not all(part in self.documents for part in parts):
            request.refuse(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
            return
        kind = request.headers["Content-Type"]
        self.add_manifest(document, kind, name, None if ":" in version else version)
        request.answer(201, b"", {"Docker-Content-Digest": images.digest_of(document)})

    def blob(self, digest, name="test/image"):
        """The bytes that it has, None where it has none."""
        return self.documents.get(f"{name}/blobs/{digest}", (None, None))[1]

    def serve_tags(self, request):
        address = urllib.parse.urlsplit(request.path)
        name = address.path[len("/v2/"):-len("/tags/list")]
        query = dict(urllib.parse.parse_qsl(address.query))
        prefix = f"{name}/manifests/"
        tags = sorted(key[len(prefix):] for key in self.documents
                      if key.startswith(prefix) and ":" not in key[len(prefix):])
        if not tags:
            request.refuse(404, "NAME_UNKNOWN", "repository name not known to registry")
            return
        rest = [tag for tag in tags if tag > query.get("last", "")]
        headers = {"Content-Type": "application/json"}
        if len(rest) > self.page:
            last = rest[self.page - 1]
            headers["Link"] = f'</v2/{name}/tags/list?n={self.page}&last={last}>; rel="next"'
        body = json.dumps({"name": name, "tags": rest[: self.page]}).encode()
        request.answer(200, body, headers)

    def asked(self, part):
        """The headers of all requests with `part` in their path."""
        with self.lock:
            return [headers for path, headers in self.requests if part in path]


class Gate:
    """A fault that sends a part of a blob, and the rest when the gate is opened."""

    def __init__(self, registry, digest, part=0.75):
        self.registry = registry
        self.part = part
        self.opened = threading.Event()
        registry.fault(digest, self.answer, times=1)

    def answer(self, request, _):
        kind, body = self.registry.documents[request.path[len("/v2/"):]]
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        cut = int(len(body) * self.part)
        request.wfile.write(body[:cut])
        request.wfile.flush()
        if not self.opened.wait(120):
            raise AssertionError("nobody opened the gate")
        request.wfile.write(body[cut:])
        return True


def only(method, fault):
    """The fault, for requests of that method."""
    return lambda request, number: request.command == method and fault(request, number)


def once(fault):
    """The fault, for the first request that it answers."""
    done = []

    def answer(request, number):
        if done or fault(request, number) is False:
            return False
        done.append(request)
        return True
    return answer


def longer(size, fault):
    """The fault, for requests that send more than `size` bytes."""
    return lambda request, number: int(request.headers.get("Content-Length", 0)) > size and \
        fault(request, number)


def swallow(registry, share, then):
    """A fault: takes a share of what is sent to an upload, then `then`(request)."""
    def answer(request, _):
        length = int(request.headers.get("Content-Length", "0"))
        number = urllib.parse.urlsplit(request.path).path.rsplit("/", 1)[1]
        registry.uploads[number] += request.read_content(int(length * share))
        then(request)
        return True
    return answer


def status(number, headers=(), **error):
    """A fault: an error answer."""
    return lambda request, _: request.refuse(number, headers=headers, **error) or True


def redirect(target):
    """A fault: sends the request to the same path at `target` ("http://host:port")."""
    return lambda request, _: request.answer(307, b"", {"Location": target + request.path})


def half(registry, then, ranges=True):
    """A fault: the first half of what would be served, then `then`(request)."""
    def answer(request, _):
        kind, body = registry.documents[request.path[len("/v2/"):]]
        if ranges and "Range" in request.headers:
            return False
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: len(body) // 2])
        then(request)
        return True
    return answer
