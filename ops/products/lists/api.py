"""Lists that rules name, and their items; items change asynchronously."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.errors import ApiError, UsageError
from ops.http.paths import path
from ops.items import Json
from ops.kinds.paging import Cursor

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Change, Owner

LISTS = "/accounts/{account}/rules/lists"
ITEMS = f"{LISTS}/{{list}}/items"
OPERATION = f"{LISTS}/bulk_operations/{{operation}}"
PAGING = Cursor(500, name="per_page")
VALUE = ("ip", "asn", "hostname.url_hostname", "redirect.source_url")
"""The fields of which an item has one: what it is."""
_SENT = ("ip", "asn", "hostname", "redirect", "comment")
# A change of many thousand items takes the API less than a minute.
LOOKS = 240
PAUSE = 0.25


def list_items(client: Client, account_id: str, list_id: str) -> Listing:
    """Return the items of a list."""
    return PAGING.read(client, path(ITEMS, account=account_id, list=list_id))


def value_of(item: Json) -> str:
    """Return what *item* is: its address, number, hostname or URL."""
    for name in ("hostname", "redirect"):
        if isinstance(held := item.get(name), dict):
            return str(held.get("url_hostname") or held.get("source_url"))
    return str(item.get("ip") or item.get("asn"))


def item_of(kind: str, text: str, to: str, status: int) -> Json:
    """Return the item of a list of *kind* that *text* names. Raises UsageError for one that cannot be."""
    if to and kind != "redirect":
        raise UsageError(f"a list of {kind}s has no redirects", hint="leave out --to")
    if kind == "asn":
        number = text.upper().removeprefix("AS")
        if not (number.isascii() and number.isdecimal()):
            raise UsageError(f"{text!r} is not the number of an AS", hint="e.g. 64496")
        return {"asn": int(number)}
    if kind == "hostname":
        return {"hostname": {"url_hostname": text}}
    if kind == "redirect":
        if not to:
            raise UsageError(f"where does {text} lead?", hint="--to URL")
        more = {"status_code": status} if status else {}
        return {"redirect": {"source_url": text, "target_url": to, **more}}
    return {"ip": text}


def find_items(client: Client, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
    """Return the live items of a list with the values of *items*."""
    live = {value_of(one): one for one in list_items(client, owner.account_id, owner.id)}
    return [live.get(value_of(item)) for item in items]


def change_items(client: Client, owner: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Delete and create items, and wait until each request is carried out. Raises ApiError if one fails."""
    where = path(ITEMS, account=owner.account_id, list=owner.id)
    gone = [{"id": change.before["id"]} for change in changes if change.before]
    wanted = [
        {name: change.after[name] for name in _SENT if change.after.get(name) is not None}
        for change in changes
        if change.after is not None
    ]
    if gone:
        _finish(client, owner, client.delete(where, json={"items": gone}))
    if wanted:
        _finish(client, owner, client.post(where, json=wanted))
    found = find_items(client, owner, [change.item for change in changes])
    return [item if change.after else None for change, item in zip(changes, found, strict=True)]


def _finish(client: Client, owner: Owner, begun: Json) -> None:
    where = path(OPERATION, account=owner.account_id, operation=str(begun["operation_id"]))
    for _ in range(LOOKS):
        state = client.get(where)
        if state.get("status") == "completed":
            return
        if state.get("status") == "failed":
            raise ApiError(f"the list was not changed: {state.get('error', 'no reason given')}")
        client.pause(PAUSE, "the list is being changed")
    raise ApiError("the list is still being changed", hint="look at it later: `inv lists.items`")
