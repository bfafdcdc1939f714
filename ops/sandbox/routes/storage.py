"""R2, D1, queues and Pages of an account."""

from __future__ import annotations

import re
import uuid
from typing import Any

from ops.sandbox.pages import cursor_of, listing, page_of_items
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

ACCOUNT = "/accounts/{account_id}"
BUCKET = ACCOUNT + "/r2/buckets/{bucket_name}"
DATABASE = ACCOUNT + "/d1/database/{database}"
QUEUE = ACCOUNT + "/queues/{queue_id}"
CONSUMER = QUEUE + "/consumers/{consumer_id}"
_BUCKETS = """
    SELECT id, body FROM document
    WHERE kind = 'r2.bucket' AND owner = :account AND id > :after AND id > :start_after
      AND instr(id, :contains) > 0
    ORDER BY id LIMIT :limit
"""
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_DATABASE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_QUEUE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCATIONS = ("apac", "eeur", "enam", "weur", "wnam", "oc")
_CLASSES = ("Standard", "InfrequentAccess")
_QUEUE_SETTINGS = {"delivery_delay": 0, "delivery_paused": False, "message_retention_period": 345600}


listing(ACCOUNT + "/pages/projects", "pages:read", "pages.project", maximum=25, default=10, minimum=1)


def _named(sent: Json, field: str, pattern: re.Pattern[str], refusal: Refusal) -> str:
    name = sent.get(field)
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise refusal
    return name


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
    invalid = Refusal(400, 10005, "The specified bucket name is not valid.")
    name = _named(sent, "name", _BUCKET_NAME, invalid)
    location, storage = sent.get("locationHint", "weur"), sent.get("storageClass", "Standard")
    if str(location).lower() not in _LOCATIONS or storage not in _CLASSES:
        raise invalid_body()
    about = {"name": name, "creation_date": store.stamp(), "location": location, "storage_class": storage}
    if owner != request.account:
        about["jurisdiction"] = owner.rpartition("/")[2]
    if store.taken("r2.bucket", owner, name):
        raise Refusal(409, 10004, "The bucket you tried to create already exists, and you own it.")
    return ok(store.put_document("r2.bucket", owner, name, about, sort=name))


@getter(BUCKET, "r2:read")
def _bucket(request: Request, store: Store) -> Json:
    missing = Refusal(404, 10006, "The specified bucket does not exist.")
    return store.required("r2.bucket", _r2_owner(request), request.args["bucket_name"], missing)


@route("PATCH", BUCKET, scope="r2:edit")
def patch_bucket(request: Request, store: Store) -> Answer:
    """Change the storage class to that of the header `cf-r2-storage-class`."""
    bucket, storage = _bucket(request, store), request.headers.get("cf-r2-storage-class")
    if storage not in _CLASSES:
        raise invalid_body()
    bucket["storage_class"] = storage
    name, owner = bucket["name"], _r2_owner(request)
    return ok(store.put_document("r2.bucket", owner, name, bucket, sort=name))


@route("DELETE", BUCKET, scope="r2:edit")
def delete_bucket(request: Request, store: Store) -> Answer:
    store.delete_document("r2.bucket", _r2_owner(request), _bucket(request, store)["name"])
    return ok({})


@route("GET", ACCOUNT + "/d1/database", scope="d1:read")
def list_databases(request: Request, store: Store) -> Answer:
    name, databases = request.query.get("name", ""), store.list_documents("d1.database", request.account)
    found = [one for one in databases if name in one["name"]]
    return page_of_items(request, found, maximum=10_000, default=1000, minimum=10)


@route("POST", ACCOUNT + "/d1/database", scope="d1:edit")
def create_database(request: Request, store: Store) -> Answer:
    sent = request.object()
    name = _named(sent, "name", _DATABASE_NAME, Refusal(400, 7400, "Invalid property: name"))
    about = {"uuid": str(uuid.uuid4()), "name": name, "version": "production", "created_at": store.stamp()}
    if store.taken("d1.database", request.account, name):
        raise Refusal(400, 7502, f"Database with name '{name}' already exists.")
    store.put_document("d1.database", request.account, about["uuid"], about, sort=name)
    return ok(_detailed(about))


