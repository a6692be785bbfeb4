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
        self.server.registry.handle(self)

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        """`length` is what Content-Length claims, where it is not the body's."""
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        with contextlib.suppress(OSError):  # the other side may have seen enough
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
    """A context manager. `requests` lists (path, headers) of all requests so far. With `tls`, its
    (certificate, key), it may ask for certificates of `client_authority` and then tells
    `on_certificate` for each request (its port, whose certificate was shown)."""

    def __init__(self, tls=None, client_authority=None, on_certificate=None):
        self.documents = {}  # "name/manifests/version" or "name/blobs/digest" -> (type, bytes)
        self.page = 1000  # tags in one answer, whatever is asked for
        self.on_certificate = on_certificate
        self.faults = []  # (pattern, function, list with one count)
        self.requests = []
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
        if "/tags/list" in request.path:
            self.serve_tags(request)
            return
        kind, body = self.documents.get(request.path[len("/v2/"):], (None, None))
        if body is None:
            code = "MANIFEST_UNKNOWN" if "/manifests/" in request.path else "BLOB_UNKNOWN"
            request.refuse(404, code, code.replace("_", " ").lower())
            return
        headers = {"Content-Type": kind}
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


def status(number, headers=(), **error):
    """A fault: an error answer."""
    return lambda request, _: request.refuse(number, headers=headers, **error)


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
