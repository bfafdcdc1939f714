"""Workers KV: namespaces, key listings, single values, and bulk writes, deletes and reads.

Limits and messages: docs:kv/platform/limits and docs:kv/api/write-key-value-pairs. Where the documentation
has no code, the refusal has one of the limit codes 10022, 10024 and 10030.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from ops.sandbox.pages import cursor_of, page_of_documents, reader
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok, ok_text, require

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


NAMESPACES = "/accounts/{account_id}/storage/kv/namespaces"
NAMESPACE = NAMESPACES + "/{namespace_id}"
KIND = "kv.namespace"
TITLE_BYTES = 512
JURISDICTIONS = ("eu", "fedramp", "us")
BULK_PAIRS = 10_000
BULK_BYTES = 100 * 1024 * 1024
BULK_READS = 100
VALUE = NAMESPACE + "/values/{key_name}"
# Sorts after every name with the prefix: a name has at most 128 characters of four bytes.
_LAST = "\U0010ffff" * 128
_SORTS = {"": "sort", "id": "id", "title": "sort"}
_KEYS = """
    SELECT name, item FROM kv_pair
    WHERE namespace = :namespace AND name > :after AND name >= :first AND name <= :last
      AND (expiration IS NULL OR expiration > :now)
      AND written <= :seen AND (deleted IS NULL OR deleted > :seen)
    ORDER BY name LIMIT :limit
