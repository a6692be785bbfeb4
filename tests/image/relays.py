"""What may lie between a client and a server on this machine: a proxy, a line that breaks."""

import contextlib
import select
import socket
import struct
import threading


class Relay:
    """A context manager that leads what connects to `port` to a server of this machine."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.lead, args=(client,), daemon=True).start()

    def lead(self, client):
        with contextlib.suppress(OSError), client, \
                socket.create_connection(("127.0.0.1", self.target_of(client))) as server:
            ends = {client: server, server: client}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data or self.is_cut(client, len(data) if end is client else 0):
                        return
                    ends[end].sendall(data)

    def target_of(self, client):
        """The server's port."""
        raise NotImplementedError

    def is_cut(self, client, sent):
        """Whether the line ends here, when so many bytes more go to the server."""
        return False


class Proxy(Relay):
    """Leads every CONNECT to this machine; `asked` is for whom."""

    def __init__(self):
        super().__init__()
        self.asked = []
        self.address = f"http://127.0.0.1:{self.port}"

    def target_of(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        method, target, _ = head.decode().split("\r\n")[0].split()
        self.asked.append(f"{method} {target}")
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        return int(target.rsplit(":", 1)[1])


class BreakingLine(Relay):
    """Leads to `target`, and is reset once, when more than `after` bytes have gone there; `cuts`
    counts."""

    def __init__(self, target, after):
        super().__init__()
        self.target, self.after, self.cuts, self.sent = target, after, 0, 0

    def target_of(self, client):
        return self.target

    def is_cut(self, client, sent):
        self.sent += sent
        if self.sent <= self.after or self.cuts:
            return False
        self.cuts = 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return True
