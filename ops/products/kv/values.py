"""KV values, read whole: one as it streams by, or all of a namespace with few requests."""

from __future__ import annotations

import codecs
import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ops.errors import ApiError, MalformedAnswer, NotFound, Unanswered, ValidationError
from ops.products.kv import api

if TYPE_CHECKING:
    from ops.http.client import Client, Raw
    from ops.kinds.resource import Json

T = TypeVar("T")

ATTEMPTS = 3
# The code of a 404 that means the namespace, not the key.
NO_NAMESPACE = 10013

# What the bulk call puts in place of bytes that are no UTF-8.
DAMAGE = "\N{REPLACEMENT CHARACTER}"

# Refused by the API (25 MiB at once), or taken and larger than the client accepts.
TOO_LARGE = (413, 200)


def checked(
    value: Raw, read_as_text: Callable[[], str | None], doubt: Callable[[str], None]
) -> Iterator[bytes]:
    """Yield *value*; call *doubt* with a sentence where it may be cut.

    An answer that ends with its connection proves nothing about its length. Then the value is read once
    more as text, in JSON, which cannot be cut unseen; bytes that are no text are compared as U+FFFD.
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
    # A character that was begun looks the same as text however many of its bytes there are.
    begun = decoder.getstate()[0]
    digest.update(decoder.decode(b"", final=True).encode())
    text = read_as_text()
    if begun or text is None or hashlib.sha256(text.encode("utf-8", "replace")).digest() != digest.digest():
        doubt(f"the {size:,} bytes that were read may not be the whole value, or it has changed meanwhile")


def values(
    client: Client, account_id: str, namespace_id: str, keys: Iterable[Json]
) -> Iterator[tuple[Json, bytes]]:
    """Yield each of *keys* (as listed) with its value, in their order; a key that is gone is passed over.

    Takes a request for every 100 keys, more where they are large, and one for each value that is no text.
    Raises MalformedAnswer for a value that may have been cut.
    """
    rest = iter(keys)
    while batch := list(islice(rest, api.BULK_GET)):
        texts = text_values(client, account_id, namespace_id, [key["name"] for key in batch])
        for key in batch:
            data = value_of(client, account_id, namespace_id, key["name"], texts.get(key["name"]))
            if data is not None:
                yield key, data


def text_values(
    client: Client, account_id: str, namespace_id: str, names: list[str]
) -> dict[str, str | None]:
    """Give values as text, with one request for 100 keys, more where they are large; see in_parts."""
    return in_parts(partial(api.get_text_values, client, account_id, namespace_id), names)


def value_of(client: Client, account_id: str, namespace_id: str, name: str, text: str | None) -> bytes | None:
    """Give the bytes of a value that a bulk get has given as *text*: read singly where they are no text.

    None where the key has expired or been deleted since. Raises MalformedAnswer for a value that may be cut.
    """
    data = as_bytes(text)
    if data is not None:
        return data
    try:
        return fetch(client, account_id, namespace_id, name).value
    except NotFound as error:
        if NO_NAMESPACE in error.codes:
            raise
        return None


def as_bytes(text: str | None) -> bytes | None:
    """Give the bytes that a bulk get has given as *text*, None where it cannot have given them whole."""
    with suppress(UnicodeEncodeError):
        if text is not None and DAMAGE not in text:
            return text.encode()
    return None


def at_once(read: Callable[[list[str]], dict[str, T]], names: list[str]) -> dict[str, T] | None:
    """Give what *read* gives for up to 100 *names*, None where they do not fit into one answer.

    One name whose value alone is too much for a bulk get is left out.
    """
    try:
        return read(names)
    except (ValidationError, ApiError) as error:
        if error.status not in TOO_LARGE:
            raise
    return {} if len(names) == 1 else None


def in_parts(read: Callable[[list[str]], dict[str, T]], names: list[str]) -> dict[str, T]:
    """Give what *read* gives for up to 100 *names*; those that do not fit into one answer in several."""
    found = at_once(read, names)
    if found is not None:
        return found
    middle = len(names) // 2
    return in_parts(read, names[:middle]) | in_parts(read, names[middle:])


class Stored(NamedTuple):
    """A value as it stands, and when it expires in epoch seconds."""

    value: bytes
    expiration: int | None


def fetch(client: Client, account_id: str, namespace_id: str, name: str, like: bytes = b"") -> Stored:
    """Read one value whole; one that breaks off is read again.

    Where it equals *like* that is what comes back, so that no second copy is in memory. Raises NotFound
    (10009), and MalformedAnswer for a value that may have been cut.
    """
    attempt = 1
    while True:
        value = api.get_value(client, account_id, namespace_id, name)
        doubts: list[str] = []
        again = partial(api.get_text_value, client, account_id, namespace_id, name)
        try:
            data = _gathered(checked(value, again, doubts.append), like)
        except Unanswered:
            if attempt == ATTEMPTS:
                raise
            attempt += 1
            continue
        if doubts:
            raise MalformedAnswer(f"key {name!r}: {doubts[0]}")
        return Stored(data, api.expiration_of(value))


def _gathered(chunks: Iterable[bytes], like: bytes) -> bytes:
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
        # BytesIO hands out what it has gathered without copying it.
        return other.getvalue()
    return like if same == len(like) else like[:same]


def as_pair(key: Json, value: bytes) -> Json:
    """Give a key and its value as the bulk write takes them: base64 where the value is no text."""
    others = {name: key[name] for name in ("expiration", "metadata") if key.get(name) is not None}
    try:
        return {"key": key["name"], "value": value.decode(), **others}
    except UnicodeDecodeError:
        return {"key": key["name"], "value": b64encode(value).decode(), "base64": True, **others}
