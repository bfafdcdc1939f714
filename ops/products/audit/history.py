"""The audit log as a history: of each entry when, by whom, and all that names what it was done to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ops.errors import NotFound
from ops.kinds.resource import AuditEvent, Json, reach
from ops.products.audit import api

if TYPE_CHECKING:
    from ops.http.client import Client

_THING = (
    "resource.id", "resource.request.name", "resource.response.name", "resource.response.id",
    "metadata.name", "metadata.id",
)  # fmt: skip
# Version 1 names the zone as the resource of what is done to a setting of it.
_WITHIN = ("zone.id", "zone.name", "metadata.zone_name", "resource.id")


def deeds(client: Client, account_id: str, *, since: str, before: str) -> Iterator[AuditEvent]:
    """Yield what was done, newest first, of either version of the log; what failed is left out."""
    for item in _entries(client, account_id, since=since, before=before):
        entry = api.entry(item)
        if entry["result"] != "failure" and reach(item, "raw.method") != "GET":
            # The address names what entries of some products do not: a setting, a script, a key.
            *within, thing = str(reach(item, "raw.uri") or "").partition("?")[0].split("/")
            yield AuditEvent(
                str(entry["when"] or ""),
                entry["actor"],
                entry["action"],
                _names(item, _THING, thing),
                _names(item, _WITHIN, *within),
            )


def _entries(client: Client, account_id: str, *, since: str, before: str) -> Iterator[Json]:
    listing = api.list_entries(client, account_id, since=since, before=before)
    try:
        first = next(listing, None)
    except NotFound:
        # An account that does not have version 2 has version 1.
        return api.list_older_entries(client, account_id, since=since, before=before)
    return chain([first] if first else [], listing)


def _names(item: Json, fields: tuple[str, ...], *parts: str) -> frozenset[str]:
    """Give what stands in *fields* and in *parts* of an address."""
    found = (*(reach(item, field) for field in fields), *map(unquote, parts))
    return frozenset(name for name in found if isinstance(name, str) and name)
