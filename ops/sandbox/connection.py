"""The listener, and one client's connection: reads HTTP/1.1 requests, answers whole or damaged, stays alive.

Written on sockets instead of ``http.server``'s handler: that one parses headers as mail, which costs more
than the rest of a request, and gives no control over how a body ends.
"""

from __future__ import annotations

import itertools
import socket
import socketserver
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http.client import responses
from http.server import ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

from ops.sandbox.edge import Delivery, Edge
from ops.sandbox.faults import Fault
from ops.sandbox.wire import Answer, Headers, Query, Refusal, Request

PREFIX = "/client/v4"
# A bulk write of KV may be 100 MB.
MOST_BODY = 110_000_000
_CHUNKED = "Transfer-Encoding: chunked\r\n"
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Hangup(Exception):
    """The connection cannot continue."""


class Listener(ThreadingHTTPServer):
    """Listens on one address; keeps the open connections so that ``stop`` can end them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, edge: Edge) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.edge = edge
        self.open_connections: set[socket.socket] = set()
        self.rays = itertools.count(1)
        super().__init__((host, port), Connection)

    def server_bind(self) -> None:
        # HTTPServer would look up the name of the address, which may ask a name server.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that disconnected."""


class Connection(socketserver.StreamRequestHandler):
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
        try:
            while self._exchange():
                pass
        except (Hangup, OSError, ValueError):
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _exchange(self) -> bool:
        """Answer one request; return True if the connection stays open."""
        line = self.rfile.readline(65537)
        if not line.strip():
            return line == b"\r\n"
        method, target, headers = self._read_head(line)
        self.ray = f"{next(self.server.rays):016x}"
        delivery: Delivery
        host, (path, _, query) = headers.get("Host"), target.partition("?")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        keep = headers.get("Connection").lower() != "close"
        own = self.server.server_name
        if ip_address(own).is_loopback and name.lower() not in (*_LOCAL_NAMES, own):
            # Only this machine can connect, but a web page may: one whose name resolves to 127.0.0.1.
            message = "The sandbox answers only to 127.0.0.1 and localhost."
            delivery, keep = (Refusal(421, 1000, message).answer(), None), False
        else:
            body = self._read_body(headers)
            if (path + "/").startswith(PREFIX + "/"):
                short = target[len(PREFIX) :] or "/"
                request = Request(
                    method, path[len(PREFIX) :] or "/", Query(query), headers, body, short, self.ray
                )
                delivery = self.server.edge.handle(request)
            else:
                delivery = Refusal(404, 7000, "No route for that URI").answer(), None
        self.send(delivery, keep, method)
        fault = delivery[1]
        return keep and (fault is None or fault.kind == "drip")

    def _read_head(self, line: bytes) -> tuple[str, str, Headers]:
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

    def _read_body(self, headers: Headers) -> bytes:
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

    def send(self, delivery: Delivery, keep: bool, method: str) -> None:
        """Send a response as its fault requires; raise Hangup when the connection ends with it."""
        answer, fault = delivery
        if fault and fault.kind in _DAMAGE:
            _DAMAGE[fault.kind](self, answer, fault)
        else:
            bare = answer.status == 204
            data = b"" if bare or method == "HEAD" else answer.body
            self.wfile.write(self._head(answer, "" if bare else _length(answer.body), keep) + data)

    def _head(self, answer: Answer, framing: str, keep: bool) -> bytes:
        """Return the status line and headers; *framing* is the header that says how the body ends."""
        fields = {
            "Date": formatdate(self.server.edge.store.now(), usegmt=True),
            "Content-Type": "application/json",
            "cf-ray": f"{self.ray}-SBX",
            "Connection": "keep-alive" if keep else "close",
            **answer.headers,
        }
        one_line = {name: value.replace("\r", " ").replace("\n", " ") for name, value in fields.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in one_line.items())
        reason = responses.get(answer.status, "Unknown")
        return f"HTTP/1.1 {answer.status} {reason}\r\n{lines}{framing}\r\n".encode("latin-1", "replace")

    def cut(self, answer: Answer, fault: Fault) -> None:
        """Send the start of the body; the head announces the whole, chunks or nothing."""
        body, at = answer.body, fault.args["at"]
        start = body[: len(body) // 2 if at is None else at]
        if fault.kind == "cut-chunked":
            # An empty chunk would be the proper end.
            start = _chunk(start) if start else b""
        framing = {"cut": _length(body), "cut-chunked": _CHUNKED, "no-length": ""}[fault.kind]
        self.wfile.write(self._head(answer, framing, fault.kind != "no-length") + start)
        self.end(answer, fault)

    def drip(self, answer: Answer, fault: Fault) -> None:
        body, step = answer.body, int(fault.args["bytes"])
        self.wfile.write(self._head(answer, _length(body), True))
        for at in range(0, len(body), step):
            if self.server.edge.stopped.wait(fault.args["seconds"]):
                raise Hangup
            self.wfile.write(body[at : at + step])

    def end(self, answer: Answer, fault: Fault) -> None:
        """End a damaged response, after the time or with the TCP reset of the fault."""
        self.server.edge.stopped.wait(fault.args.get("seconds", 0))
        if fault.args.get("reset"):
            # A reset discards what the peer has not read yet: give it a moment to read.
            time.sleep(0.05)
            self.reset(answer, fault)
        raise Hangup

    def reset(self, _answer: Answer, _fault: Fault) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The file object still holds the socket; closing both sends the reset now.
        self.rfile.close()
        self.connection.close()
        raise Hangup


_DAMAGE: dict[str, Callable[[Connection, Answer, Fault], None]] = {
    "reset": Connection.reset,
    "close": Connection.end,
    "hang": Connection.end,
    "cut": Connection.cut,
    "cut-chunked": Connection.cut,
    "no-length": Connection.cut,
    "drip": Connection.drip,
    "drop-after": Connection.end,
}


def _length(body: bytes) -> str:
    return f"Content-Length: {len(body)}\r\n"


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
