"""A key with its value, metadata and expiry as one item: looked up, written and deleted, many at once."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ops.errors import Absent, Interrupted, MalformedAnswer, OpsError, Unanswered
from ops.http.shape import require
from ops.products.kv import api
from ops.products.kv.valid import can_be_written
from ops.products.kv.values import as_bytes, at_once, fetch, in_parts

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Change, Owner
    from ops.products.zones.parts import Parallel

T = TypeVar("T")
R = TypeVar("R")

# How often a key that is reported as unsuccessful is sent altogether.
ATTEMPTS = 3
NAMED = 5
# A request may have 100 MB, but all of it is in memory.
MEMORY = 32_000_000
# The number of bytes that may be in memory at once, in all batches of a Pace together.
PACE_MEMORY = 16 << 20


def pair(key: str, value: bytes, metadata: Any = None, expiration: int | None = None) -> Json:
    """Return the item: `key`, `value` (bytes), and `metadata` and `expiration` (epoch seconds) if present."""
    item: Json = {"key": key, "value": value}
    if metadata is not None:
        item["metadata"] = metadata
    return item if expiration is None else item | {"expiration": expiration}


def find(client: Client, namespace: Owner, item: Json) -> Json | None:
    """Return the live item with the key of *item*, or None, with 2 requests that never lag.

    Raise MalformedAnswer if only one of its value and its metadata is found, twice: it may exist.
    """
    where = client, namespace, item["key"]
    found = missing = ""
    for _ in range(2):
        stored, metadata, described = None, None, False
        with suppress(Absent):
            stored = fetch(*where, like=item.get("value", b""))
        with suppress(Absent):
            metadata = api.get_metadata(*where)
            described = True
        if stored and described:
            value, expiration = stored
            return pair(item["key"], value, metadata, expiration)
        if not (stored or described):
            return None
        found, missing = ("value", "metadata") if stored else ("metadata", "value")
    raise MalformedAnswer(
        f"the key {item['key']!r} may exist: its {found} was found, but its {missing} was not",
        hint="run it again",
    )


def is_listed(client: Client, namespace: Owner, item: Json) -> bool:
    """True if the key of *item* is listed: it is the first one that begins with its own name."""
    first = next(api.list_keys(client, namespace, prefix=item["key"], ahead=False), None)
    return first is not None and first["name"] == item["key"]


def find_all(client: Client, namespace: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Return the live item for each of *items*, up to 100, with one request."""
    live = read(client, namespace, [item["key"] for item in items])
    return [live.get(item["key"]) for item in items]


def read(client: Client, namespace: Owner, keys: list[str]) -> dict[str, Json]:
    """Return the live items of up to 100 *keys*, by key. Raise MalformedAnswer for a truncated value."""
    entries = in_parts(partial(api.get_pairs, client, namespace), keys)
    return _items(client, namespace, keys, entries)


def read_at_once(client: Client, namespace: Owner, keys: list[str]) -> list[Json] | None:
    """Return the live items of up to 100 *keys* as read does, None if they do not fit into one response."""
    entries = at_once(partial(api.get_pairs, client, namespace), keys)
    return None if entries is None else list(_items(client, namespace, keys, entries).values())


def _items(
    client: Client, namespace: Owner, keys: list[str], entries: dict[str, Json | None]
) -> dict[str, Json]:
    items: dict[str, Json] = {}
    for key in keys:
        # A key without an entry is too large for a bulk get, null means that it does not exist.
        entry = entries.get(key, {})
        if entry is None:
            continue
        value = as_bytes(entry.get("value"))
        if value is not None:
            items[key] = pair(key, value, entry.get("metadata"), entry.get("expiration"))
        elif (item := find(client, namespace, {"key": key})) is not None:
            items[key] = item
    return items


