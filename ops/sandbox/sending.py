"""Sends a response: whole, or damaged by a fault."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from io import BufferedIOBase

from ops.sandbox.edge import Delivery, Edge
from ops.sandbox.faults import Fault
from ops.sandbox.wire import Answer

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_CHUNKED = "Transfer-Encoding: chunked\r\n"


class Hangup(Exception):
    """The connection cannot continue."""


@dataclass(frozen=True)
class Sender:
    """Writes the responses of one connection."""

    link: socket.socket
    source: BufferedIOBase
    out: BufferedIOBase
    edge: Edge
    next_ray: Callable[[], int]

    def send(self, delivery: Delivery, keep: bool, method: str) -> None:
        """Send a response as its fault requires; raise Hangup when the connection ends with it."""
        answer, fault = delivery.answer, delivery.fault
        length = answer.headers.get("Content-Length")
        if fault and fault.kind in _DAMAGE:
            _DAMAGE[fault.kind](self, answer, fault)
        elif isinstance(answer.body, bytes):
            bare = answer.status == 204
            data = b"" if bare or method == "HEAD" else answer.body
            self.out.write(self._head(answer, "" if bare else _length(answer.body), keep) + data)
        elif length is not None:
            self.out.write(self._head(answer, f"Content-Length: {length}\r\n", keep))
            for piece in answer.body:
                self.out.write(piece)
        else:
            self.out.write(self._head(answer, _CHUNKED, keep))
            for piece in filter(None, answer.body):
                self.out.write(_chunk(piece))
            self.out.write(b"0\r\n\r\n")

    def _head(self, answer: Answer, framing: str, keep: bool) -> bytes:
        """Return the status line and headers; *framing* is the header that says how the body ends."""
        fields = {
            "Date": formatdate(self.edge.store.now(), usegmt=True),
            "Content-Type": "application/json",
            "cf-ray": f"{self.next_ray():016x}-SBX",
            "Connection": "keep-alive" if keep else "close",
            **answer.headers,
        }
        fields.pop("Content-Length", None)
        one_line = {name: value.replace("\r", " ").replace("\n", " ") for name, value in fields.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in one_line.items())
        reason = _REASONS.get(answer.status, "Unknown")
        return f"HTTP/1.1 {answer.status} {reason}\r\n{lines}{framing}\r\n".encode("latin-1", "replace")

    def cut(self, answer: Answer, fault: Fault) -> None:
        """Send the start of the body; the head announces the whole, chunks or nothing."""
        body, at = _flat(answer), fault.args["at"]
        start = body[: len(body) // 2 if at is None else at]
        if fault.kind == "cut-chunked":
            # An empty chunk would be the proper end.
            start = _chunk(start) if start else b""
        framing = {"cut": _length(body), "cut-chunked": _CHUNKED, "no-length": ""}[fault.kind]
        self.out.write(self._head(answer, framing, fault.kind != "no-length") + start)
        self.end(answer, fault)

    def hang(self, _answer: Answer, fault: Fault) -> None:
        self.edge.stopped.wait(fault.args["seconds"])
        raise Hangup

    def drip(self, answer: Answer, fault: Fault) -> None:
        body, step = _flat(answer), int(fault.args["bytes"])
        self.out.write(self._head(answer, _length(body), True))
        for at in range(0, len(body), step):
            if self.edge.stopped.wait(fault.args["seconds"]):
                raise Hangup
            self.out.write(body[at : at + step])

    def end(self, answer: Answer, fault: Fault) -> None:
        """End a damaged response, with a TCP reset if the fault says so."""
        if fault.args.get("reset"):
            # A reset discards what the peer has not read yet: give it a moment to read.
            time.sleep(0.05)
            self.reset(answer, fault)
        raise Hangup

    def reset(self, _answer: Answer, _fault: Fault) -> None:
        """Close with a TCP reset instead of an orderly end."""
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The file object still holds the socket; closing both sends the reset now.
        self.source.close()
        self.link.close()
        raise Hangup


_DAMAGE: dict[str, Callable[[Sender, Answer, Fault], None]] = {
    "reset": Sender.reset,
    "close": Sender.end,
    "hang": Sender.hang,
    "cut": Sender.cut,
    "cut-chunked": Sender.cut,
    "no-length": Sender.cut,
    "drip": Sender.drip,
    "drop-after": Sender.end,
}


def _length(body: bytes) -> str:
    return f"Content-Length: {len(body)}\r\n"


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _flat(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
