"""One client's connection: reads HTTP/1.1 requests and sends the answers, whole or spoiled.

Written on sockets instead of ``http.server``'s handler: that one parses headers as mail, which costs more
than the rest of a request, and gives no hold on how a body ends.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import time
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from ops.sandbox.edge import Delivery
from ops.sandbox.wire import Answer, Headers, Query, Refusal, Request

if TYPE_CHECKING:
    from ops.sandbox.faults import Fault
    from ops.sandbox.server import Listener

PREFIX = "/client/v4"
# A bulk write of KV may be 100 MB.
MOST_BODY = 110_000_000
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Hangup(Exception):
    """The connection cannot go on."""


class Connection(socketserver.StreamRequestHandler):
    """A loop of requests and answers on a kept-alive connection."""

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
            self.close_connection()

    def close_connection(self) -> None:
        """End the connection politely."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _exchange(self) -> bool:
        line = self.rfile.readline(65537)
        if not line.strip():
            return line == b"\r\n"
        method, target, headers = self._head(line)
        stranger = _stranger(headers)
        body = b"" if stranger else self._body(headers)
        keep = headers.get("Connection").lower() != "close" and stranger is None
        delivery = Delivery(stranger.answer()) if stranger else self._deliver(method, target, headers, body)
        self._send(delivery, keep, method)
        return keep and (delivery.fault is None or delivery.fault.kind == "drip")

    def _head(self, line: bytes) -> tuple[str, str, Headers]:
        words = line.decode("latin-1").split()
        if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise Hangup
        pairs: list[tuple[str, str]] = []
        while (line := self.rfile.readline(65537)) not in (b"\r\n", b"\n"):
            if not line or len(pairs) > 200:
                raise Hangup
            name, _, value = line.decode("latin-1").partition(":")
            pairs.append((name, value.strip()))
        return words[0], words[1], Headers(pairs)

    def _body(self, headers: Headers) -> bytes:
        if headers.get("Expect").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("Transfer-Encoding").lower() == "chunked":
            return b"".join(self._chunks())
        length = int(headers.get("Content-Length", "0"))
        if not 0 <= length <= MOST_BODY:
            raise Hangup
        return self._exactly(length)

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := int(self.rfile.readline(100).split(b";")[0], 16):
            total += size
            if size < 0 or total > MOST_BODY:
                raise Hangup
            yield self._exactly(size)
            self.rfile.readline(100)
        while self.rfile.readline(65537) not in (b"\r\n", b"\n", b""):
            pass

    def _exactly(self, length: int) -> bytes:
        data = self.rfile.read(length) if length else b""
        if len(data) < length:
            raise Hangup
        return data

    def _deliver(self, method: str, target: str, headers: Headers, body: bytes) -> Delivery:
        path, _, query = target.partition("?")
        if not (path + "/").startswith(PREFIX + "/"):
            return Delivery(Refusal(404, 7000, "No route for that URI").answer())
        path = path[len(PREFIX) :] or "/"
        short = target[len(PREFIX) :] or "/"
        self.server.requests.append((method, short))
        return self.server.edge.handle(Request(method, path, Query(query), headers, body), short)

    def _send(self, delivery: Delivery, keep: bool, method: str) -> None:
        if delivery.fault is None or delivery.fault.kind not in _SPOILED:
            self._whole(delivery.answer, keep, method)
        else:
            _SPOILED[delivery.fault.kind](self, delivery.answer, delivery.fault)

    def _whole(self, answer: Answer, keep: bool, method: str) -> None:
        if isinstance(answer.body, bytes):
            length = "" if answer.status == 204 else f"Content-Length: {len(answer.body)}\r\n"
            data = b"" if method == "HEAD" or answer.status == 204 else answer.body
            self.wfile.write(self.head(answer, length, keep) + data)
        elif "Content-Length" in answer.headers:
            self.wfile.write(self.head(answer, "", keep))
            self._write_all(answer.body)
        else:
            self.wfile.write(self.head(answer, "Transfer-Encoding: chunked\r\n", keep))
            self._write_all(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in answer.body if piece)
            self.wfile.write(b"0\r\n\r\n")

    def _write_all(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.wfile.write(piece)

    def head(self, answer: Answer, framing: str, keep: bool = False) -> bytes:
        """Return the status line and headers, ready to send."""
        reason = _REASONS.get(answer.status, "Unknown")
        self.server.rays += 1
        fields = {
            "Date": formatdate(self.server.edge.store.now(), usegmt=True),
            "Content-Type": "application/json",
            "cf-ray": f"{self.server.rays:016x}-SBX",
            "Connection": "keep-alive" if keep else "close",
            **answer.headers,
        }
        lines = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {answer.status} {reason}\r\n{lines}{framing}\r\n".encode("latin-1", "replace")

    def reset(self) -> None:
        """Close with a TCP reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The file object still holds the socket; closing both sends the reset now.
        self.rfile.close()
        self.connection.close()
        raise Hangup

    def end(self, fault: Fault) -> None:
        """End a spoiled answer: with a reset when the fault says so."""
        if fault.args.get("reset"):
            # A reset throws away what the peer has not read yet: give it the moment to read.
            time.sleep(0.05)
            self.reset()
        raise Hangup


def _stranger(headers: Headers) -> Refusal | None:
    """Refuse a Host that is not loopback: a page whose name was bound to 127.0.0.1 is no client."""
    host = headers.get("Host")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name.lower() in _LOCAL_NAMES:
        return None
    return Refusal(421, 1000, "The sandbox answers only to 127.0.0.1 and localhost.")


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


def _flat(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _part(body: bytes, fault: Fault) -> bytes:
    at = fault.args["at"]
    return body[: len(body) // 2 if at is None else at]


def _cut(link: Connection, answer: Answer, fault: Fault) -> None:
    body = _flat(answer)
    link.wfile.write(link.head(answer, f"Content-Length: {len(body)}\r\n", True) + _part(body, fault))
    link.end(fault)


def _cut_chunked(link: Connection, answer: Answer, fault: Fault) -> None:
    part = _part(_flat(answer), fault)
    head = link.head(answer, "Transfer-Encoding: chunked\r\n", True)
    link.wfile.write(head + b"%x\r\n%b\r\n" % (len(part), part))
    link.end(fault)


def _no_length(link: Connection, answer: Answer, fault: Fault) -> None:
    link.wfile.write(link.head(answer, "") + _part(_flat(answer), fault))
    link.end(fault)


def _hang(link: Connection, _answer: Answer, fault: Fault) -> None:
    link.server.edge.stopped.wait(fault.args["seconds"])
    raise Hangup


def _drip(link: Connection, answer: Answer, fault: Fault) -> None:
    body, step = _flat(answer), int(fault.args["bytes"])
    link.wfile.write(link.head(answer, f"Content-Length: {len(body)}\r\n", True))
    for at in range(0, len(body), step):
        if link.server.edge.stopped.wait(fault.args["seconds"]):
            raise Hangup
        link.wfile.write(body[at : at + step])


def _silence(link: Connection, _answer: Answer, fault: Fault) -> None:
    link.end(fault)


def _reset(link: Connection, _answer: Answer, _fault: Fault) -> None:
    link.reset()


_SPOILED = {
    "reset": _reset,
    "close": _silence,
    "hang": _hang,
    "cut": _cut,
    "cut-chunked": _cut_chunked,
    "no-length": _no_length,
    "drip": _drip,
    "drop-after": _silence,
}
_REASONS = {status.value: status.phrase for status in HTTPStatus}
