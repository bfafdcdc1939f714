"""Cloudflare's audit log of an account: who did what in the dashboard and over the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ops.errors import Incomplete, NotFound
from ops.http.paths import path
from ops.items import reach, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import AuditEvent

OLDER_PAGE = 1000
# Cloudflare's own server for agents sends up to this; the documents have no bounds.
LARGEST_PAGE = 1000
_WORD = re.compile(r"[\w.-]+")

# The fields that identify the changed item, and those that identify what it belongs to.
_ITEM = (
    "resource.id", "resource.request.name", "resource.response.name", "resource.response.id",
    "metadata.name", "metadata.id",
)  # fmt: skip
# For a change of a setting, version 1 names the zone as the resource.
_PARENTS = ("zone.id", "zone.name", "metadata.zone_name", "resource.id")


def read_log(
    client: Client,
    account_id: str,
    *,
    since: str,
    before: str,
    note: Callable[[str], None] = lambda _text: None,
    gap: Callable[[str], None] = lambda _text: None,
) -> Iterator[Json]:
    """Yield the entries of the version of the log that the account has, newest first; times are RFC 3339.

    *note* is called if that is version 1, *gap* if the listing may be incomplete.
    """
    asked: dict[str, Any] = {"since": since, "before": before, "direction": "desc"}
    # The bounds of `limit` are not documented, so the API's own default stays.
    listing = client.cursor(path("/accounts/{}/logs/audit", account_id), **asked)
    try:
        first = next(listing, None)
    except NotFound:
        note("this account has no audit log of version 2; reading version 1")
        where = path("/accounts/{}/audit_logs", account_id)
        listing = client.pages(where, per_page=OLDER_PAGE, **asked)
        first = next(listing, None)
    if first:
        yield first
    yield from listing
    if listing.problem:
        gap(f"audit log: {listing.problem}")


def entry_of_ray(client: Client, account_id: str, ray: str, *, since: str, before: str) -> Json | None:
    """Return the entry that the request with the id *ray* left between two times; None if there is none.

    Only version 2 of the log has these ids. Raises NotFound for an account without it.
    """
    # The header of a response names the data center too: 8e9b1c60ef9e1c9a-FRA.
    id = ray.partition("-")[0]
    asked: dict[str, Any] = {"since": since, "before": before, "raw_cf_ray_id": id}
    found = (entry(item) for item in client.cursor(path("/accounts/{}/logs/audit", account_id), **asked))
    return next((one for one in found if reach(one["entry"], "raw.cf_ray_id") == id), None)


def entry(item: Json) -> Json:
    """Return an entry of either version in one shape; `entry` is what the API sent."""

    def texts(*fields: str) -> list[str]:
        return [str(value) for value in (reach(item, field) for field in fields) if value]

    def first(*fields: str) -> str:
        return next(iter(texts(*fields)), "")

    result = reach(item, "action.result")
    if isinstance(result, bool):
        # Version 1 has a boolean, version 2 a word.
        result = "success" if result else "failure"
    return {
        "time": reach(item, "action.time") or item.get("when"),
        "user": first("actor.email", "actor.token_name", "actor.id", "actor.type"),
        "action": first("action.type"),
        "description": first("action.description"),
        "result": str(result or ""),
        "resource": " ".join(texts("resource.product", "resource.type", "resource.id")),
        "zone": reach(item, "zone.name") or reach(item, "metadata.zone_name"),
        "address": first("actor.ip_address", "actor.ip"),
        "entry": item,
    }


def events(client: Client, account_id: str, since: str, before: str) -> Iterator[AuditEvent]:
    """Yield the successful changes, newest first, from the version of the log that the account has."""
    from ops.kinds.resource import AuditEvent

    for item in read_log(client, account_id, since=since, before=before):
        found = entry(item)
        if found["result"] != "failure" and reach(item, "raw.method") != "GET":
            # The URL names what entries of some products do not: a setting, a script, a key.
            *parents, last = str(reach(item, "raw.uri") or "").partition("?")[0].split("/")
            names, within = _names(item, _ITEM, last), _names(item, _PARENTS, *parents)
            yield AuditEvent(str(found["time"] or ""), found["user"], found["action"], names, within)


def changes(client: Client, account_id: str, since: str, before: str) -> Iterator[Json]:
    """Yield the entries of version 2 of the log, also of failed and of Cloudflare's own changes.

    Raises NotFound for an account without it, and Incomplete if entries may be missing.
    """
    listing = client.cursor(
        path("/accounts/{}/logs/audit", account_id), limit=LARGEST_PAGE, since=since, before=before
    )
    for item in listing:
        if reach(item, "action.type") != "view" and reach(item, "raw.method") not in ("GET", "HEAD"):
            yield item
    if listing.problem:
        raise Incomplete(f"the audit log is incomplete: {listing.problem}")


def words(item: Json) -> set[str]:
    """Return the words of an entry, in lower case: ids, names, parts of the URL; of a host also its parents.

    The actor of the change is not among them.
    """
    about = (item.get("resource"), item.get("zone"), item.get("metadata"), reach(item, "raw.uri"))
    found: set[str] = set()
    for text in texts(about):
        for word in _WORD.findall(unquote(text).lower()):
            found.add(word)
            while "." in word:
                word = word.partition(".")[2]
                found.add(word)
    return found


def _names(item: Json, fields: tuple[str, ...], *parts: str) -> frozenset[str]:
    """Return the text in *fields* and in *parts* of a URL."""
    found = (*(reach(item, field) for field in fields), *map(unquote, parts))
    return frozenset(name for name in found if isinstance(name, str) and name)
