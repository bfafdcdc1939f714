"""The account's audit log of version 2: every write that was not refused leaves an entry.

As documented, reading leaves none, and neither do queries of D1 and what was answered with 4xx. Bodies are
redacted: an entry names the item by its id and name.
"""

from __future__ import annotations

import json
import re

from ops.sandbox.store import ACCOUNT_ID, ACCOUNT_NAME, EMAIL, USER_ID, Json, Store, new_id
from ops.sandbox.wire import Answer, Request

ENTRY = "audit.v2"
_ACTIONS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_OWNER = re.compile(r"^/(?:accounts|zones)/[^/]+(?=/)")
_LARGEST = 1 << 16
_QUERIES = ("/query", "/raw")


def record(store: Store, request: Request, answer: Answer, zone: Json | None) -> None:
    """Write the entry of a *request* that was answered; *zone* is the one in its path."""
    if request.method not in _ACTIONS or answer.status >= 400 or request.path.endswith(_QUERIES):
        return
    found, when = _result(answer), store.stamp()
    named = {name: found[name] for name in ("id", "name", "title") if isinstance(found.get(name), str)}
    words = _OWNER.sub("", request.path).strip("/").split("/")
    last = list(request.args.values())[-1:] if len(request.args) > 1 else []
    entry: Json = {
        "id": new_id(),
        "account": {"id": request.args.get("account_id", ACCOUNT_ID), "name": ACCOUNT_NAME},
        "action": {
            "type": _ACTIONS[request.method],
            "result": "success",
            "time": when,
            "description": f"{request.method} {words[0]}",
        },
        "actor": {
            "id": USER_ID,
            "email": EMAIL,
            "type": "user",
            "ip_address": "127.0.0.1",
            "context": "api_token",
            "token_id": request.token.id if request.token else "",
        },
        "raw": {
            "cf_ray_id": request.ray,
            "method": request.method,
            "status_code": answer.status,
            "uri": f"/client/v4{request.target}",
            "user_agent": request.headers.get("User-Agent"),
        },
        "resource": {
            "id": named.get("id") or "".join(last),
            "product": words[0],
            "type": words[0],
            "scope": "zones" if zone else "accounts",
            "response": named,
        },
    }
    if zone:
        entry["zone"] = {"id": zone["id"], "name": zone["name"]}
    store.put_document(ENTRY, entry["account"]["id"], entry["id"], entry, sort=when)


def _result(answer: Answer) -> Json:
    """Return the `result` of an answer, {} if it is large or not an object."""
    if len(answer.body) > _LARGEST:
        return {}
    try:
        found = json.loads(answer.body).get("result")
    except (ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}
