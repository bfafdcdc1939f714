"""A raw server that answers with any bytes or none, which the stubs of `responses` cannot do."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self


class Seen(NamedTuple):
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Exchange:
    """A request and its connection, for answers that need to control it."""

    def __init__(self, connection: socket.socket, seen: Seen, closing: threading.Event) -> None:
        self.connection = connection
        self.seen = seen
        self.closing = closing
        self.open = True

    def send(self, content: bytes) -> None:
        self.connection.sendall(content)

    def close(self) -> None:
        self.open = False

    def reset(self) -> None:
        """Break the connection so that the client gets ECONNRESET."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


Answer = bytes | Callable[[Exchange], None]


class Wire:
    """Send *answers* one after the other, over any number of connections, and then repeat the last one.

    A *greeting* is sent before any request; nothing is read until *patience* seconds are over.
    `requests` holds the requests that arrived, `connections` counts the connections.
    """

    def __init__(
        self, *answers: Answer, host: str = "127.0.0.1", greeting: bytes = b"", patience: float = 0
    ) -> None:
        self._patience = patience
        self._greeting = greeting
        self.answers = list(answers)
        self.requests: list[Seen] = []
        self.connections = 0
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server((host, 0), backlog=64)
        self.host, self.port = self._listener.getsockname()[:2]
        self.url = f"http://{self.host}:{self.port}/client/v4"
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                connection.sendall(self._greeting)
                self._closing.wait(self._patience)
                while not self._closing.is_set() and (seen := _read(lines)):
                    exchange = Exchange(connection, seen, self._closing)
                    self._answer(seen, exchange)
                    if not exchange.open:
                        return
            except OSError:
                return

    def _answer(self, seen: Seen, exchange: Exchange) -> None:
        with self._lock:
            self.requests.append(seen)
            turn = min(len(self.requests), len(self.answers)) - 1
            answer = self.answers[turn] if self.answers else Exchange.close
        if isinstance(answer, bytes):
            exchange.send(answer)
        else:
            answer(exchange)


def _read(lines: Any) -> Seen | None:
    first = lines.readline().decode("latin-1").split()
    if len(first) < 2:
        return None
    headers: dict[str, str] = {}
    while line := lines.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = lines.read(int(headers.get("content-length", "0")))
    return Seen(first[0], first[1], headers, body)


def answer(status: int, body: bytes | str = b"", **headers: str) -> bytes:
    """Return an answer with its length; `retry_after="3"` becomes `retry-after: 3`."""
    content = body.encode() if isinstance(body, str) else body
    return head(status, content_length=str(len(content)), **headers) + content


def head(status: int, **headers: str) -> bytes:
    named = {"content_type": "application/json", **headers}
    lines = (f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} Whatever\r\n{''.join(lines)}\r\n".encode()


def ok(result: Any = None, **headers: str) -> bytes:
    """Return the envelope of a success."""
    return answer(200, json.dumps({"success": True, "errors": [], "result": result}), **headers)


def failed(status: int, code: int, message: str, **headers: str) -> bytes:
    """Return the envelope of a failure."""
    errors = [{"code": code, "message": message}]
    return answer(status, json.dumps({"success": False, "errors": errors, "result": None}), **headers)


def chunked(*chunks: bytes, end: bool = True) -> bytes:
    """Return an answer in chunks, with its end or cut off before it."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head(200, transfer_encoding="chunked") + body + (b"0\r\n\r\n" if end else b"")


def cut(content: bytes) -> Answer:
    """Send *content*, then close the connection cleanly."""

    def play(exchange: Exchange) -> None:
        exchange.send(content)
        exchange.connection.shutdown(socket.SHUT_WR)
        exchange.close()

    return play


def reset(content: bytes = b"") -> Answer:
    """Send *content*, then break the connection."""

    def play(exchange: Exchange) -> None:
        exchange.send(content)
        exchange.reset()

    return play


def stall(content: bytes = b"") -> Answer:
    """Send *content*, then nothing more while the server runs."""

    def play(exchange: Exchange) -> None:
        exchange.send(content)
        exchange.closing.wait(30)
        exchange.close()

    return play


def drip(content: bytes, every: float = 0.02) -> Answer:
    """Send *content* byte by byte, one every *every* seconds."""

    def play(exchange: Exchange) -> None:
        for byte in content:
            exchange.send(bytes([byte]))
            if exchange.closing.wait(every):
                break

    return play
