"""Cloudflare's audit log of an account: who did what in the dashboard and over the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path
from ops.kinds.resource import reach

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json

OLDER_PAGE = 1000


def list_entries(client: Client, account_id: str, *, since: str, before: str) -> Listing:
    """List entries of the audit log (version 2), newest first; both times are RFC 3339.

    Raises NotFound, at the first entry, for an account that does not have it.
    """
    # The bounds of `limit` are not documented, so the API's own default stays.
    return client.cursor(
        path("/accounts/{}/logs/audit", account_id), since=since, before=before, direction="desc"
    )


def list_older_entries(client: Client, account_id: str, *, since: str, before: str) -> Listing:
    """List entries of the older audit log (version 1), newest first; both times are RFC 3339."""
    where = path("/accounts/{}/audit_logs", account_id)
    return client.pages(where, per_page=OLDER_PAGE, since=since, before=before, direction="desc")


def entry(item: Json) -> Json:
    """Give an entry of either version in one shape; `entry` is what the API sent."""
    return {
        "when": reach(item, "action.time") or item.get("when"),
        "actor": _first(item, "actor.email", "actor.token_name", "actor.id", "actor.type"),
        "action": _first(item, "action.type"),
        "description": _first(item, "action.description"),
        "result": _result(reach(item, "action.result")),
        "resource": _joined(item, "resource.product", "resource.type", "resource.id"),
        "zone": reach(item, "zone.name") or reach(item, "metadata.zone_name"),
        "address": _first(item, "actor.ip_address", "actor.ip"),
        "entry": item,
    }


def _first(item: Json, *fields: str) -> str:
    return next((str(value) for value in (reach(item, field) for field in fields) if value), "")


def _joined(item: Json, *fields: str) -> str:
    return " ".join(str(value) for value in (reach(item, field) for field in fields) if value)


def _result(told: object) -> str:
    """Version 1 has a boolean, version 2 a word."""
    if isinstance(told, bool):
        return "success" if told else "failure"
    return str(told or "")
