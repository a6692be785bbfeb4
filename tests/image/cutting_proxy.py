"""A line to a server on this machine that breaks once, when much has gone over it."""

import contextlib
import select
import socket
import struct
import threading


class CuttingProxy:
    """A context manager. The first connection over which more than `after` bytes go to the server is
    reset; `cuts` counts."""

    def __init__(self, target, after):
        self.target, self.after, self.cuts = target, after, 0
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
        sent = 0
        with contextlib.suppress(OSError), client, \
                socket.create_connection(("127.0.0.1", self.target)) as server:
            ends = {client: server, server: client}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)
                    sent += len(data) if end is client else 0
                    if sent > self.after and self.cuts == 0:
                        self.cuts = 1
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return
