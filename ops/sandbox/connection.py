"""The listener, and one client's connection: reads HTTP/1.1 requests, has them answered, stays alive.

Written on sockets instead of ``http.server``'s handler: that one parses headers as mail, which costs more
than the rest of a request, and gives no control over how a body ends.
"""

from __future__ import annotations

import itertools
import socket
import socketserver
from contextlib import suppress
from http.server import ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

from ops.sandbox.edge import Delivery, Edge
from ops.sandbox.sending import Hangup, Sender
from ops.sandbox.wire import Headers, Query, Refusal, Request

PREFIX = "/client/v4"
# A bulk write of KV may be 100 MB.
MOST_BODY = 110_000_000
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Listener(ThreadingHTTPServer):
    """Listens on one address; keeps the open connections so that ``stop`` can end them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, edge: Edge) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.edge = edge
        self.open_connections: set[socket.socket] = set()
        self.requests: list[tuple[str, str]] = []
        self.rays = itertools.count(1)
        super().__init__((host, port), Connection)

    def server_bind(self) -> None:
        # HTTPServer would look up the name of the address, which may ask a name server.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @property
    def is_local(self) -> bool:
        """True if only this machine can connect."""
        return ip_address(self.server_name).is_loopback

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnected."""


class Connection(socketserver.StreamRequestHandler):
    """A loop of requests and responses on a kept-alive connection."""

    server: Listener
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.open_connections.add(self.connection)

    def finish(self) -> None:
        self.server.open_connections.discard(self.connection)
        self.server.edge.store.release()
        try:
            super().finish()
        except OSError:
            self.rfile.close()

    def handle(self) -> None:
        rays = self.server.rays
        sender = Sender(self.connection, self.rfile, self.wfile, self.server.edge, lambda: next(rays))
        try:
            while self._exchange(sender):
                pass
        except (Hangup, OSError, ValueError):
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _exchange(self, sender: Sender) -> bool:
        """Answer one request; return True if the connection stays open."""
        line = self.rfile.readline(65537)
        if not line.strip():
            return line == b"\r\n"
        method, target, headers = self._head(line)
        host, (path, _, query) = headers.get("Host"), target.partition("?")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        keep = headers.get("Connection").lower() != "close"
        if self.server.is_local and name.lower() not in (*_LOCAL_NAMES, self.server.server_name):
            # It may be a web page whose name resolves to 127.0.0.1.
            message = "The sandbox answers only to 127.0.0.1 and localhost."
            delivery, keep = Delivery(Refusal(421, 1000, message).answer()), False
        else:
            body = self._body(headers)
            if (path + "/").startswith(PREFIX + "/"):
                short = target[len(PREFIX) :] or "/"
                self.server.requests.append((method, short))
                request = Request(method, path[len(PREFIX) :] or "/", Query(query), headers, body)
                delivery = self.server.edge.handle(request, short)
            else:
                delivery = Delivery(Refusal(404, 7000, "No route for that URI").answer())
        sender.send(delivery, keep, method)
        return keep and (delivery.fault is None or delivery.fault.kind == "drip")

    def _head(self, line: bytes) -> tuple[str, str, Headers]:
        words = line.decode("latin-1").split()
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise Hangup
        # HTTP/1.0 ends the connection unless it says otherwise.
        pairs = [("Connection", "close")] if words[2] == "HTTP/1.0" else []
        while (line := self.rfile.readline(65537)) not in (b"\r\n", b"\n"):
            if not line or len(pairs) > 200:
                raise Hangup
            name, _, value = line.decode("latin-1").partition(":")
            pairs.append((name, value.strip()))
        return words[0], words[1], Headers(pairs)

    def _body(self, headers: Headers) -> bytes:
        if headers.get("Expect").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("Transfer-Encoding").lower() != "chunked":
            return self._exactly(int(headers.get("Content-Length", "0")))
        pieces, total = [], 0
        while size := int(self.rfile.readline(100).split(b";")[0], 16):
            total += size
            if total > MOST_BODY:
                raise Hangup
            pieces.append(self._exactly(size))
            self.rfile.readline(100)
        while self.rfile.readline(65537) not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(pieces)

    def _exactly(self, length: int) -> bytes:
        if not 0 <= length <= MOST_BODY:
            raise Hangup
        data = self.rfile.read(length) if length else b""
        if len(data) < length:
            raise Hangup
        return data
