"""Workers KV: namespaces, key listings, single values, and bulk writes, deletes and reads."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from ops.sandbox.pages import cursor_of, page_of_documents, reader
from ops.sandbox.router import getter, route
from ops.sandbox.routes import kv_pairs
from ops.sandbox.routes.kv_pairs import Pair
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok, ok_text

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
_DIRECTIONS = {"": "ASC", "asc": "ASC", "desc": "DESC"}
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
    sort = _SORTS.get(request.query.get("order", ""))
    direction = _DIRECTIONS.get(request.query.get("direction", ""))
    if sort is None or direction is None:
        raise Refusal(400, 10001, "Invalid order: choose id or title, asc or desc.")
    # Both words come from the tables above, never from the request.
    order = f"{sort} {direction}, id"
    return page_of_documents(request, store, KIND, request.account, maximum=1000, minimum=1, order=order)


@route("POST", NAMESPACES, scope="kv:edit")
def create_namespace(request: Request, store: Store) -> Answer:
    jurisdiction = request.object().get("jurisdiction")
    if jurisdiction not in (None, *JURISDICTIONS):
        raise invalid_body()
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
    """List keys by the bytes of their names, without expired ones; new writes may lag (`request.lag`)."""
    namespace = namespace_of(request, store)
    prefix, now = request.query.get("prefix", ""), store.now()
    bounds = {"namespace": namespace["id"], "first": prefix, "last": prefix + _LAST}
    seen = {"now": now, "seen": now - request.lag}
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
    headers = {"Content-Type": "application/octet-stream"}
    if pair.expiration is not None:
        headers["Expiration"] = str(pair.expiration)
    return Answer(200, headers, pair.value)


getter(NAMESPACE + "/metadata/{key_name}", "kv:read")(
    lambda request, store: json.loads(_pair(request, store).metadata or "null")
)


@route("PUT", VALUE, scope="kv:edit")
def put_value(request: Request, store: Store) -> Answer:
    """Write the raw body, or the parts `value` and `metadata` of a form."""
    namespace, query = namespace_of(request, store), request.query
    name = kv_pairs.checked_name(request.args["key_name"])
    expiration = kv_pairs.checked_expiration(store, query.get("expiration"), query.get("expiration_ttl"))
    value, metadata = request.body, None
    if request.headers.get("content-type").lower().startswith("multipart/form-data"):
        parts = {part.name: part for part in request.form()}
        if "value" not in parts:
            raise Refusal(400, 10024, "the form has no part named value")
        value = parts["value"].data
        metadata = kv_pairs.checked_metadata(parts["metadata"].text()) if "metadata" in parts else None
    kv_pairs.write(store, namespace["id"], [Pair(name, kv_pairs.checked_value(value), metadata, expiration)])
    return ok({})


@route("DELETE", VALUE, scope="kv:edit")
def delete_value(request: Request, store: Store) -> Answer:
    kv_pairs.erase(
        store, namespace_of(request, store)["id"], [kv_pairs.checked_name(request.args["key_name"])]
    )
    return ok({})


@route("PUT", NAMESPACE + "/bulk", scope="kv:edit")
def put_bulk(request: Request, store: Store) -> Answer:
    """Write up to 10,000 pairs; one invalid pair refuses them all."""
    if len(request.body) > BULK_BYTES:
        raise Refusal(413, 10030, "bulk request body is too large, the limit is 100 MB")
    namespace = namespace_of(request, store)
    pairs = [_bulk_pair(store, one) for one in _items(request)]
    count = max(0, len(pairs) - request.failing)
    kv_pairs.write(store, namespace["id"], pairs[:count])
    return _done([pair.name for pair in pairs], count)


@route("POST", NAMESPACE + "/bulk/delete", scope="kv:edit")
@route("DELETE", NAMESPACE + "/bulk", scope="kv:edit")
def delete_bulk(request: Request, store: Store) -> Answer:
    namespace = namespace_of(request, store)
    # Older clients send an object with the name.
    sent = (one.get("name", one.get("key")) if isinstance(one, dict) else one for one in _items(request))
    names = [kv_pairs.checked_name(name) for name in sent]
    count = max(0, len(names) - request.failing)
    kv_pairs.erase(store, namespace["id"], names[:count])
    return _done(names, count)


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
    pairs = {name: kv_pairs.read(store, namespace["id"], name) for name in map(kv_pairs.checked_name, names)}
    if sum(len(pair.value) for pair in pairs.values() if pair) > kv_pairs.VALUE_BYTES:
        raise Refusal(413, 10030, "Total size of request exceeds the limit of 25MB")
    metadata = body.get("withMetadata") is True
    texts = ",".join(f"{dumps(name)}:{_text(pair, kind, metadata)}" for name, pair in pairs.items())
    return ok_text(f'{{"values":{{{texts}}}}}')


def _pair(request: Request, store: Store) -> Pair:
    namespace = namespace_of(request, store)
    pair = kv_pairs.read(store, namespace["id"], kv_pairs.checked_name(request.args["key_name"]))
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
    metadata = None if item.get("metadata") is None else kv_pairs.checked_metadata(dumps(item["metadata"]))
    expiration = kv_pairs.checked_expiration(store, item.get("expiration"), item.get("expiration_ttl"))
    value = item["value"].encode("utf-8", "replace")
    if item.get("base64") is True:
        try:
            value = base64.b64decode(item["value"], validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(400, 10024, f"the value of {item.get('key')!r} is not base64") from None
    return Pair(kv_pairs.checked_name(item.get("key")), kv_pairs.checked_value(value), metadata, expiration)


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


def _done(names: list[str], count: int) -> Answer:
    """Answer with success even if the last keys failed (a fault); the client sends those again."""
    return ok({"successful_key_count": count, "unsuccessful_keys": names[count:]})
