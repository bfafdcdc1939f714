"""Workers: what belongs to the account as a whole: its workers.dev name and its settings."""

from __future__ import annotations

import re

from ops.sandbox.router import route
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

SUBDOMAIN = "/accounts/{account_id}/workers/subdomain"
KIND = "worker.subdomain"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@route("GET", "/accounts/{account_id}/workers/account-settings", scope="workers:read")
def get_account_settings(_request: Request, _store: Store) -> Answer:
    return ok({"default_usage_model": "standard", "green_compute": False})


@route("GET", SUBDOMAIN, scope="workers:read")
def get_subdomain(request: Request, store: Store) -> Answer:
    found = store.get_document(KIND, request.args["account_id"], "")
    if found is None:
        raise Refusal(404, 10007, "You do not have a workers.dev subdomain yet.")
    return ok(found)


@route("PUT", SUBDOMAIN, scope="workers:edit")
def put_subdomain(request: Request, store: Store) -> Answer:
    name = request.object().get("subdomain")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid_body()
    store.put_document(KIND, request.args["account_id"], "", {"subdomain": name})
    return ok({"subdomain": name})


@route("DELETE", SUBDOMAIN, scope="workers:edit")
def delete_subdomain(request: Request, store: Store) -> Answer:
    store.delete_document(KIND, request.args["account_id"], "")
    return Answer(204, {}, b"")
