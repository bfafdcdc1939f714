"""Durable Object migrations of an upload: they create, rename, transfer and delete namespaces."""

from __future__ import annotations

from typing import Any

from ops.sandbox.store import Store, new_id
from ops.sandbox.wire import Refusal

Json = dict[str, Any]
KIND = "do.namespace"


def migrate(store: Store, account: str, worker: Json, migrations: Any) -> None:
    """Carry out *migrations* (one step, or `steps`), and remember `new_tag` on the Worker.

    `old_tag`, when given, must be the Worker's present tag (412, 10079).
    """
    if not isinstance(migrations, dict):
        return
    old, now = migrations.get("old_tag"), worker.get("migration_tag")
    if old is not None and old != now:
        raise Refusal(412, 10079, f"Migration tag precondition failed; current tag is '{now or ''}'.")
    for step in migrations.get("steps") or [migrations]:
        _step(store, account, worker["id"], step)
    if migrations.get("new_tag"):
        worker["migration_tag"] = migrations["new_tag"]


def namespaces(store: Store, account: str, script: str) -> list[Json]:
    """Return the namespaces that a Worker's classes own."""
    return [one for one in store.list_documents(KIND, account) if one["script"] == script]


def save_namespace(store: Store, account: str, namespace: Json) -> None:
    """Write a namespace's document."""
    store.put_document(KIND, account, namespace["id"], namespace, sort=namespace["name"])


def drop_namespaces(store: Store, account: str, script: str, classes: set[str] | None = None) -> None:
    """Delete a Worker's namespaces with all their objects; *classes*: only those."""
    for one in namespaces(store, account, script):
        if classes is None or one["class"] in classes:
            store.delete_document(KIND, account, one["id"])
            store.run("DELETE FROM do_object WHERE namespace = ?", (one["id"],))


def _step(store: Store, account: str, script: str, step: Json) -> None:
    for name in step.get("new_classes", []):
        _create(store, account, script, name, sqlite=False)
    for name in step.get("new_sqlite_classes", []):
        _create(store, account, script, name, sqlite=True)
    for change in step.get("renamed_classes", []):
        _hand_over(store, account, _owned(store, account, script, change["from"]), script, change["to"])
    for change in step.get("transferred_classes", []):
        namespace = _owned(store, account, change["from_script"], change["from"])
        _hand_over(store, account, namespace, script, change["to"])
    for name in step.get("deleted_classes", []):
        _owned(store, account, script, name)
        drop_namespaces(store, account, script, {name})


def _create(store: Store, account: str, script: str, name: str, *, sqlite: bool) -> None:
    if any(one["class"] == name for one in namespaces(store, account, script)):
        said = "that is already depended on by existing Durable Objects"
        raise Refusal(400, 10074, f"Cannot apply new-class migration to class '{name}' {said}")
    about = {"name": f"{script}_{name}", "script": script, "class": name, "use_sqlite": sqlite}
    save_namespace(store, account, {"id": new_id(), **about})


def _owned(store: Store, account: str, script: str, name: str) -> Json:
    for one in namespaces(store, account, script):
        if one["class"] == name:
            return one
    raise Refusal(400, 10072, f"Cannot migrate class '{name}': '{script}' has no Durable Objects of it")


def _hand_over(store: Store, account: str, namespace: Json, script: str, name: str) -> None:
    about = {"name": f"{script}_{name}", "script": script, "class": name}
    save_namespace(store, account, {**namespace, **about})
