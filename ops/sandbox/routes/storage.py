"""R2, queues and Pages of an account."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from datetime import datetime
from email.utils import formatdate
from typing import Any

from ops.sandbox.pages import after, cursor_behind, cursor_of, listing, page_of_items, reader
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok, ok_list, require

ACCOUNT = "/accounts/{account_id}"
BUCKET = ACCOUNT + "/r2/buckets/{bucket_name}"
OBJECT = BUCKET + "/objects/{key:rest}"
QUEUE = ACCOUNT + "/queues/{queue_id}"
CONSUMER = QUEUE + "/consumers/{consumer_id}"
_BUCKETS = """
    SELECT id, body FROM document
    WHERE kind = 'r2.bucket' AND owner = :account AND id > :after AND id > :start_after
      AND instr(id, :contains) > 0
    ORDER BY id LIMIT :limit
"""
_OBJECTS = """
    SELECT key, item, substr(key, length(:prefix) + 1) AS rest FROM r2_object
    WHERE bucket = :bucket AND substr(key, 1, length(:prefix)) = :prefix AND key > :start_after
"""
_PAGE = f"SELECT key, item FROM ({_OBJECTS}) WHERE key > :after AND NOT {{0}} ORDER BY key LIMIT :limit"  # noqa: S608 (constant)
_GROUPED = "(:delimiter <> '' AND instr(rest, :delimiter) > 0)"
_GROUP = "SELECT DISTINCT :prefix || substr(rest, 1, instr(rest, :delimiter) + length(:delimiter) - 1)"
# The field of an object's metadata for each header of an upload.
_METADATA = {
    "content-type": "contentType",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
    "cache-control": "cacheControl",
    "expires": "cacheExpiry",
}
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_QUEUE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCATIONS = ("apac", "eeur", "enam", "weur", "wnam", "oc")
_CLASSES = ("Standard", "InfrequentAccess")
_QUEUE_SETTINGS = {"delivery_delay": 0, "delivery_paused": False, "message_retention_period": 345600}

listing(ACCOUNT + "/pages/projects", "pages:read", "pages.project", maximum=25, default=10, minimum=1)


def _r2_owner(request: Request) -> str:
    """Return the owner of the buckets of the jurisdiction in the header `cf-r2-jurisdiction`."""
    jurisdiction = request.headers.get("cf-r2-jurisdiction") or "default"
    return request.account if jurisdiction == "default" else f"{request.account}/{jurisdiction}"


@route("GET", ACCOUNT + "/r2/buckets", scope="r2:read")
def list_buckets(request: Request, store: Store) -> Answer:
    bounds = {
        "account": _r2_owner(request),
        "start_after": request.query.get("start_after", ""),
        "contains": request.query.get("name_contains", ""),
    }
    limit = request.number("per_page", 20, 1, 1000)
    return cursor_of(request, store, _BUCKETS, bounds, limit=limit, inside="buckets")


@route("POST", ACCOUNT + "/r2/buckets", scope="r2:edit")
def create_bucket(request: Request, store: Store) -> Answer:
    sent, owner = request.object(), _r2_owner(request)
    name = sent.get("name")
    if not isinstance(name, str) or not _BUCKET_NAME.fullmatch(name):
        raise Refusal(400, 10005, "The specified bucket name is not valid.")
    location, storage = sent.get("locationHint", "weur"), sent.get("storageClass", "Standard")
    require(str(location).lower() in _LOCATIONS and storage in _CLASSES)
    about = {"name": name, "creation_date": store.stamp(), "location": location, "storage_class": storage}
    if owner != request.account:
        about["jurisdiction"] = owner.rpartition("/")[2]
    if store.taken("r2.bucket", owner, name):
        raise Refusal(409, 10004, "The bucket you tried to create already exists, and you own it.")
    return ok(store.put_document("r2.bucket", owner, name, about, sort=name))


_NO_BUCKET = (404, 10006, "The specified bucket does not exist.")
_bucket = reader(BUCKET, "r2:read", "r2.bucket", *_NO_BUCKET, owner=_r2_owner)


@route("PATCH", BUCKET, scope="r2:edit")
def patch_bucket(request: Request, store: Store) -> Answer:
    """Change the storage class to that of the header `cf-r2-storage-class`."""
    bucket, storage = _bucket(request, store), request.headers.get("cf-r2-storage-class")
    require(storage in _CLASSES)
    bucket["storage_class"] = storage
    name, owner = bucket["name"], _r2_owner(request)
    return ok(store.put_document("r2.bucket", owner, name, bucket, sort=name))


@route("DELETE", BUCKET, scope="r2:edit")
def delete_bucket(request: Request, store: Store) -> Answer:
    name, owner = _bucket(request, store)["name"], _r2_owner(request)
    if store.one("SELECT 1 FROM r2_object WHERE bucket = ?", (f"{owner}/{name}",)):
        message = f"The bucket you tried to delete ({name}) is not empty (account {request.account})."
        raise Refusal(409, 10008, message)
    store.delete_document("r2.bucket", owner, name)
    return ok({})


def _objects_of(request: Request, store: Store) -> str:
    """Return the name of the request's bucket in the table of objects."""
    return f"{_r2_owner(request)}/{_bucket(request, store)['name']}"


