"""Users, memberships, accounts and their audit logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ops.sandbox.auth import SELF_CHECKED
from ops.sandbox.identity import EMAIL, USER_ID
from ops.sandbox.pages import cursor_of, page_of_documents, page_of_texts
from ops.sandbox.router import route
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok

ACCOUNT = "/accounts/{account_id}"
AUDIT = "audit"

# The audit log v1 filters by these fields; dots walk into objects.
_FILTERS = ("id", "action.type", "actor.email", "actor.ip")
_DAY = 10
_AUDIT = """
    SELECT sort || id, body FROM document
    WHERE kind = 'audit.v2' AND owner = :account AND sort >= :since AND sort < :before AND sort || id > :after
    ORDER BY sort, id LIMIT :limit
"""


@route("GET", "/user/tokens/verify", scope=SELF_CHECKED)
def verify_user_token(request: Request, _store: Store) -> Answer:
    return _verified(request, "user")


@route("GET", ACCOUNT + "/tokens/verify", scope=SELF_CHECKED)
def verify_account_token(request: Request, _store: Store) -> Answer:
    return _verified(request, "account")


def _verified(request: Request, owner: str) -> Answer:
    """Describe the token; one that is unknown, or of another kind of owner, is invalid here (1000)."""
    token = request.token
    if token is None or token.owner != owner:
        raise Refusal(401, 1000, "Invalid API Token")
    dates = {"expires_on": token.expires_on} if token.expires_on else {}
    said = f"This API Token is valid and {token.status}"
    messages = [{"code": 10000, "message": said, "type": None}]
    return ok({"id": token.id, "status": token.status, **dates}, messages=messages)


@route("GET", "/user", scope="user:read")
def get_user(_request: Request, store: Store) -> Answer:
    return ok(
        {
            "id": USER_ID,
            "email": store.meta("email", EMAIL),
            "first_name": None,
            "last_name": None,
            "telephone": None,
            "country": None,
            "zipcode": None,
            "two_factor_authentication_enabled": True,
            "two_factor_authentication_locked": False,
            "has_pro_zones": False,
            "has_business_zones": False,
            "has_enterprise_zones": False,
            "suspended": False,
            "created_on": "2024-01-15T09:00:00.000000Z",
            "modified_on": "2026-03-02T08:30:00.000000Z",
        }
    )


@route("GET", "/memberships", scope="user:read")
def list_memberships(request: Request, store: Store) -> Answer:
    wanted = {"status": request.query.get("status", "")}
    name = request.query.get("account.name") or request.query.get("name", "")
    found = [one for one in store.list_documents("membership", "") if wanted["status"] in ("", one["status"])]
    texts = [dumps(one) for one in found if name in ("", one["account"]["name"])]
    return page_of_texts(request, texts, maximum=50)


@route("GET", "/accounts", scope="account:read")
def list_accounts(request: Request, store: Store) -> Answer:
    name = request.query.get("name", "")
    if not name:
        return page_of_documents(request, store, "account", "", maximum=50)
    found = [one for one in store.list_documents("account", "") if name.lower() in one["name"].lower()]
    return page_of_texts(request, [dumps(one) for one in found], maximum=50)


@route("GET", ACCOUNT, scope="account:read")
def get_account(request: Request, store: Store) -> Answer:
    return ok(store.get_document("account", "", request.account))


@route("GET", ACCOUNT + "/audit_logs", scope="account:read")
def list_audit_logs(request: Request, store: Store) -> Answer:
    """List what was done, newest first; times bound it, the fields of `_FILTERS` filter it."""
    query, entries = request.query, store.list_documents(AUDIT, request.account)
    since, before = _moment(query.get("since", "")), _moment(query.get("before", ""))
    found = [one for one in entries if _within(one["when"], since, before) and _matches(one, query)]
    if query.get("direction") != "asc":
        found.reverse()
    return page_of_texts(request, [dumps(one) for one in found], maximum=1000, default=100, minimum=1)


@route("GET", ACCOUNT + "/logs/audit", scope="account:read")
def list_audit_logs_v2(request: Request, store: Store) -> Answer:
    """List what was done between `since` and `before`, both required, oldest first."""
    since, before = request.query.get("since", ""), request.query.get("before", "")
    if not since or not before:
        raise Refusal(400, 10001, "since and before are required.")
    bounds = {"since": _stamp(since), "before": _stamp(before)}
    limit = request.number("limit", 100, 1, 1000)
    args = {"account": request.account, **bounds}
    answer = cursor_of(request, store, _AUDIT, args, limit=limit, both=True)
    return _counted_in_words(answer)


def _counted_in_words(answer: Answer) -> Answer:
    """The official SDK types the count of this list as a string, unlike all others."""
    assert isinstance(answer.body, bytes)  # noqa: S101 (a cursor page is never streamed)
    envelope: dict[str, Any] = json.loads(answer.body)
    envelope["result_info"]["count"] = str(envelope["result_info"]["count"])
    return Answer(answer.status, answer.headers, dumps(envelope).encode())


def _moment(text: str) -> float | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, 10001, f"{text} is not a date of RFC 3339.") from None
    return moment.timestamp() if moment.tzinfo else datetime.fromisoformat(text + "+00:00").timestamp()


def _stamp(text: str) -> str:
    """Return a date or time in the form in which entries are sorted."""
    text = text + "T00:00:00Z" if len(text) == _DAY else text
    moment = _moment(text)
    return datetime.fromtimestamp(moment or 0, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _within(when: str, since: float | None, before: float | None) -> bool:
    moment = datetime.fromisoformat(when).timestamp()
    return (since is None or moment >= since) and (before is None or moment <= before)


def _matches(entry: dict[str, Any], query: dict[str, str]) -> bool:
    if query.get("zone.name") and (entry["metadata"] or {}).get("zone_name") != query["zone.name"]:
        return False
    return all(_field(entry, name) == query[name] for name in _FILTERS if query.get(name))


def _field(entry: dict[str, Any], name: str) -> Any:
    found: Any = entry
    for word in name.split("."):
        found = found.get(word)
    return found