"""

namespace_of = reader(NAMESPACE, "kv:read", KIND, 404, 10013, "namespace not found")


@route("GET", NAMESPACES, scope="kv:read")
def list_namespaces(request: Request, store: Store) -> Answer:
    name, direction = request.query.get("order", ""), request.query.get("direction") or "asc"
    if name not in _SORTS or direction not in ("asc", "desc"):
        raise Refusal(400, 10001, "Invalid order: choose id or title, asc or desc.")
    order = f"{_SORTS[name]} {direction}, id"
    return page_of_documents(request, store, KIND, request.account, maximum=1000, minimum=1, order=order)


@route("POST", NAMESPACES, scope="kv:edit")
def create_namespace(request: Request, store: Store) -> Answer:
    jurisdiction = request.object().get("jurisdiction")
    require(jurisdiction in (None, *JURISDICTIONS))
    title = _free_title(request, store)
    namespace: Json = {"id": new_id(), "title": title, "supports_url_encoding": True}
    namespace |= {"jurisdiction": jurisdiction} if jurisdiction else {}
    return ok(store.put_document(KIND, request.account, namespace["id"], namespace, sort=title))


@route("PUT", NAMESPACE, scope="kv:edit")
def rename_namespace(request: Request, store: Store) -> Answer:
    found = namespace_of(request, store)
    found["title"] = _free_title(request, store, found["title"])
    return ok(store.put_document(KIND, request.account, found["id"], found, sort=found["title"]))


@route("DELETE", NAMESPACE, scope="kv:edit")
def delete_namespace(request: Request, store: Store) -> Answer:
    found = namespace_of(request, store)
    store.delete_document(KIND, request.account, found["id"])
    store.run("DELETE FROM kv_pair WHERE namespace = ?", (found["id"],))
    return ok({})


@route("GET", NAMESPACE + "/keys", scope="kv:read")
def list_keys(request: Request, store: Store) -> Answer:
    """List keys by the bytes of their names, without expired ones; new writes may lag (a fault)."""
    namespace = namespace_of(request, store)
    prefix, now = request.query.get("prefix", ""), store.now()
    bounds = {"namespace": namespace["id"], "first": prefix, "last": prefix + _LAST}
    seen = {"now": now, "seen": now - request.faults.get("lag", {}).get("seconds", 0)}
    limit = request.number("limit", 1000, 10, 1000)
    return cursor_of(request, store, _KEYS, {**bounds, **seen}, limit=limit)


def _free_title(request: Request, store: Store, old: str = "") -> str:
    """Return the title of the body, which no namespace but the renamed one may have."""
    title = request.object().get("title")
    if not isinstance(title, str) or not title.strip() or len(title.encode()) > TITLE_BYTES:
        raise Refusal(400, 10019, "a namespace needs a title of 1 to 512 bytes")
    if title != old and store.taken(KIND, request.account, title):
        raise Refusal(400, 10014, "a namespace with this account ID and title already exists")
    return title


@route("GET", VALUE, scope="kv:read")
def get_value(request: Request, store: Store) -> Answer:
    """Answer with the raw bytes; the header `expiration` has the time at which the pair expires."""
    pair = _pair(request, store)
    expires = {} if pair.expiration is None else {"Expiration": str(pair.expiration)}
    return Answer(200, {"Content-Type": "application/octet-stream", **expires}, pair.value)


getter(NAMESPACE + "/metadata/{key_name}", "kv:read")(
    lambda request, store: json.loads(_pair(request, store).metadata or "null")
)


@route("PUT", VALUE, scope="kv:edit")
def put_value(request: Request, store: Store) -> Answer:
    """Write the raw body, or the parts `value` and `metadata` of a form."""
    namespace, query = namespace_of(request, store), request.query
    name = checked_name(request.args["key_name"])
    expiration = checked_expiration(store, query.get("expiration"), query.get("expiration_ttl"))
    value, metadata = request.body, None
    if request.headers.get("content-type").lower().startswith("multipart/form-data"):
        parts = {part.name: part for part in request.form()}
        if "value" not in parts:
            raise Refusal(400, 10024, "the form has no part named value")
        value = parts["value"].data
        metadata = checked_metadata(parts["metadata"].text()) if "metadata" in parts else None
    write(store, namespace["id"], [Pair(name, checked_value(value), metadata, expiration)])
    return ok({})


@route("DELETE", VALUE, scope="kv:edit")
def delete_value(request: Request, store: Store) -> Answer:
    erase(store, namespace_of(request, store)["id"], [checked_name(request.args["key_name"])])
    return ok({})


@route("PUT", NAMESPACE + "/bulk", scope="kv:edit")
def put_bulk(request: Request, store: Store) -> Answer:
    """Write up to 10,000 pairs; one invalid pair refuses them all."""
    if len(request.body) > BULK_BYTES:
        raise Refusal(413, 10030, "bulk request body is too large, the limit is 100 MB")
    namespace = namespace_of(request, store)
    pairs = [_bulk_pair(store, one) for one in _items(request)]
    done = _done(request, [pair.name for pair in pairs])
    write(store, namespace["id"], pairs[: done["successful_key_count"]])
    return ok(done)


@route("POST", NAMESPACE + "/bulk/delete", scope="kv:edit")
@route("DELETE", NAMESPACE + "/bulk", scope="kv:edit")
def delete_bulk(request: Request, store: Store) -> Answer:
    namespace = namespace_of(request, store)
    # Older clients send an object with the name.
    sent = (one.get("name", one.get("key")) if isinstance(one, dict) else one for one in _items(request))
    names = [checked_name(name) for name in sent]
    done = _done(request, names)
    erase(store, namespace["id"], names[: done["successful_key_count"]])
    return ok(done)


@route("POST", NAMESPACE + "/bulk/get", scope="kv:read")
def get_bulk(request: Request, store: Store) -> Answer:
    """Read up to 100 values as text (U+FFFD for what is not UTF-8) or JSON; an unknown key is null."""
    namespace = namespace_of(request, store)
    body = request.object()
    names, kind = body.get("keys"), body.get("type", "text")
    require(isinstance(names, list) and names and kind in ("text", "json"))
    if len(names) > BULK_READS:
        raise Refusal(400, 10030, f"You can request a maximum of {BULK_READS} keys.")
    pairs = {name: read(store, namespace["id"], name) for name in map(checked_name, names)}
    if sum(len(pair.value) for pair in pairs.values() if pair) > VALUE_BYTES:
        raise Refusal(413, 10030, "Total size of request exceeds the limit of 25MB")
    metadata = body.get("withMetadata") is True
    texts = ",".join(f"{dumps(name)}:{_text(pair, kind, metadata)}" for name, pair in pairs.items())
    return ok_text(f'{{"values":{{{texts}}}}}')


def _pair(request: Request, store: Store) -> Pair:
    namespace = namespace_of(request, store)
    pair = read(store, namespace["id"], checked_name(request.args["key_name"]))
    if pair is None:
        raise Refusal(404, 10009, "key not found")
    return pair


def _items(request: Request) -> list[Any]:
    items: list[Any] = request.json()
    require(isinstance(items, list) and items)
    if len(items) > BULK_PAIRS:
        raise Refusal(400, 10030, f"a bulk request takes at most {BULK_PAIRS} keys")
    return items


def _bulk_pair(store: Store, item: Any) -> Pair:
    require(isinstance(item, dict) and isinstance(item.get("value"), str))
    metadata = None if item.get("metadata") is None else checked_metadata(dumps(item["metadata"]))
    expiration = checked_expiration(store, item.get("expiration"), item.get("expiration_ttl"))
    value = item["value"].encode("utf-8", "replace")
    if item.get("base64") is True:
        try:
            value = base64.b64decode(item["value"], validate=True)
        except ValueError:
            raise Refusal(400, 10024, f"the value of {item.get('key')!r} is not base64") from None
    return Pair(checked_name(item.get("key")), checked_value(value), metadata, expiration)


def _text(pair: Pair | None, kind: str, metadata: bool) -> str:
    if pair is None:
        return "null"
    try:
        value = dumps(json.loads(pair.value) if kind == "json" else pair.value.decode("utf-8", "replace"))
    except ValueError:
        problem = "At least one of the requested keys corresponds to a non-JSON value"
        raise Refusal(400, 10024, problem) from None
    if not metadata:
        return value
    expiration = "" if pair.expiration is None else f',"expiration":{pair.expiration}'
    return f'{{"value":{value},"metadata":{pair.metadata or "null"}{expiration}}}'


def _done(request: Request, names: list[str]) -> Json:
    """Return the result of a bulk request, whose last keys may fail; the client sends those again."""
    count = max(0, len(names) - request.faults.get("partial-bulk", {}).get("keys", 0))
    return {"successful_key_count": count, "unsuccessful_keys": names[count:]}
