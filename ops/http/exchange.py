"""Call, Reply and Send: a Send is a function that sends a Call and returns a Reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

MIB = 1024 * 1024
JSON_LIMIT = 64 * MIB

READ = "read"
QUERY = "query"
WRITE = "write"

# Shorter than a token or a key, so that a server cannot repeat one here.
_RAY = re.compile(r"[0-9A-Za-z-]{1,24}")

NOTHING: Mapping[str, str] = MappingProxyType({})


class Paths(Protocol):
    """What is known of the paths of the API; a floor above hands it in, for the hints of errors."""

    def permission(self, path: str, *, write: bool) -> str:
        """Return the permission that *path* takes, "" if it is not known."""

    def listing_task(self, path: str) -> str:
        """Return the command that lists what exists instead of *path*, "" if no task does."""


class Call(NamedTuple):
    """One request, without its host and without its credentials.

    *kind* is READ, QUERY (a POST that changes nothing) or WRITE. *limit* is the largest body accepted, in
    bytes after decompression. *fresh* is the greatest age in seconds of a cached response that may be
    returned. *attempt* counts from 1. A *stream* is returned before its body has been read.
    An *optional* call is not repeated: its caller can do without the response.
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
    """One response. *headers* are case-insensitive, *body* is decompressed.

    *complete*: the server proved the length of the body, by Content-Length or the end of its chunks; a closed
    connection proves nothing. *replayed*: an earlier attempt may have been carried out. *cached*: no request
    was sent. *data* is the parsed body, once known. *incomplete* says why the result may lack items, as a
    snapshot knows. *paths* describes the requested path in hints.
    """

    __slots__ = (
        "body", "cached", "chunks", "complete", "data", "headers", "incomplete", "paths", "replayed",
        "status",
    )  # fmt: skip

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
        self.paths: Paths | None = None
        self.incomplete = ""

    @property
    def ray(self) -> str:
        """Return the id by which Cloudflare's support finds this response."""
        ray = self.headers.get("cf-ray", "")
        return ray if _RAY.fullmatch(ray) else ""


Send = Callable[[Call], Reply]
