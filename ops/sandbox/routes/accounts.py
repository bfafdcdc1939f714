"""Users, memberships, accounts and their audit logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ops.sandbox.pages import cursor_of, listing, page_of_items
from ops.sandbox.router import SELF_CHECKED, getter, route
from ops.sandbox.store import CHANGED, CREATED, EMAIL, USER_ID, Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok

ACCOUNT = "/accounts/{account_id}"
AUDIT = "audit"

# The filters of the audit log v1, and the field of an entry that each compares.
_FILTERS: dict[str, Callable[[Json], Any]] = {
    "id": lambda entry: entry["id"],
    "action.type": lambda entry: entry["action"].get("type"),
    "actor.email": lambda entry: entry["actor"].get("email"),
    "actor.ip": lambda entry: entry["actor"].get("ip"),
    "zone.name": lambda entry: (entry["metadata"] or {}).get("zone_name"),
}
_EARLIEST, _LATEST = "0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z"
_AUDIT = """
    SELECT sort || id, body FROM document
    WHERE kind = 'audit.v2' AND owner = :account AND sort >= :since AND sort < :before
        AND :ray IN ('', json_extract(body, '$.raw.cf_ray_id'))
"""
_PAGES = {
    "asc": _AUDIT + "AND sort || id > :after ORDER BY sort, id LIMIT :limit",
    "desc": _AUDIT + "AND :after IN ('', max(:after, sort || id)) AND sort || id != :after"
    " ORDER BY sort DESC, id DESC LIMIT :limit",
}


@route("GET", "/user/tokens/verify", scope=SELF_CHECKED)
@route("GET", ACCOUNT + "/tokens/verify", scope=SELF_CHECKED)
def verify_token(request: Request, _store: Store) -> Answer:
    """Describe the token; an unknown one, or one of another kind of owner, is invalid here (1000)."""
    token, owner = request.token, "account" if "account_id" in request.args else "user"
    if token is None or token.owner != owner:
        raise Refusal(401, 1000, "Invalid API Token")
    dates = {"expires_on": token.expires_on} if token.expires_on else {}
    message = f"This API Token is valid and {token.status}"
    messages = [{"code": 10000, "message": message, "type": None}]
    return ok({"id": token.id, "status": token.status, **dates}, messages=messages)


@getter("/user", "user:read")
def get_user(_request: Request, store: Store) -> Json:
    unset = dict.fromkeys(("first_name", "last_name", "telephone", "country", "zipcode"))
    flags = ("two_factor_authentication_locked", "has_pro_zones", "has_business_zones", "suspended")
    user = {"id": USER_ID, "email": store.meta("email", EMAIL), **unset, **dict.fromkeys(flags, False)}
    user |= {"two_factor_authentication_enabled": True, "has_enterprise_zones": False}
    return {**user, "created_on": CREATED, "modified_on": CHANGED}


@route("GET", "/memberships", scope="user:read")
def list_memberships(request: Request, store: Store) -> Answer:
    status = request.query.get("status", "")
    name = request.query.get("account.name") or request.query.get("name", "")
    found = [one for one in store.list_documents("membership", "") if status in ("", one["status"])]
    return page_of_items(request, [one for one in found if name in ("", one["account"]["name"])], maximum=50)


listing("/accounts", "account:read", "account", "~name", maximum=50)


@getter(ACCOUNT, "account:read")
def get_account(request: Request, store: Store) -> Json:
    """Return the account; that of an empty sandbox has only a name."""
    bare = {"id": request.account, "name": "Empty", "type": "standard", "settings": {}}
    return store.get_document("account", "", request.account) or bare


@route("GET", ACCOUNT + "/audit_logs", scope="account:read")
def list_audit_logs(request: Request, store: Store) -> Answer:
    """List the entries between two times, newest first, filtered by the fields of `_FILTERS`."""
    query, found = request.query, store.list_documents(AUDIT, request.account)
    since, before = _time(query.get("since") or _EARLIEST), _time(query.get("before") or _LATEST)
    found = [entry for entry in found if since <= _time(entry["when"]) <= before]
    for name, field in _FILTERS.items():
        found = [entry for entry in found if query.get(name, "") in ("", field(entry))]
    if query.get("direction") != "asc":
        found.reverse()
    return page_of_items(request, found, maximum=1000, default=100, minimum=1)


@route("GET", ACCOUNT + "/logs/audit", scope="account:read")
def list_audit_logs_v2(request: Request, store: Store) -> Answer:
    """List the entries between `since` and `before`, both required, newest first; one ray's on request."""
    args = {"account": request.account, "ray": request.query.get("raw_cf_ray_id", "")}
    for name in ("since", "before"):
        if not request.query.get(name):
            raise Refusal(400, 10001, "since and before are required.")
        # The form by which entries are sorted.
        moment = datetime.fromtimestamp(_time(request.query[name]), UTC)
        args[name] = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    limit = request.number("limit", 100, 1, 1000)
    pages = _PAGES["asc" if request.query.get("direction") == "asc" else "desc"]
    answer = cursor_of(request, store, pages, args, limit=limit, both=True)
    envelope: dict[str, Any] = json.loads(answer.body)
    # The official SDK types the count of this list as a string, unlike all others.
    envelope["result_info"]["count"] = str(envelope["result_info"]["count"])
    return Answer(answer.status, answer.headers, dumps(envelope).encode())


def _time(text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, 10001, f"{text} is not a date of RFC 3339.") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
