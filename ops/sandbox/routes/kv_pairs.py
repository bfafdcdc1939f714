"""The pairs of Workers KV: limits, writing and reading.

Limits and messages: docs:kv/platform/limits and docs:kv/api/write-key-value-pairs. Where the documentation
has no code, the refusal has one of the limit codes 10022, 10024 and 10030.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ops.sandbox.store import Store
from ops.sandbox.wire import Refusal, dumps

KEY_BYTES = 512
VALUE_BYTES = 25 * 1024 * 1024
METADATA_BYTES = 1024
SHORTEST_LIFE = 60

_WRITE = "INSERT OR REPLACE INTO kv_pair VALUES (?, ?, ?, ?, ?, NULL, ?, ?)"
_LIVE = "namespace = ? AND name = ? AND deleted IS NULL AND (expiration IS NULL OR expiration > ?)"


@dataclass(frozen=True)
class Pair:
    """A key with its value; `metadata` is JSON text, `expiration` seconds since the epoch."""

    name: str
    value: bytes
    metadata: str | None = None
    expiration: int | None = None

    def row(self, namespace: str, now: float) -> tuple[Any, ...]:
        """Return the columns of the pair; `item` is its JSON text in a key listing."""
        item = f'{{"name":{dumps(self.name)}'
        item += "" if self.expiration is None else f',"expiration":{self.expiration}'
        item += "" if self.metadata is None else f',"metadata":{self.metadata}'
        return namespace, self.name, item + "}", self.expiration, now, self.metadata, self.value


def write(store: Store, namespace: str, pairs: list[Pair], now: float | None = None) -> None:
    """Write all pairs or none, replacing those of the same name."""
    written = store.now() if now is None else now
    with store.transaction():
        store.run_many(_WRITE, [pair.row(namespace, written) for pair in pairs])


def erase(store: Store, namespace: str, names: list[str]) -> None:
    """Delete pairs; an unknown name is not an error. A tombstone stays for lagging listings."""
    now = store.now()
    sql = "UPDATE kv_pair SET deleted = ?, value = x'' WHERE namespace = ? AND name = ? AND deleted IS NULL"
    with store.transaction():
        store.run_many(sql, [(now, namespace, name) for name in names])


def read(store: Store, namespace: str, name: str) -> Pair | None:
    """Return a pair that has neither expired nor been deleted."""
    sql = f"SELECT name, value, metadata, expiration FROM kv_pair WHERE {_LIVE}"  # noqa: S608 (constant text)
    row = store.one(sql, (namespace, name, store.now()))
    return None if row is None else Pair(*row)


def checked_name(name: Any) -> str:
    """Return a valid key name, or refuse it."""
    if not isinstance(name, str) or name == "":
        raise Refusal(400, 10022, "Key names must not be empty.")
    if name in (".", ".."):
        raise Refusal(400, 10022, f'"{name}" is not allowed as a key name.')
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > KEY_BYTES:
        raise Refusal(414, 10022, f"UTF-8 encoded length of {size} exceeds key length limit of {KEY_BYTES}.")
    if not name.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in name):
        raise Refusal(400, 10022, "Key names must be valid UTF-8.")
    return name


def checked_value(value: bytes) -> bytes:
    """Return a value within the size limit, or refuse it."""
    if len(value) > VALUE_BYTES:
        raise Refusal(413, 10024, f"Value length of {len(value)} exceeds limit of {VALUE_BYTES}.")
    return value


def checked_metadata(text: str) -> str | None:
    """Return metadata as compact JSON text (None for `null`), or refuse it."""
    try:
        compact = dumps(json.loads(text))
    except ValueError:
        raise Refusal(400, 10024, "Metadata must be valid JSON.") from None
    # The limit counts UTF-8; the text is stored as ASCII.
    plain = json.dumps(json.loads(compact), separators=(",", ":"), ensure_ascii=False)
    size = len(plain.encode("utf-8", "replace"))
    if size > METADATA_BYTES:
        raise Refusal(413, 10024, f"Metadata length of {size} exceeds limit of {METADATA_BYTES}.")
    return None if compact == "null" else compact


def checked_expiration(store: Store, expiration: Any, ttl: Any) -> int | None:
    """Return the time at which a pair expires; a TTL takes precedence over a time. Both are at least 60 s."""
    name, value, now = "expiration", expiration, int(store.now())
    rule = f"Expiration times must be at least {SHORTEST_LIFE} seconds in the future."
    if ttl not in (None, ""):
        name, value = "expiration_ttl", ttl
        rule = f"Expiration TTL must be at least {SHORTEST_LIFE}."
    elif expiration in (None, ""):
        return None
    try:
        number = float(value)
        if isinstance(value, bool) or number != int(number) or number <= 0:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        problem = f"Invalid {name} of {value}. Please specify integer greater than 0."
        raise Refusal(400, 10024, problem) from None
    moment = int(number) + (now if name == "expiration_ttl" else 0)
    if moment < now + SHORTEST_LIFE:
        raise Refusal(400, 10024, f"Invalid {name} of {int(number)}. {rule}")
    return moment
