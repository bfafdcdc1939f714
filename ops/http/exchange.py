"""What goes over the wire: a Call goes in, a Reply comes out, and a Send is what carries it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

MIB = 1024 * 1024
JSON_LIMIT = 64 * MIB

READ = "read"
QUERY = "query"
WRITE = "write"

_RAY = re.compile(r"[0-9A-Za-z-]{1,40}")

NOTHING: Mapping[str, str] = MappingProxyType({})


class Call(NamedTuple):
    """One request, without its host and without its credentials.

    *kind* is READ, QUERY (a POST that changes nothing) or WRITE. *limit* is the largest body that is taken,
    in bytes after decompression. *fresh* is how many seconds old an answer may be that is given again from
    the cache. *attempt* counts from 1. A *stream* is handed over before its body has been read. An *optional*
    call is not repeated: its caller can do without the answer.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    kind: str = READ
    body: bytes | None = None
    headers: Mapping[str, str] = NOTHING
    stream: bool = False
    limit: int = JSON_LIMIT
    fresh: float = 0.0
    attempt: int = 1
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Reply:
    """One answer. *headers* are case-insensitive, *body* is decompressed.

    *complete* says that the server proved the length of the body, by Content-Length or by the end of
    its chunks; a closed connection proves nothing. *replayed* says that an attempt before this one may
    have been carried out. *cached* says that no request was made. *data* is the parsed body, once known.
    """

    __slots__ = ("body", "cached", "chunks", "complete", "data", "headers", "replayed", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str] = NOTHING,
        body: bytes = b"",
        *,
        chunks: Iterator[bytes] | None = None,
        complete: bool = True,
        cached: bool = False,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.chunks = chunks
        self.complete = complete
        self.cached = cached
        self.replayed = False
        self.data: Any = None

    @property
    def ray(self) -> str:
        """Return the id under which Cloudflare's support finds this answer."""
        ray = self.headers.get("cf-ray", "")
        return ray if _RAY.fullmatch(ray) else ""


Send = Callable[[Call], Reply]
