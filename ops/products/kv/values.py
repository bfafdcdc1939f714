"""KV values, read whole: one as it streams by, or all of a namespace with few requests."""

from __future__ import annotations

import codecs
import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from ops.errors import ApiError, MalformedAnswer, NotFound, ValidationError
from ops.products.kv import api

if TYPE_CHECKING:
    from ops.http.client import Client, Raw
    from ops.resource import Json

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
        texts = _texts(client, account_id, namespace_id, [key["name"] for key in batch])
        for key in batch:
            value = _value(client, account_id, namespace_id, key["name"], texts.get(key["name"]))
            if value is not None:
                yield key, value


def _texts(client: Client, account_id: str, namespace_id: str, names: list[str]) -> dict[str, str | None]:
    """Give the values of *names* as text; those that do not fit into one answer in several, or not at all."""
    try:
        return api.get_text_values(client, account_id, namespace_id, names)
    except (ValidationError, ApiError) as error:
        if error.status not in TOO_LARGE:
            raise
    if len(names) == 1:
        return {}
    middle = len(names) // 2
    first = _texts(client, account_id, namespace_id, names[:middle])
    return first | _texts(client, account_id, namespace_id, names[middle:])


def _value(client: Client, account_id: str, namespace_id: str, name: str, text: str | None) -> bytes | None:
    with suppress(UnicodeEncodeError):
        if text is not None and DAMAGE not in text:
            return text.encode()
    try:
        value = api.get_value(client, account_id, namespace_id, name)
    except NotFound:
        # It was listed, and has expired or been deleted since.
        return None
    if value.verified:
        return value.content()
    doubts: list[str] = []
    data = b"".join(checked(value, lambda: text, doubts.append))
    if doubts:
        raise MalformedAnswer(f"key {name!r}: {doubts[0]}")
    return data


def as_pair(key: Json, value: bytes) -> Json:
    """Give a key and its value as the bulk write takes them: base64 where the value is no text."""
    others = {name: key[name] for name in ("expiration", "metadata") if key.get(name) is not None}
    try:
        return {"key": key["name"], "value": value.decode(), **others}
    except UnicodeDecodeError:
        return {"key": key["name"], "value": b64encode(value).decode(), "base64": True, **others}