@route("GET", BUCKET + "/objects", scope="r2:read")
def list_objects(request: Request, store: Store) -> Answer:
    """List objects by key; with a `delimiter` keys that have it after the `prefix` are one group each."""
    query, limit = request.query, request.number("per_page", 20, 1, 1000)
    texts = {name: query.get(name, "") for name in ("prefix", "delimiter", "start_after")}
    args = {
        "bucket": _objects_of(request, store),
        "after": after(request, store),
        "limit": limit + 1,
        **texts,
    }
    rows = store.rows(_PAGE.format(_GROUPED), args)
    info: Json = {"per_page": limit, "is_truncated": len(rows) > limit, "delimited": []}
    if len(rows) > limit:
        info["cursor"] = cursor_behind(request, store, rows[limit - 1][0])
    if not args["after"]:
        info["delimited"] = store.texts(f"{_GROUP} FROM ({_OBJECTS}) WHERE {_GROUPED}", args)
    return ok_list([item for _, item in rows[:limit]], info)


@route("PUT", OBJECT, scope="r2:edit")
def put_object(request: Request, store: Store) -> Answer:
    bucket, key, etag = _objects_of(request, store), request.args["key"], hashlib.md5(request.body)  # noqa: S324 (the format)
    storage = request.headers.get("cf-r2-storage-class") or _bucket(request, store)["storage_class"]
    if storage not in _CLASSES or len(key.encode()) > 1024:
        raise invalid_body()
    headers = {field: request.headers.get(name) for name, field in _METADATA.items()}
    about = {"key": key, "etag": etag.hexdigest(), "storage_class": storage}
    item: Json = {**about, "size": len(request.body), "last_modified": store.stamp(), "custom_metadata": {}}
    item["http_metadata"] = {field: value for field, value in headers.items() if value}
    row = (bucket, key, dumps(item), request.body)
    store.run("INSERT OR REPLACE INTO r2_object VALUES (?, ?, ?, ?)", row)
    version = {"size": str(len(request.body)), "uploaded": store.stamp(), "version": str(uuid.uuid4())}
    return ok({**about, **version})


@route("GET", OBJECT, scope="r2:read")
def get_object(request: Request, store: Store) -> Answer:
    sql = "SELECT item, value FROM r2_object WHERE bucket = ? AND key = ?"
    row = store.one(sql, (_objects_of(request, store), request.args["key"]))
    if row is None:
        raise Refusal(404, 10007, "The specified key does not exist.")
    item = json.loads(row[0])
    headers = {name: item["http_metadata"].get(field, "") for name, field in _METADATA.items()}
    headers["Content-Type"] = headers.pop("content-type") or "application/octet-stream"
    modified = datetime.fromisoformat(item["last_modified"]).timestamp()
    headers |= {"ETag": f'"{item["etag"]}"', "Last-Modified": formatdate(modified, usegmt=True)}
    return Answer(200, {name: value for name, value in headers.items() if value}, row[1])


@route("DELETE", OBJECT, scope="r2:edit")
def delete_object(request: Request, store: Store) -> Answer:
    """Delete an object; an unknown key is not an error."""
    bucket, key = _objects_of(request, store), request.args["key"]
    store.run("DELETE FROM r2_object WHERE bucket = ? AND key = ?", (bucket, key))
    return ok({"key": key})


@route("GET", ACCOUNT + "/queues", scope="queues:read")
def list_queues(request: Request, store: Store) -> Answer:
    """List the queues, or those that `name` names; 100 a page although `page` is not documented."""
    names = [value for name, value in request.query.pairs if name == "name"]
    queues = store.list_documents("queue", request.account)
    found = [_shown(store, request.account, one) for one in queues if not names or one["queue_name"] in names]
    return page_of_items(request, found, maximum=100, default=100, minimum=100)


