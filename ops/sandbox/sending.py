"""How an answer leaves: whole, or spoiled by a fault."""

from __future__ import annotations

import socket
import struct
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from ops.sandbox.wire import Answer

if TYPE_CHECKING:
    from ops.sandbox.connection import Connection
    from ops.sandbox.edge import Delivery
    from ops.sandbox.faults import Fault

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_CHUNKED = "Transfer-Encoding: chunked\r\n"


class Hangup(Exception):
    """The connection cannot go on."""


def send(link: Connection, delivery: Delivery, keep: bool, method: str) -> None:
    """Send an answer as its fault has it; raises Hangup when the connection ends with it."""
    if delivery.fault is None or delivery.fault.kind not in _SPOILED:
        _whole(link, delivery.answer, keep, method)
    else:
        _SPOILED[delivery.fault.kind](link, delivery.answer, delivery.fault)


def _whole(link: Connection, answer: Answer, keep: bool, method: str) -> None:
    if isinstance(answer.body, bytes):
        bare = answer.status == 204
        data = b"" if bare or method == "HEAD" else answer.body
        link.wfile.write(_head(link, answer, "" if bare else _length(answer.body), keep) + data)
    elif "Content-Length" in answer.headers:
        link.wfile.write(_head(link, answer, f"Content-Length: {answer.headers['Content-Length']}\r\n", keep))
        for piece in answer.body:
            link.wfile.write(piece)
    else:
        link.wfile.write(_head(link, answer, _CHUNKED, keep))
        for piece in filter(None, answer.body):
            link.wfile.write(_chunk(piece))
        link.wfile.write(b"0\r\n\r\n")


def _head(link: Connection, answer: Answer, framing: str, keep: bool) -> bytes:
    """Return the status line and headers; *framing* is the line that tells how the body ends."""
    fields = {
        "Date": formatdate(link.server.edge.store.now(), usegmt=True),
        "Content-Type": "application/json",
        "cf-ray": f"{next(link.server.rays):016x}-SBX",
        "Connection": "keep-alive" if keep else "close",
        **answer.headers,
    }
    fields.pop("Content-Length", None)
    lines = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in fields.items())
    reason = _REASONS.get(answer.status, "Unknown")
    return f"HTTP/1.1 {answer.status} {reason}\r\n{lines}{framing}\r\n".encode("latin-1", "replace")


def _one_line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


def _length(body: bytes) -> str:
    return f"Content-Length: {len(body)}\r\n"


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _flat(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _part(body: bytes, fault: Fault) -> bytes:
    at = fault.args["at"]
    return body[: len(body) // 2 if at is None else at]


def _cut(link: Connection, answer: Answer, fault: Fault) -> None:
    body = _flat(answer)
    link.wfile.write(_head(link, answer, _length(body), True) + _part(body, fault))
    _end(link, fault)


def _cut_chunked(link: Connection, answer: Answer, fault: Fault) -> None:
    part = _part(_flat(answer), fault)
    # A chunk of nothing would be the proper end.
    link.wfile.write(_head(link, answer, _CHUNKED, True) + (_chunk(part) if part else b""))
    _end(link, fault)


def _no_length(link: Connection, answer: Answer, fault: Fault) -> None:
    link.wfile.write(_head(link, answer, "", False) + _part(_flat(answer), fault))
    _end(link, fault)


def _hang(link: Connection, _answer: Answer, fault: Fault) -> None:
    link.server.edge.stopped.wait(fault.args["seconds"])
    raise Hangup


def _drip(link: Connection, answer: Answer, fault: Fault) -> None:
    body, step = _flat(answer), int(fault.args["bytes"])
    link.wfile.write(_head(link, answer, _length(body), True))
    for at in range(0, len(body), step):
        if link.server.edge.stopped.wait(fault.args["seconds"]):
            raise Hangup
        link.wfile.write(body[at : at + step])


def _silence(link: Connection, _answer: Answer, fault: Fault) -> None:
    _end(link, fault)


def _end(link: Connection, fault: Fault) -> None:
    """End a spoiled answer: with a reset when the fault says so."""
    if fault.args.get("reset"):
        # A reset throws away what the peer has not read yet: give it the moment to read.
        time.sleep(0.05)
        _reset(link, None, fault)
    raise Hangup


def _reset(link: Connection, _answer: Answer | None, _fault: Fault) -> None:
    """Close with a TCP reset instead of an orderly end."""
    link.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The file object still holds the socket; closing both sends the reset now.
    link.rfile.close()
    link.connection.close()
    raise Hangup


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
