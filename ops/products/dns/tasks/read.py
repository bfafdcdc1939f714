"""dns.list and dns.get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.products.dns import api
from ops.products.dns.tasks.options import READ, ZONE, yes_or_no
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

COLUMNS = ("name", "type", "priority", "content", "ttl", "proxied", "comment", "id")
# The list operation's own filters beyond those with an option of their own.
FILTERS = (
    *(f"{f}.{test}" for f in ("name", "content") for test in ("exact", "contains", "startswith", "endswith")),
    *(
        f"{field}.{test}"
        for field in ("comment", "tag")
        for test in ("present", "absent", "exact", "contains", "startswith", "endswith")
    ),
)


@command(
    "list",
    required=("zone",),
    needs=READ,
    help={
        "zone": ZONE,
        "type": "only this type, e.g. MX",
        "name": "only this name: `www`, `@` for the zone itself, or a complete name",
        "content": "only this content",
        "proxied": "yes or no",
        "comment": "only comments that contain this",
        "tag": "only this tag, e.g. team:web",
        "search": "only what contains this in name, content, comment or tag",
        "match": "all or any of the filters (default all)",
        "where": "any other filter of the API, e.g. name.startswith=www; may be repeated",
    },
)
def list_records(
    app: App,
    zone: str = "",
    type: str = "",
    name: str = "",
    content: str = "",
    proxied: str = "",
    comment: str = "",
    tag: str = "",
    search: str = "",
    match: str = "",
    where: tuple[str, ...] = (),
) -> Rows:
    """List a zone's records.

    inv dns.list --zone example.com --type MX
    inv dns.list --zone example.com --where name.startswith=www --output json
    """
    from ops.products.dns.names import full_name

    filters: dict[str, str | bool] = {
        "type": type.upper(),
        "content": content,
        "proxied": yes_or_no(proxied) if proxied else "",
        "comment.contains": comment,
        "tag": tag,
        "search": search,
        "match": match,
        **dict(map(_condition, where)),
    }
    found = app.zone(zone)
    if name:
        filters["name"] = full_name(name, found["name"])
    return Rows(api.list_records(app.client, found["id"], **filters), COLUMNS)


def _condition(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or name not in (*FILTERS, "tag_match"):
        raise UsageError(f"--where does not know {text!r}", hint=f"one of: {', '.join(FILTERS)}, tag_match")
    return name, value


@command("get", required=("zone", "id"), needs=READ, help={"zone": ZONE, "id": "the record's id"})
def get_record(app: App, zone: str = "", id: str = "") -> Item:
    """Show one record.

    inv dns.get --zone example.com --id 372e67954025e0ba6aaa6d586b9e0b59
    """
    return Item(api.get_record(app.client, app.zone_id(zone), id))