def _shown(store: Store, account: str, queue: Json) -> Json:
    """Return a queue with the producers that follow from the bindings of Workers, and its consumers."""
    name = queue["queue_name"]
    producers = [
        {"type": "worker", "script": worker["id"], "service": worker["id"], "environment": "production"}
        for worker in store.list_documents("worker", account)
        if any(one.get("queue_name") == name for one in worker["settings"]["bindings"])
    ]
    consumers = queue["consumers"]
    counts = {"producers_total_count": len(producers), "consumers_total_count": len(consumers)}
    return {**queue, "producers": producers, **counts}


@route("POST", ACCOUNT + "/queues", scope="queues:edit")
def create_queue(request: Request, store: Store) -> Answer:
    sent = request.object()
    name = sent.get("queue_name")
    if not isinstance(name, str) or not _QUEUE_NAME.fullmatch(name):
        raise Refusal(400, 11003, f"Invalid queue name: {name}.")
    if store.taken("queue", request.account, name):
        raise Refusal(409, 11009, f"Queue name '{name}' is already taken.")
    settings = {**_QUEUE_SETTINGS, **(sent.get("settings") or {})}
    queue = {"queue_id": new_id(), "queue_name": name, "created_on": store.stamp()}
    return _save_queue(request, store, {**queue, "consumers": [], "settings": settings})


def _queue(request: Request, store: Store) -> Json:
    missing = Refusal(404, 11000, "Queue does not exist.")
    return store.required("queue", request.account, request.args["queue_id"], missing)


getter(QUEUE, "queues:read")(lambda request, store: _shown(store, request.account, _queue(request, store)))
getter(QUEUE + "/consumers", "queues:read")(lambda request, store: _queue(request, store)["consumers"])


@route("PUT", QUEUE, scope="queues:edit")
@route("PATCH", QUEUE, scope="queues:edit")
def change_queue(request: Request, store: Store) -> Answer:
    queue, sent = _queue(request, store), request.object()
    queue["queue_name"] = sent.get("queue_name", queue["queue_name"])
    queue["settings"] |= {k: v for k, v in (sent.get("settings") or {}).items() if v is not None}
    return _save_queue(request, store, queue)


def _save_queue(request: Request, store: Store, queue: Json) -> Answer:
    queue["modified_on"] = store.stamp()
    store.put_document("queue", request.account, queue["queue_id"], queue, sort=queue["queue_name"])
    return ok(_shown(store, request.account, queue))


@route("DELETE", QUEUE, scope="queues:edit")
def delete_queue(request: Request, store: Store) -> Answer:
    store.delete_document("queue", request.account, _queue(request, store)["queue_id"])
    return ok(None)


@getter(CONSUMER, "queues:read")
def _consumer(request: Request, store: Store) -> Json:
    for one in _queue(request, store)["consumers"]:
        if one["consumer_id"] == request.args["consumer_id"]:
            return dict(one)
    raise Refusal(404, 11002, "Consumer does not exist.")


@route("POST", QUEUE + "/consumers", scope="queues:edit")
@route("PUT", CONSUMER, scope="queues:edit")
def write_consumer(request: Request, store: Store) -> Answer:
    """Add or change a consumer; a queue has at most one (11004)."""
    sent, queue = request.object(), _queue(request, store)
    if request.method == "POST" and queue["consumers"]:
        raise Refusal(409, 11004, "workers.api.error.consumer_exists")
    consumer: Json = {"consumer_id": new_id(), "created_on": store.stamp()}
    if request.method == "PUT":
        consumer = _consumer(request, store)
    script: Any = sent.get("script_name") or sent.get("script")
    require(sent.get("type") in ("worker", "http_pull"))
    if sent["type"] == "worker":
        missing = Refusal(404, 10007, "This Worker does not exist on your account.")
        store.required("worker", request.account, str(script), missing)
        consumer |= {"script": script, "service": script, "environment": "production"}
    settings = {"batch_size": 10, "max_retries": 3, "max_wait_time_ms": 5000}
    settings |= {name: value for name, value in (sent.get("settings") or {}).items() if value is not None}
    consumer |= {"type": sent["type"], "queue_name": queue["queue_name"], "settings": settings}
    if sent.get("dead_letter_queue"):
        consumer["dead_letter_queue"] = sent["dead_letter_queue"]
    others = [one for one in queue["consumers"] if one["consumer_id"] != consumer["consumer_id"]]
    queue["consumers"] = [*others, consumer]
    _save_queue(request, store, queue)
    return ok(consumer)


@route("DELETE", CONSUMER, scope="queues:edit")
def delete_consumer(request: Request, store: Store) -> Answer:
    queue = _queue(request, store)
    queue["consumers"].remove(_consumer(request, store))
    _save_queue(request, store, queue)
    return ok(None)
