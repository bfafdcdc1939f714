"""Reads multipart/form-data bodies (RFC 7578)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(name|filename)\*?=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One part; ``filename`` and ``content_type`` are empty when the part does not name them."""

    name: str
    filename: str
    content_type: str
    data: bytes

    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def parts(content_type: str, body: bytes) -> list[Part] | None:
    """Return the parts of *body*, or None when it is no well-formed multipart body."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/") or found is None:
        return None
    mark = b"--" + (found[1] or found[2]).encode("latin-1")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, _, data = piece.partition(b"\r\n\r\n")
    headers = _headers(head.decode("utf-8", "replace"))
    disposition = headers.get("content-disposition", "")
    fields = {m[1].lower(): _plain(m[2], m[3]) for m in _PARAMETER.finditer(disposition)}
    return Part(fields.get("name", ""), fields.get("filename", ""), headers.get("content-type", ""), data)


def _headers(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.split("\r\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _plain(quoted: str | None, bare: str | None) -> str:
    if quoted is None:
        return bare or ""
    return re.sub(r"\\(.)", r"\1", quoted).replace("%22", '"')
