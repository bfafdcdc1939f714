"""Bulk writes and deletions: as much in one request as Workers KV takes, and what failed sent again."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import Interrupted, MalformedAnswer, OpsError, Unanswered
from ops.products.kv import api

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.resource import Json

Answered = tuple[Sequence[str], Any]

# How often a key that is listed as unsuccessful is sent in all.
ATTEMPTS = 3
NAMED = 5
# A request may have 100 MB, and all of it is in memory.
HELD = 32_000_000


class Body(NamedTuple):
    """Pairs as one request takes them: the keys, and a JSON list of it all."""

    keys: list[str]
    data: bytes


def bodies(
    pairs: Iterable[Json], *, most: int = api.BULK_PAIRS, limit: int = api.BULK_BYTES
) -> Iterator[Body]:
    """Yield *pairs* in requests of at most *most* pairs and *limit* bytes, counted as they are sent."""
    keys: list[str] = []
    data = BytesIO()
    for pair in pairs:
        line = encoded(pair)
        # With the comma before it and the bracket behind it.
        if keys and (len(keys) == most or data.tell() + len(line) + 2 > limit):
            yield _body(keys, data)
            keys, data = [], BytesIO()
        data.write(b"," if keys else b"[")
        data.write(line)
        keys.append(pair["key"])
    if keys:
        yield _body(keys, data)


def _body(keys: list[str], data: BytesIO) -> Body:
    data.write(b"]")
    return Body(keys, data.getvalue())


def encoded(pair: Json) -> bytes:
    """Give *pair*, whose `value` is bytes, as the bulk write takes it: as text, or base64 where shorter."""
    value, text = pair["value"], _as_text(pair["value"])
    # Text alone is written without making an encoder, and a namespace may hold nothing but text.
    others = "".join(
        f',"{name}":{json.dumps(pair[name], separators=(",", ":"))}'
        for name in ("expiration", "metadata")
        if pair.get(name) is not None
    )
    # A value of control characters would grow sixfold as text.
    if not text or 3 * len(text) > 4 * len(value) + 64:
        others += ',"base64":true'
        text = b'"%b"' % b64encode(value)
    return b'{"key":%b%b,"value":%b}' % (json.dumps(pair["key"]).encode(), others.encode(), text)


def _as_text(value: bytes) -> bytes:
    """Give *value* as a JSON string, b"" where it is no text."""
    try:
        return json.dumps(value.decode()).encode()
    except UnicodeDecodeError:
        return b""


def write(client: Client, account_id: str, namespace_id: str, pairs: Iterable[Json]) -> None:
    """Write *pairs*, each key once, whatever stands there.

    Raises MalformedAnswer where some are not written however often they are sent, and Unanswered for a
    failure after some were written.
    """
    known = {pair["key"]: pair for pair in pairs}

    def send(keys: Sequence[str]) -> Iterator[Answered]:
        for body in bodies((known[key] for key in keys), limit=HELD):
            yield body.keys, api.put_bulk(client, account_id, namespace_id, body.data)

    _persist(send, list(known), "written")


def delete(client: Client, account_id: str, namespace_id: str, keys: Sequence[str]) -> None:
    """Delete *keys*; those that are not there are deleted already. Raises as write does."""

    def send(keys: Sequence[str]) -> Iterator[Answered]:
        for start in range(0, len(keys), api.BULK_PAIRS):
            some = list(keys[start : start + api.BULK_PAIRS])
            yield some, api.delete_bulk(client, account_id, namespace_id, some)

    _persist(send, keys, "deleted")


def _persist(send: Callable[[Sequence[str]], Iterator[Answered]], keys: Sequence[str], done: str) -> None:
    left, count = list(keys), 0
    try:
        for _ in range(ATTEMPTS):
            failed: list[str] = []
            for sent, answer in send(left):
                missed = _unsuccessful(answer, sent)
                failed += missed
                count += len(sent) - len(missed)
            if not failed:
                return
            left = failed
    except OpsError as error:
        raise halfway(error, count, len(keys), done) from error
    named = ", ".join(map(repr, left[:NAMED])) + (", …" if len(left) > NAMED else "")
    raise MalformedAnswer(f"{len(left):,} of {len(keys):,} keys could not be {done}: {named}")


def halfway(error: OpsError, count: int, total: int, done: str) -> OpsError:
    """Give *error* as it is where nothing is *done* yet, else as one after which nobody knows how much is."""
    if not count or isinstance(error, Interrupted):
        return error
    message = f"{count:,} of {total:,} keys were {done}, then: {error.message}"
    return Unanswered(message, error.status, hint=error.hint, codes=error.codes, ray=error.ray)


def _unsuccessful(answer: Any, sent: Sequence[str]) -> list[str]:
    """Give which of the keys *sent* are to be sent again: a partial failure comes as a success."""
    told = answer if isinstance(answer, dict) else {}
    failed = set(told.get("unsuccessful_keys") or ())
    missed = [key for key in sent if key in failed]
    count = told.get("successful_key_count")
    if isinstance(count, int) and count + len(missed) != len(sent):
        raise MalformedAnswer(f"the answer speaks of {count:,} keys and {len(missed):,} that failed", 200)
    return missed