def _database(request: Request, store: Store) -> Json:
    """Return the database with the id or name of the path."""
    word = request.args["database"]
    for one in store.list_documents("d1.database", request.account):
        if word in (one["uuid"], one["name"]):
            return dict(one)
    raise Refusal(404, 7404, f"The database {word} could not be found")


def _detailed(database: Json) -> Json:
    replication = database.get("read_replication", {"mode": "disabled"})
    return {**database, "num_tables": 0, "file_size": 12288, "read_replication": replication}


getter(DATABASE, "d1:read")(lambda request, store: _detailed(_database(request, store)))


@route("PATCH", DATABASE, scope="d1:edit")
@route("PUT", DATABASE, scope="d1:edit")
def change_database(request: Request, store: Store) -> Answer:
    database, replication = _database(request, store), request.object().get("read_replication")
    if not isinstance(replication, dict) or replication.get("mode") not in ("auto", "disabled"):
        raise invalid_body()
    database["read_replication"] = {"mode": replication["mode"]}
    store.put_document("d1.database", request.account, database["uuid"], database, sort=database["name"])
    return ok(_detailed(database))


@route("DELETE", DATABASE, scope="d1:edit")
def delete_database(request: Request, store: Store) -> Answer:
    store.delete_document("d1.database", request.account, _database(request, store)["uuid"])
    return ok(None)


@route("GET", ACCOUNT + "/queues", scope="queues:read")
def list_queues(request: Request, store: Store) -> Answer:
    """List the queues, or those that `name` names; 100 a page although `page` is not documented."""
    names, queues = request.query.all("name"), store.list_documents("queue", request.account)
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
    invalid = Refusal(400, 11003, f"Invalid queue name: {sent.get('queue_name')}.")
    name = _named(sent, "queue_name", _QUEUE_NAME, invalid)
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


@route("POST", QUEUE + "/consumers", scope="queues:edit")
def create_consumer(request: Request, store: Store) -> Answer:
    """Add a consumer; a queue has at most one (11004)."""
    queue = _queue(request, store)
    if queue["consumers"]:
        raise Refusal(409, 11004, "workers.api.error.consumer_exists")
    return _save_consumer(request, store, queue, {"consumer_id": new_id(), "created_on": store.stamp()})


def _save_consumer(request: Request, store: Store, queue: Json, consumer: Json) -> Answer:
    sent = request.object()
    script: Any = sent.get("script_name") or sent.get("script")
    if sent.get("type") not in ("worker", "http_pull"):
        raise invalid_body()
    if sent["type"] == "worker":
        missing = Refusal(404, 10007, "This Worker does not exist on your account.")
        store.required("worker", request.account, str(script), missing)
        consumer |= {"script": script, "service": script, "environment": "production"}
    settings = {"batch_size": 10, "max_retries": 3, "max_wait_time_ms": 5000}
    settings |= {name: value for name, value in (sent.get("settings") or {}).items() if value is not None}
    consumer |= {"type": sent["type"], "queue_name": queue["queue_name"], "settings": settings}
    consumer["dead_letter_queue"] = sent.get("dead_letter_queue") or ""
    others = [one for one in queue["consumers"] if one["consumer_id"] != consumer["consumer_id"]]
    queue["consumers"] = [*others, consumer]
    _save_queue(request, store, queue)
    return ok(consumer)


@getter(CONSUMER, "queues:read")
def _consumer(request: Request, store: Store) -> Json:
    for one in _queue(request, store)["consumers"]:
        if one["consumer_id"] == request.args["consumer_id"]:
            return dict(one)
    raise Refusal(404, 11002, "Consumer does not exist.")


@route("PUT", CONSUMER, scope="queues:edit")
def change_consumer(request: Request, store: Store) -> Answer:
    return _save_consumer(request, store, _queue(request, store), _consumer(request, store))


@route("DELETE", CONSUMER, scope="queues:edit")
def delete_consumer(request: Request, store: Store) -> Answer:
    queue = _queue(request, store)
    queue["consumers"].remove(_consumer(request, store))
    _save_queue(request, store, queue)
    return ok(None)
