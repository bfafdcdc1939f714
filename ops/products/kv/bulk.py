"""Bulk writes and deletions: as much in one request as Workers KV accepts; what failed is sent again."""

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

# How often a key that is reported as unsuccessful is sent altogether.
ATTEMPTS = 3
NAMED = 5
# A request may have 100 MB, but all of it is in memory.
MEMORY = 32_000_000


class Body(NamedTuple):
    """The body of one bulk write, and the keys in it."""

    keys: list[str]
    data: bytes


def bodies(
    pairs: Iterable[Json], *, most: int = api.BULK_PAIRS, limit: int = api.BULK_BYTES
) -> Iterator[Body]:
    """Yield *pairs* in requests of at most *most* pairs and *limit* bytes as sent."""
    keys: list[str] = []
    data = BytesIO()
    for pair in pairs:
        line = encoded(pair)
        # With the comma before it and the bracket after it.
        if keys and (len(keys) == most or data.tell() + len(line) + 2 > limit):
            data.write(b"]")
            yield Body(keys, data.getvalue())
            keys, data = [], BytesIO()
        data.write(b"," if keys else b"[")
        data.write(line)
        keys.append(pair["key"])
    if keys:
        data.write(b"]")
        yield Body(keys, data.getvalue())


def encoded(pair: Json) -> bytes:
    """Return *pair*, whose `value` is bytes, as a bulk write takes it: text, or base64 if shorter."""
    value = pair["value"]
    try:
        text = json.dumps(value.decode()).encode()
    except UnicodeDecodeError:
        text = b""
    # Most values are text: they are encoded without an encoder for the whole pair.
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


def write(client: Client, account_id: str, namespace_id: str, pairs: Iterable[Json]) -> None:
    """Write *pairs*, each key once, whatever the keys hold.

    Raise MalformedAnswer if some are not written in any attempt, and Unanswered for a failure after some
    were written.
    """
    known = {pair["key"]: pair for pair in pairs}

    def send(keys: Sequence[str]) -> Iterator[tuple[Sequence[str], Any]]:
        for body in bodies((known[key] for key in keys), limit=MEMORY):
            yield body.keys, api.put_bulk(client, account_id, namespace_id, body.data)

    _persist(send, list(known), "written")


def delete(client: Client, account_id: str, namespace_id: str, keys: Sequence[str]) -> None:
    """Delete *keys*; a missing key is not an error. Raise as write does."""

    def send(keys: Sequence[str]) -> Iterator[tuple[Sequence[str], Any]]:
        for start in range(0, len(keys), api.BULK_PAIRS):
            some = list(keys[start : start + api.BULK_PAIRS])
            yield some, api.delete_bulk(client, account_id, namespace_id, some)

    _persist(send, keys, "deleted")


def _persist(
    send: Callable[[Sequence[str]], Iterator[tuple[Sequence[str], Any]]], keys: Sequence[str], done: str
) -> None:
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
    """Return *error* unchanged if nothing is *done* yet, else as one that leaves the outcome open."""
    if not count or isinstance(error, Interrupted):
        return error
    message = f"{count:,} of {total:,} keys were {done}, then: {error.message}"
    return Unanswered(message, error.status, hint=error.hint, codes=error.codes, ray=error.ray)


def _unsuccessful(answer: Any, sent: Sequence[str]) -> list[str]:
    """Return which of the keys *sent* must be sent again: a partial failure is answered as a success."""
    found = answer if isinstance(answer, dict) else {}
    failed = set(found.get("unsuccessful_keys") or ())
    missed = [key for key in sent if key in failed]
    count = found.get("successful_key_count")
    if isinstance(count, int) and count + len(missed) != len(sent):
        raise MalformedAnswer(
            f"the response to {len(sent):,} keys counts {count:,} successful and {len(missed):,} failed ones",
            200,
        )
    return missed
