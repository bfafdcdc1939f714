"""Connections that keep a deadline for the whole call.

The timeouts of requests hold for one read of the socket, so a server that sends a byte now and then would
keep a call alive forever, in the headers as well as in the body. Here the clock is checked before each read.
The connections also know whether anything was sent, which decides what may be retried.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from http.client import HTTPResponse
from types import SimpleNamespace
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

BUFFER = 64 * 1024


class Attempt:
    """One attempt at a call: until when it may last, and whether the server may have received it."""

    __slots__ = ("clock", "read_timeout", "sent", "until")

    def __init__(self, until: float, read_timeout: float, clock: Callable[[], float]) -> None:
        self.until = until
        self.read_timeout = read_timeout
        self.clock = clock
        self.sent = False

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError if there are none."""
        left = self.until - self.clock()
        if left <= 0:
            raise TimeoutError("the deadline of the whole call has passed")
        return left


class _TimedReader(io.RawIOBase):
    """The bytes of a socket, none of them after the attempt's deadline."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        self._sock = sock
        self._attempt = attempt
        self._bytes = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._attempt.left(), self._attempt.read_timeout))
        return self._bytes.readinto(buffer)

    def close(self) -> None:
        self._bytes.close()
        super().close()


class TimedHTTP(HTTPConnection):
    """A connection without TLS, to this machine; *current* returns the attempt of its thread."""

    def __init__(self, *args: Any, current: Callable[[], Attempt | None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current = current
        self.attempt: Attempt | None = None
        # http.client calls this with the socket to make the response.
        self.response_class = self._response  # type: ignore[assignment]  # a function serves as well

    def request(self, *args: Any, **kwargs: Any) -> None:
        self.attempt = self.current()
        super().request(*args, **kwargs)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if self.attempt:
            # http.client would apply the connect timeout to a whole upload.
            self.sock.settimeout(self.attempt.left())
            self.attempt.sent = True
        super().send(data)

    def _response(self, sock: Any, **kwargs: Any) -> HTTPResponse:
        # A proxy's response to CONNECT comes before the attempt is set.
        if self.attempt:
            reader = io.BufferedReader(_TimedReader(sock, self.attempt), BUFFER)
            # All that http.client uses of the socket to read a response.
            sock = SimpleNamespace(makefile=lambda _mode: reader)
        return HTTPResponse(sock, **kwargs)


class TimedHTTPS(TimedHTTP, HTTPSConnection):
    """A connection with TLS."""
