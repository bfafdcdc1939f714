"""Workers KV: one value at a time, and bulk writes, deletes and reads."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, TypeVar

from ops.sandbox.router import route
from ops.sandbox.routes.kv import NAMESPACE, namespace_of
from ops.sandbox.routes.kv_pairs import (
    VALUE_BYTES,
    Pair,
    checked_expiration,
    checked_metadata,
    checked_name,
    checked_value,
    erase,
    read,
    write,
)
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok, ok_text

T = TypeVar("T")
BULK_PAIRS = 10_000
BULK_BYTES = 100 * 1024 * 1024
BULK_READS = 100
VALUE = NAMESPACE + "/values/{key_name}"


@route("GET", VALUE, scope="kv:read")
def get_value(request: Request, store: Store) -> Answer:
    """Answer with the raw bytes; the header `expiration` has the time at which the pair expires."""
    pair = _pair(request, store)
    headers = {"Content-Type": "application/octet-stream"}
    if pair.expiration is not None:
        headers["Expiration"] = str(pair.expiration)
    return Answer(200, headers, pair.value)


@route("GET", NAMESPACE + "/metadata/{key_name}", scope="kv:read")
def get_metadata(request: Request, store: Store) -> Answer:
    return ok_text(_pair(request, store).metadata or "null")


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
    done, failed = _split(request, pairs)
    write(store, namespace["id"], done)
    return _done(len(done), [pair.name for pair in failed])


@route("POST", NAMESPACE + "/bulk/delete", scope="kv:edit")
@route("DELETE", NAMESPACE + "/bulk", scope="kv:edit")
def delete_bulk(request: Request, store: Store) -> Answer:
    namespace = namespace_of(request, store)
    # Older clients send an object with the name.
    sent = (one.get("name", one.get("key")) if isinstance(one, dict) else one for one in _items(request))
    done, failed = _split(request, [checked_name(name) for name in sent])
    erase(store, namespace["id"], done)
    return _done(len(done), failed)


@route("POST", NAMESPACE + "/bulk/get", scope="kv:read")
def get_bulk(request: Request, store: Store) -> Answer:
    """Read up to 100 values as text or JSON; an unknown key is null.

    Bytes that are not UTF-8 are returned as replacement characters.
    """
    namespace = namespace_of(request, store)
    body = request.object()
    names, kind = body.get("keys"), body.get("type", "text")
    if not isinstance(names, list) or not names or kind not in ("text", "json"):
        raise invalid_body()
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
    items = request.json()
    if not isinstance(items, list) or not items:
        raise invalid_body()
    if len(items) > BULK_PAIRS:
        raise Refusal(400, 10030, f"a bulk request takes at most {BULK_PAIRS} keys")
    return items


def _bulk_pair(store: Store, item: Any) -> Pair:
    if not isinstance(item, dict) or not isinstance(item.get("value"), str):
        raise invalid_body()
    metadata = None if item.get("metadata") is None else checked_metadata(dumps(item["metadata"]))
    expiration = checked_expiration(store, item.get("expiration"), item.get("expiration_ttl"))
    value = item["value"].encode("utf-8", "replace")
    if item.get("base64") is True:
        try:
            value = base64.b64decode(item["value"], validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(400, 10024, f"the value of {item.get('key')!r} is not base64") from None
    return Pair(checked_name(item.get("key")), checked_value(value), metadata, expiration)


def _text(pair: Pair | None, kind: str, metadata: bool) -> str:
    """Return a pair of a bulk read as JSON text."""
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


def _split(request: Request, items: list[T]) -> tuple[list[T], list[T]]:
    """Return the items to write and the last ones, which fail if a fault says so."""
    done = max(0, len(items) - request.failing)
    return items[:done], items[done:]


def _done(count: int, failed: list[str]) -> Answer:
    """Answer with success even if some keys failed; the client sends those again."""
    return ok({"successful_key_count": count, "unsuccessful_keys": failed})
