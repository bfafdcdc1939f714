"""Items of Gateway's lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.http.paths import path
from ops.items import Json
from ops.kinds.paging import Pages

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.kinds.resource import Change, Owner

LIST = "/accounts/{account}/gateway/lists/{list}"
ITEMS = f"{LIST}/items"
PAGING = Pages(1000)


def find_items(client: Client, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Return the live items of a list with the values of *items*."""
    listed = PAGING.read(client, path(ITEMS, account=owner.account_id, list=owner.id))
    live = {one["value"]: one for one in listed}
    return [live.get(item["value"]) for item in items]


def change_items(client: Client, owner: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Append and remove items in one request; a changed one is removed and appended."""
    append = [{n: c.after[n] for n in ("value", "description") if n in c.after} for c in changes if c.after]
    remove = [change.before["value"] for change in changes if change.before]
    where = path(LIST, account=owner.account_id, list=owner.id)
    client.patch(where, json={"append": append, "remove": remove})
    found = find_items(client, owner, [change.item for change in changes])
    return [item if change.after else None for change, item in zip(changes, found, strict=True)]
