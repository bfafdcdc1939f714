"""A Worker's state: one document with settings and versions, and its modules.

Modules are documents of their own in base64, because they may be binary. Of a secret only name and type
are stored, never its value.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Refusal, Request

SCRIPTS = "/accounts/{account_id}/workers/scripts"
SCRIPT = SCRIPTS + "/{script_name}"
KIND = "worker"
MODULE = "worker.module"
OLDEST_DATE = "2021-11-02"

LISTED = (
    *("id", "tag", "etag", "handlers", "named_handlers", "created_on", "modified_on"),
    *("has_assets", "has_modules", "last_deployed_from"),
)
LISTED_SETTINGS = (
    *("usage_model", "compatibility_date", "compatibility_flags"),
    *("logpush", "tail_consumers", "placement", "tags"),
)


@dataclass(frozen=True)
class Module:
    """One part of a Worker's code."""

    name: str
    content_type: str
    data: bytes


def not_found() -> Refusal:
    return Refusal(404, 10007, "This Worker does not exist on your account.")


def worker_of(request: Request, store: Store) -> Json:
    """Return the Worker of the request, or refuse it with 10007."""
    return store.required(KIND, request.account, request.args["script_name"], not_found())


def listed(worker: Json) -> Json:
    """Return a Worker as listings and uploads send it; an empty placement is not sent."""
    settings = {name: worker["settings"][name] for name in LISTED_SETTINGS}
    if not settings["placement"]:
        del settings["placement"]
    tag = worker.get("migration_tag")
    about = {name: worker[name] for name in LISTED} | ({"migration_tag": tag} if tag else {})
    return {**about, **settings}


def save(store: Store, account: str, worker: Json) -> None:
    """Write a Worker's document."""
    store.put_document(KIND, account, worker["id"], worker, sort=worker["id"])


def modules(store: Store, account: str, worker: Json) -> list[Module]:
    """Return the modules of a Worker's active version, in the order of their upload."""
    documents = store.list_documents(MODULE, f"{account}/{worker['id']}/{worker['version']}")
    return [Module(one["name"], one["type"], base64.b64decode(one["data"])) for one in documents]


def save_modules(store: Store, account: str, name: str, version: str, parts: list[Module]) -> None:
    """Write the modules of one version."""
    for place, part in enumerate(parts):
        data = base64.b64encode(part.data).decode()
        body = {"name": part.name, "type": part.content_type, "data": data}
        store.put_document(MODULE, f"{account}/{name}/{version}", part.name, body, sort=f"{place:04}")


def delete(store: Store, account: str, name: str) -> None:
    """Delete a Worker and the modules of all its versions."""
    # "0" is the character after "/": all owners that begin with "account/name/".
    bounds = (MODULE, f"{account}/{name}/", f"{account}/{name}0")
    store.run("DELETE FROM document WHERE kind = ? AND owner > ? AND owner < ?", bounds)
    store.delete_document(KIND, account, name)
