"""Workers KV: namespaces and key listings."""

from __future__ import annotations

from ops.sandbox.pages import cursor_of, page_of_documents
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

NAMESPACES = "/accounts/{account_id}/storage/kv/namespaces"
NAMESPACE = NAMESPACES + "/{namespace_id}"
KIND = "kv.namespace"
TITLE_BYTES = 512
JURISDICTIONS = ("eu", "fedramp", "us")

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


@getter(NAMESPACE, "kv:read")
def namespace_of(request: Request, store: Store) -> Json:
    """Return the namespace of the request, or refuse it with 10013."""
    missing = Refusal(404, 10013, "namespace not found")
    return store.required(KIND, request.account, request.args["namespace_id"], missing)


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
    store.put_document(KIND, request.account, namespace["id"], namespace, sort=title)
    return ok(namespace)


@route("PUT", NAMESPACE, scope="kv:edit")
def rename_namespace(request: Request, store: Store) -> Answer:
    found = namespace_of(request, store)
    found["title"] = _free_title(request, store, found["title"])
    store.put_document(KIND, request.account, found["id"], found, sort=found["title"])
    return ok(found)


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
