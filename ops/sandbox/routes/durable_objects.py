"""Durable Objects: namespaces and their objects, which can only be listed, and migrations.

The migrations of a Worker's upload create, rename, transfer and delete namespaces.
"""

from __future__ import annotations

from typing import Any

from ops.sandbox.pages import cursor_of, listing
from ops.sandbox.router import not_routable, route, segments
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request

NAMESPACES = "/accounts/{account_id}/workers/durable_objects/namespaces"
KIND = "do.namespace"

_OBJECTS = """
    SELECT id, '{"id":"' || id || '","hasStoredData":' || iif(stored, 'true', 'false') || '}' FROM do_object
    WHERE namespace = :namespace AND id > :after ORDER BY id LIMIT :limit
"""
listing(NAMESPACES, "workers:read", KIND, maximum=1000, minimum=1)


@route("GET", NAMESPACES + "/{namespace_id}/objects", scope="workers:read")
def list_objects(request: Request, store: Store) -> Answer:
    """List the ids of a namespace's objects, also of those without stored data."""
    namespace = request.args["namespace_id"]
    store.required(KIND, request.account, namespace, not_routable(segments(request.path)))
    limit = request.number("limit", 1000, 10, 10_000)
    return cursor_of(request, store, _OBJECTS, {"namespace": namespace}, limit=limit, both=True)


def migrate(store: Store, account: str, worker: Json, migrations: Any) -> None:
    """Apply *migrations* (one step, or `steps`) and store `new_tag` on the Worker.

    `old_tag`, if present, must be the Worker's current tag (412, 10079).
    """
    if not isinstance(migrations, dict):
        return
    old, now, script = migrations.get("old_tag"), worker.get("migration_tag"), worker["id"]
    if old is not None and old != now:
        raise Refusal(412, 10079, f"Migration tag precondition failed; current tag is '{now or ''}'.")
    for step in migrations.get("steps") or [migrations]:
        for list_name, sqlite in (("new_classes", False), ("new_sqlite_classes", True)):
            for name in step.get(list_name, []):
                if any(one["class"] == name for one in namespaces(store, account, script)):
                    problem = "that is already depended on by existing Durable Objects"
                    raise Refusal(400, 10074, f"Cannot apply new-class migration to class '{name}' {problem}")
                about: Json = {"id": new_id(), "name": f"{script}_{name}", "script": script, "class": name}
                about["use_sqlite"] = sqlite
                store.put_document(KIND, account, about["id"], about, sort=about["name"])
        for change in [*step.get("renamed_classes", []), *step.get("transferred_classes", [])]:
            name, owner = change["to"], change.get("from_script", script)
            namespace = _namespace_of(store, account, owner, change["from"])
            namespace |= {"name": f"{script}_{name}", "script": script, "class": name}
            store.put_document(KIND, account, namespace["id"], namespace, sort=namespace["name"])
        for name in step.get("deleted_classes", []):
            _namespace_of(store, account, script, name)
            drop_namespaces(store, account, script, {name})
    if migrations.get("new_tag"):
        worker["migration_tag"] = migrations["new_tag"]


def namespaces(store: Store, account: str, script: str) -> list[Json]:
    """Return the namespaces of a Worker's classes."""
    return [one for one in store.list_documents(KIND, account) if one["script"] == script]


def drop_namespaces(store: Store, account: str, script: str, classes: set[str] | None = None) -> None:
    """Delete a Worker's namespaces, or those of *classes*, with all their objects."""
    for one in namespaces(store, account, script):
        if classes is None or one["class"] in classes:
            store.delete_document(KIND, account, one["id"])
            store.run("DELETE FROM do_object WHERE namespace = ?", (one["id"],))


def _namespace_of(store: Store, account: str, script: str, name: str) -> Json:
    for one in namespaces(store, account, script):
        if one["class"] == name:
            return one
    raise Refusal(400, 10072, f"Cannot migrate class '{name}': '{script}' has no Durable Objects of it")
