"""KV values, read whole: one value as a stream, or all values of a namespace with few requests."""

from __future__ import annotations

import codecs
import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from ops.errors import (
    Absent,
    ApiError,
    MalformedAnswer,
    NetworkError,
    NotFound,
    RateLimited,
    Unanswered,
    ValidationError,
)
from ops.products.kv import api

if TYPE_CHECKING:
    from ops.http.client import Client, Raw
    from ops.items import Json
    from ops.kinds.resource import Owner

T = TypeVar("T")

ATTEMPTS = 3

# The bulk call returns this character in place of bytes that are not UTF-8.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Refused by the API (25 MiB in one response), or accepted and larger than the client allows.
TOO_LARGE = (413, 200)


def checked(
    value: Raw, read_as_text: Callable[[], str | None], doubt: Callable[[str], None]
) -> Iterator[bytes]:
    """Yield *value*; call *doubt* with a sentence if it may be truncated.

    A response that ends with its connection proves nothing about its length. The value is then read a second
    time as text, in JSON, where truncation is visible; bytes that are not UTF-8 are compared as U+FFFD.
    """
    if value.verified:
        yield from value.chunks()
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    digest, size = hashlib.sha256(), 0
    for chunk in value.chunks():
        digest.update(decoder.decode(chunk).encode())
        size += len(chunk)
        yield chunk
    # An incomplete character has the same text, however many of its bytes were read.
    incomplete = decoder.getstate()[0]
    digest.update(decoder.decode(b"", final=True).encode())
    try:
        text = read_as_text()
    except (NotFound, ApiError, RateLimited, MalformedAnswer, NetworkError) as error:
        doubt(f"the {size:,} bytes that were read may not be the whole value: {error.message}")
        return
    same = text is not None and hashlib.sha256(text.encode("utf-8", "replace")).digest() == digest.digest()
    if incomplete or not same:
        doubt(f"the {size:,} bytes that were read may not be the whole value, or it has changed meanwhile")


def read_text(client: Client, namespace: Owner, key: str) -> str | None:
    """Return a value as api.get_text_values does."""
    return api.get_text_values(client, namespace, [key]).get(key)


def values(client: Client, namespace: Owner, keys: Iterable[Json]) -> Iterator[tuple[Json, bytes]]:
    """Yield each of *keys* with its value, in order; skip one that is gone. Raise MalformedAnswer."""
    remaining = iter(keys)
    get = partial(api.get_text_values, client, namespace)
    while batch := list(islice(remaining, api.BULK_GET)):
        texts = in_parts(get, [key["name"] for key in batch])
        for key in batch:
            data = value_of(client, namespace, key["name"], texts.get(key["name"]))
            if data is not None:
                yield key, data


def value_of(client: Client, namespace: Owner, name: str, text: str | None) -> bytes | None:
    """Return the bytes of a value that a bulk get returned as *text*; read it alone if it is not UTF-8.

    None if the key does not exist. Raise MalformedAnswer if truncated, NotFound if absence is not proven.
    """
    data = as_bytes(text)
    if data is not None:
        return data
    try:
        return fetch(client, namespace, name)[0]
    except Absent:
        return None


def as_bytes(text: str | None) -> bytes | None:
    """Return the bytes that a bulk get returned as *text*, None if they may not be the original ones."""
    with suppress(UnicodeEncodeError):
        if text is not None and REPLACEMENT not in text:
            return text.encode()
    return None


def at_once(read: Callable[[list[str]], dict[str, T]], names: list[str]) -> dict[str, T] | None:
    """Return what *read* returns for up to 100 *names*, {} or None if one or several are too large."""
    try:
        return read(names)
    except (ValidationError, ApiError) as error:
        if error.status not in TOO_LARGE:
            raise
    return {} if len(names) == 1 else None


def in_parts(read: Callable[[list[str]], dict[str, T]], names: list[str]) -> dict[str, T]:
    """Return what *read* returns for up to 100 *names*, split where they do not fit into one response."""
    found = at_once(read, names)
    if found is not None:
        return found
    middle = len(names) // 2
    return in_parts(read, names[:middle]) | in_parts(read, names[middle:])


def fetch(client: Client, namespace: Owner, name: str, like: bytes = b"") -> tuple[bytes, int | None]:
    """Read one value whole, again if the connection breaks; return it and its expiration (epoch seconds).

    A value that is equal to *like* is *like* itself. Raise NotFound (10009), and MalformedAnswer for a value
    that may be truncated.
    """
    attempt = 1
    while True:
        value = api.get_value(client, namespace, name)
        doubts: list[str] = []
        try:
            read_as_text = partial(read_text, client, namespace, name)
            data = _joined(checked(value, read_as_text, doubts.append), like)
        except Unanswered:
            if attempt == ATTEMPTS:
                raise
            attempt += 1
            continue
        if doubts:
            raise MalformedAnswer(f"key {name!r}: {doubts[0]}")
        return data, api.expiration_of(value)


def _joined(chunks: Iterable[bytes], like: bytes) -> bytes:
    known = memoryview(like)
    same, other = 0, None
    for chunk in chunks:
        if other is None and known[same : same + len(chunk)] == chunk:
            same += len(chunk)
            continue
        if other is None:
            other = BytesIO()
            other.write(known[:same])
        other.write(chunk)
    if other is not None:
        # BytesIO returns its content without a copy.
        return other.getvalue()
    return like if same == len(like) else like[:same]


def as_pair(key: Json, value: bytes) -> Json:
    """Return a key and its value in the form of a bulk write: base64 if the value is not UTF-8."""
    others = {name: key[name] for name in ("expiration", "metadata") if key.get(name) is not None}
    try:
        return {"key": key["name"], "value": value.decode(), **others}
    except UnicodeDecodeError:
        return {"key": key["name"], "value": b64encode(value).decode(), "base64": True, **others}