def change(client: Client, namespace: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Apply *changes* with few requests; return the item that each key then has.

    What expires within 60 s is not written: Workers KV refuses it. A single value is sent as it is.
    """
    now = time.time()
    after = [c.after if c.after is not None and can_be_written(c.after, now) else None for c in changes]
    written = [item for item in after if item is not None]
    deleted = [str(c.item["key"]) for c in changes if c.after is None]
    if len(written) == 1:
        api.put_value(client, namespace, written[0])
    elif written:
        write_all(client, namespace, written)
    try:
        if len(deleted) == 1:
            api.delete_value(client, namespace, deleted[0])
        elif deleted:
            delete_all(client, namespace, deleted)
    except OpsError as error:
        raise halfway(error, len(written), len(changes), "changed") from error
    return after


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield *items* in lists of *size*, the last one shorter."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def bodies(pairs: Iterable[Json], *, limit: int = api.BULK_BYTES) -> Iterator[tuple[list[str], bytes]]:
    """Yield the keys and the body of each bulk write of *pairs*: of at most *limit* bytes as sent."""
    keys: list[str] = []
    data = BytesIO()
    for pair in pairs:
        line = encoded(pair)
        # With the comma before it and the bracket after it.
        if keys and (len(keys) == api.BULK_PAIRS or data.tell() + len(line) + 2 > limit):
            data.write(b"]")
            yield keys, data.getvalue()
            keys, data = [], BytesIO()
        data.write(b"," if keys else b"[")
        data.write(line)
        keys.append(pair["key"])
    if keys:
        data.write(b"]")
        yield keys, data.getvalue()


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


def write_all(client: Client, namespace: Owner, pairs: Iterable[Json]) -> None:
    """Write *pairs*, each key once. Raise MalformedAnswer, or Unanswered if only some were written."""
    known = {pair["key"]: pair for pair in pairs}

    def send(keys: Sequence[str]) -> Iterator[tuple[Sequence[str], Any]]:
        for some, body in bodies((known[key] for key in keys), limit=MEMORY):
            yield some, api.put_bulk(client, namespace, body)

    _persist(send, list(known), "written")


def delete_all(client: Client, namespace: Owner, keys: Sequence[str]) -> None:
    """Delete *keys*; a missing key is not an error. Raise as write_all does."""

    def send(keys: Sequence[str]) -> Iterator[tuple[Sequence[str], Any]]:
        for start in range(0, len(keys), api.BULK_PAIRS):
            some = list(keys[start : start + api.BULK_PAIRS])
            yield some, api.delete_bulk(client, namespace, some)

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
    optional = ("unsuccessful_keys", "successful_key_count")
    what = "the result of a bulk request"
    found = require(answer, what, unsuccessful_keys=list, successful_key_count=int, optional=optional)
    failed = {key for key in found.get("unsuccessful_keys") or () if isinstance(key, str)}
    missed = [key for key in sent if key in failed]
    count = found.get("successful_key_count")
    if count is not None and count + len(missed) != len(sent):
        counted = f"{count:,} successful and {len(missed):,} failed ones"
        raise MalformedAnswer(f"the response to {len(sent):,} keys counts {counted}", 200)
    return missed


class Pace(NamedTuple):
    """How concurrent reads are run: *parallel* runs them, *workers* at once at most, until *stop* is set."""

    parallel: Parallel
    workers: int
    stop: threading.Event

    def each(self, read: Callable[[T], R], items: Iterable[T], size: Callable[[R], int]) -> Iterator[R]:
        """Yield in order what *read* returns for *items*; *size*, in bytes, sets the concurrency."""
        window = Window(2 * self.workers, self.stop)

        def one(numbered: tuple[int, T]) -> R:
            number, item = numbered
            window.enter(number)
            return read(item)

        for result in self.parallel(one, enumerate(items)):
            yield result
            window.leave(size(result))

    def halved(
        self, read: Callable[[list[T]], R | None], batches: Iterable[list[T]], size: Callable[[R], int]
    ) -> Iterator[R]:
        """Yield what *read* returns for each of *batches*, or for its halves if that is None: too large."""
        done = self.each(
            lambda batch: (batch, read(batch)),
            batches,
            lambda one: PACE_MEMORY if one[1] is None else size(one[1]),
        )
        for batch, result in done:
            if result is not None:
                yield result
            else:
                middle = len(batch) // 2
                yield from self.halved(read, (batch[:middle], batch[middle:]), size)


class Window:
    """Admit few large batches at once, or many small ones; their numbers begin at 0 and leave in order."""

    def __init__(self, limit: int, stop: threading.Event, memory: int = PACE_MEMORY) -> None:
        self._limit, self._stop, self._memory = limit, stop, memory
        self._left, self._width = 0, 1
        self._changed = threading.Condition()

    def enter(self, number: int) -> None:
        """Wait until batch *number* may be read, or the run stops."""
        with self._changed:
            while number >= self._left + self._width and not self._stop.is_set():
                self._changed.wait(0.2)

    def leave(self, size: int) -> None:
        """Record that the next batch was processed, and had *size* bytes."""
        with self._changed:
            self._left += 1
            self._width = max(1, min(self._limit, self._memory // max(1, size)))
            self._changed.notify_all()
